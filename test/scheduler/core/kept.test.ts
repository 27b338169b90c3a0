import fc from "fast-check";
import { expect, test } from "vitest";
import { clientId, fnId, futureId } from "../../../protocol/ids.ts";
import type { TaskSpec } from "../../../protocol/messages.ts";
import {
  type Few,
  forEachMember,
  hasMember,
  membersOf,
  withMember,
  withoutMember,
} from "../../../scheduler/core/few.ts";
import { isSameValue, KeptValues, unpacked } from "../../../scheduler/core/kept-values.ts";
import { Numbered } from "../../../scheduler/core/numbered.ts";
import { PlacementClasses } from "../../../scheduler/core/placement-class.ts";
import { Bench, plain, spec } from "./bench.ts";

// How the scheduler keeps what it has a million of.

test("few members are what a set of them would be", () => {
  const members = Array.from({ length: 5 }, (_, name) => ({ name }));
  const steps = fc.array(fc.record({ member: fc.constantFrom(...members), comes: fc.boolean() }));
  fc.assert(
    fc.property(steps, (taken) => {
      let few: Few<{ name: number }>;
      const set = new Set<{ name: number }>();
      for (const { member, comes } of taken) {
        few = comes ? withMember(few, member) : withoutMember(few, member);
        if (comes) set.add(member);
        else set.delete(member);
        const seen: { name: number }[] = [];
        forEachMember(few, (each) => seen.push(each));
        expect(seen).toEqual([...set]);
        expect(membersOf(few)).toEqual([...set]);
        expect(few === undefined).toBe(set.size === 0);
        expect(members.filter((each) => hasMember(few, each))).toEqual(members.filter((each) => set.has(each)));
      }
    }),
  );
});

test("numbered values are what a map of them would be, also far from one another", () => {
  const key = fc.oneof(fc.nat(200), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean())), (steps) => {
      const numbered = new Numbered<number, string>();
      const map = new Map<number, string>();
      for (const [number, comes] of steps) {
        if (comes) numbered.set(number, `${number}`);
        else numbered.delete(number);
        if (comes) map.set(number, `${number}`);
        else map.delete(number);
        expect(numbered.get(number)).toBe(map.get(number));
        expect(numbered.has(number)).toBe(map.has(number));
        expect(numbered.size).toBe(map.size);
      }
      expect(new Map(numbered.entries())).toEqual(map);
      expect([...numbered.keys()].sort()).toEqual([...map.keys()].sort());
      expect([...numbered.values()].sort()).toEqual([...map.values()].sort());
    }),
  );
});

test("kept values stay what they were when the frame that they came in is used anew", () => {
  const values = fc.array(fc.array(fc.uint8Array({ maxLength: 6_000 }), { maxLength: 3 }), { maxLength: 30 });
  fc.assert(
    fc.property(values, (all) => {
      const keeper = new KeptValues();
      const kept = all.map((value) => {
        // As a frame has them: views of one buffer.
        const frame = new Uint8Array(value.reduce((bytes, part) => bytes + part.byteLength, 64_000));
        let at = 0;
        const views = value.map((part) => {
          frame.set(part, at);
          at += part.byteLength;
          return frame.subarray(at - part.byteLength, at);
        });
        const own = keeper.keep(views);
        expect(isSameValue(own, views)).toBe(true);
        frame.fill(1);
        return own;
      });
      expect(kept.map((own) => unpacked(own).map((part) => [...part]))).toEqual(
        all.map((value) => value.map((part) => [...part])),
      );
      for (const [i, own] of kept.entries()) expect(isSameValue(own, all[i] ?? [])).toBe(true);
      for (const own of kept) expect(isSameValue(own, [new Uint8Array(7_000)])).toBe(false);
    }),
    { numRuns: 30 },
  );
});

const keyed = (future: number, key: string): TaskSpec => spec(future, [], { key });

test("a chosen key that reads like a made one stands for the same task", () => {
  const bench = new Bench().client().client(2).worker(1);
  bench.submit([spec(7)]);
  const [made] = bench.assigned(1);
  expect(made?.key).toBe("inc-7-p");
  bench.submit([keyed(8, "inc-7-p")]);
  expect(bench.assigned(1)).toEqual([]);
  bench.submit([spec(7)], {}, 2);
  expect(bench.assigned(1)).toEqual([]);
  if (made !== undefined) bench.done(1, made);
  expect(bench.told(1).filter(({ op }) => op === "finished")).toHaveLength(2);
  expect(bench.told(2).filter(({ op }) => op === "finished")).toHaveLength(1);
});

