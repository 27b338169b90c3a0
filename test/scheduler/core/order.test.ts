import fc from "fast-check";
import { expect, test } from "vitest";
import { graphOrder, topological } from "../../../scheduler/core/order.ts";

test("a tree is walked branch by branch", () => {
  // 0 1 → 4, 2 3 → 5, 4 5 → 6
  expect([...graphOrder([[], [], [], [], [0, 1], [2, 3], [4, 5]])]).toEqual([0, 1, 3, 4, 2, 5, 6]);
});

test("the longest branch goes first", () => {
  // 3 needs the short branch 0 and the long branch 1 → 2.
  expect([...graphOrder([[], [], [1], [0, 2]])]).toEqual([2, 0, 1, 3]);
});

test("every order is a permutation in which inputs come before their dependents", () => {
  const dags = fc
    .integer({ min: 1, max: 40 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => fc.subarray([...Array(i).keys()]))));
  fc.assert(
    fc.property(dags, (deps) => {
      const order = graphOrder(deps);
      expect([...order].sort((a, b) => a - b)).toEqual([...order.keys()]);
      for (const [task, inputs] of deps.entries()) {
        for (const input of inputs) expect(order[input]).toBeLessThan(order[task] as number);
      }
    }),
  );
});

test("a chain of a million tasks needs no deep stack", () => {
  const order = graphOrder(Array.from({ length: 1_000_000 }, (_, i) => (i === 0 ? [] : [i - 1])));
  expect(order[999_999]).toBe(999_999);
});

test("what lies on a cycle, or behind one, is named", () => {
  expect(topological([[], [3], [1], [2], [0]]).cyclic).toEqual([1, 2, 3]);
});