test("a task is found by a chosen key that came before one like it is made", () => {
  const bench = new Bench().client().client(2).worker(1, { slots: 4 });
  bench.submit([keyed(1, "inc-9-p")]);
  bench.submit([spec(9)], {}, 2);
  expect(bench.assigned(1)).toHaveLength(1);
  bench.say({ op: "release", futures: [futureId(1)] }, 1);
  expect(bench.ask({ kind: "task", key: "inc-9-p" })).toMatchObject({ key: "inc-9-p", state: "processing" });
  bench.say({ op: "release", futures: [futureId(9)] }, 2);
  expect(bench.ask({ kind: "task", key: "inc-9-p" })).toBeNull();
});

test("equal numbers of equal prefixes are different tasks if their functions have different names", () => {
  const bench = new Bench().client().worker(1, { slots: 4 });
  bench.event({ kind: "client-connected", client: clientId(2), name: "other" });
  const ref = { bundle: "b", name: "dec", entry: "call" } as const;
  bench.say({ op: "define-fn", fn: spec(1).fn, ref }, 2);
  bench.submit([spec(1)]);
  bench.submit([spec(1)], {}, 2);
  expect(bench.assigned(1).map(({ key }) => key)).toEqual(["inc-1-p", "dec-1-p"]);
  for (const key of ["inc-1-p", "dec-1-p"]) expect(bench.ask({ kind: "task", key })).toMatchObject({ key });
  bench.say({ op: "cancel", request: 1, futures: [futureId(1)], force: true, reason: "" }, 1);
  expect(bench.ask({ kind: "task", key: "dec-1-p" })).toMatchObject({ state: "processing" });
});

test("what is kept of a frame does not keep the frame", () => {
  const frame = Buffer.alloc(1_000_000, 7);
  for (const value of [[frame.subarray(10, 20_010)], [frame.subarray(0, 10), frame.subarray(20, 30)]]) {
    const kept = unpacked(new KeptValues().keep(value));
    expect(kept.map((part) => [...part])).toEqual(value.map((part) => [...part]));
    for (const part of kept) expect(part.buffer.byteLength).toBeLessThan(100_000);
  }
});

test("a made key is found, whatever numbers the name of the function has in it", () => {
  for (const name of ["step-1", "1", "-1-", "a-1-2-3", "7-"]) {
    const bench = new Bench().client();
    bench.say({ op: "define-fn", fn: fnId(1), ref: { bundle: "b", name, entry: "call" } });
    // The invariants look every key up.
    bench.submit([spec(1), spec(2), spec(12)]);
    bench.told();
    bench.submit([spec(5, [], { key: `${name}-2-p`, args: [new Uint8Array([1])] })]);
    expect(bench.told()).toMatchObject([{ op: "rejected", error: { code: "KEY_CONFLICT" } }]);
  }
});

test("tasks that were dropped before they had their turn leave nothing behind in the queues", () => {
  const many = Array.from({ length: 5_000 }, (_, i) => i + 10);
  for (const idle of [false, true]) {
    const bench = new Bench().client();
    bench.checking = false;
    if (idle) bench.worker(1);
    // Nobody has what the first asks for, so that it stands at the front for ever; and there are many of its kind.
    const gpu = { ...plain, resources: { GPU: 1 } };
    bench.submit([spec(1)], { requests: [gpu] });
    bench.submit(
      many.map((future) => spec(future)),
      { requests: [gpu] },
    );
    bench.say({ op: "release", futures: many.map(futureId) });
    const entries = bench.core.leftovers().find((left) => left.endsWith("entries of queues")) ?? "0";
    expect(Number.parseInt(entries, 10)).toBeLessThan(1_100);
    bench.event({ kind: "client-lost", client: clientId(1) });
    expect(bench.core.leftovers()).toEqual([]);
  }
});

test("of the sizes of inputs that were too large for some worker none is kept", () => {
  const classes = new PlacementClasses();
  const large = classes.intern(plain, 5_000);
  expect(classes.intern(plain, 5_000)).toBe(large);
  classes.emptied(large);
  expect(classes.intern(plain, 5_000)).not.toBe(large);
});
