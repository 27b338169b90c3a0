import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PoolGraph } from "../../../flow/executors/pool-graph.ts";
import { PoolTask } from "../../../flow/executors/pool-task.ts";
import { eventually } from "../../eventually.ts";

const value = [new Uint8Array([1])];

class Setting {
  readonly graph = new PoolGraph();
  readonly tasks: PoolTask[] = [];

  task(inputs: readonly PoolTask[] = [], priority = 0): PoolTask {
    const id = this.tasks.length;
    const source = { kind: "function", fn: () => id, timeoutMs: 0 } as const;
    const task = new PoolTask({ id, key: `task-${id}`, source, priority, args: value, inputs });
    this.tasks.push(task);
    this.graph.add(task);
    return task;
  }

  demand(...tasks: PoolTask[]): number[] {
    const asked = tasks.flatMap((task) => this.graph.demand(task));
    for (const task of asked) this.graph.prepared(task);
    return asked.map((task) => task.id);
  }

  /** Runs all that can run, one at a time; gives the order. */
  drain(): number[] {
    const order: number[] = [];
    for (let task = this.graph.take(); task !== undefined; task = this.graph.take()) {
      order.push(task.id);
      this.graph.finish(task, value);
    }
    return order;
  }
}

test("asks for what is needed, inputs first, and for each once", () => {
  const setting = new Setting();
  const [a, b] = [setting.task(), setting.task()];
  const both = setting.task([a, b]);
  setting.task([a]);
  expect(setting.demand(both)).toEqual([0, 1, 2]);
  expect(setting.demand(both)).toEqual([]);
  expect(setting.drain()).toEqual([0, 1, 2]);
});

test("nothing is taken before it has been prepared", () => {
  const setting = new Setting();
  const a = setting.task();
  setting.graph.demand(a);
  expect(setting.graph.take()).toBeUndefined();
  setting.graph.prepared(a);
  expect(setting.graph.take()).toBe(a);
  expect(setting.graph.take()).toBeUndefined();
});

test("finishes branches before it begins others, however they were asked for", () => {
  const setting = new Setting();
  const leaves = [0, 1, 2].map(() => setting.task());
  const middles = leaves.map((leaf) => setting.task([leaf]));
  const tops = middles.map((middle) => setting.task([middle]));
  setting.demand(...leaves, ...middles, ...tops);
  expect(setting.drain()).toEqual([0, 3, 6, 1, 4, 7, 2, 5, 8]);
});

test("higher priority comes first among what can run", () => {
  const setting = new Setting();
  const low = setting.task();
  const high = setting.task([], 5);
  setting.demand(low, high);
  expect(setting.drain()).toEqual([1, 0]);
});

test("a failure ends all that need the result, asked for before or after", async () => {
  const setting = new Setting();
  const a = setting.task();
  const before = setting.task([setting.task([a])]);
  const after = setting.task([a]);
  setting.demand(before);
  const error = new Error("broken");
  setting.graph.fail(a, error);
  expect(setting.demand(setting.task([after]))).toEqual([]);
  for (const task of setting.tasks) await expect(task.outcome.settled).rejects.toBe(error);
  expect(setting.graph.unfinished()).toEqual([]);
  expect(setting.graph.take()).toBeUndefined();
});

test("one that was cancelled while it was ready is not taken", () => {
  const setting = new Setting();
  const [a, b] = [setting.task(), setting.task()];
  setting.demand(a, b);
  setting.graph.fail(a, new Error("cancelled"));
  expect(setting.graph.take()).toBe(b);
});

test("an ended task keeps nothing but its result", () => {
  const setting = new Setting();
  const a = setting.task();
  const b = setting.task([a]);
  setting.demand(b);
  setting.drain();
  expect([a.dependents, b.inputs, b.args]).toEqual([[], [], []]);
  expect(b.value).toBe(value);
});

test("a result that nobody needs any more is collected", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const graph = new PoolGraph();
  const source = { kind: "function", fn: () => 0, timeoutMs: 0 } as const;
  const task = (id: number, inputs: readonly PoolTask[]): PoolTask => {
    const made = new PoolTask({ id, key: `task-${id}`, source, priority: 0, args: value, inputs });
    graph.add(made);
    return made;
  };
  const used = (): { user: PoolTask; result: WeakRef<object> } => {
    const input = task(0, []);
    const user = task(1, [input]);
    const other = task(2, []);
    for (const asked of [...graph.demand(user), ...graph.demand(other)]) graph.prepared(asked);
    expect(graph.take()).toBe(input);
    const result = [new Uint8Array([7])];
    graph.finish(input, result);
    return { user, result: new WeakRef(result) };
  };
  const { user, result } = used();
  collect();
  expect(result.deref()).toBeDefined();
  expect(graph.take()).toBe(user);
  graph.finish(user, value);
  await eventually("the result to be collected", () => {
    collect();
    return result.deref() === undefined;
  });
});

test("a chain deeper than the call stack", () => {
  const setting = new Setting();
  let last = setting.task();
  for (let index = 1; index < 50_000; index += 1) last = setting.task([last]);
  setting.demand(last);
  expect(setting.drain()).toHaveLength(50_000);
});

test("random graphs: each needed task runs once, after its inputs, and no other runs", () => {
  const shapes = fc.array(fc.tuple(fc.array(fc.nat(), { maxLength: 4 }), fc.nat(3)), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(shapes, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), (shape, asked) => {
      const setting = new Setting();
      for (const [picks, priority] of shape) {
        const made = setting.tasks;
        const inputs = made.length === 0 ? [] : picks.flatMap((pick) => made[pick % made.length] ?? []);
        setting.task([...new Set(inputs)], priority);
      }
      const inputsOf = setting.tasks.map((task) => task.inputs.map((input) => input.id));
      const wanted = asked.map((pick) => pick % setting.tasks.length);
      const needed = new Set<number>();
      const need = (id: number): void => {
        if (needed.has(id)) return;
        needed.add(id);
        inputsOf[id]?.forEach(need);
      };
      wanted.forEach(need);
      for (const id of wanted) setting.demand(...setting.tasks.slice(id, id + 1));
      const order = setting.drain();
      expect(new Set(order)).toEqual(needed);
      expect(order).toHaveLength(needed.size);
      const position = new Map(order.map((id, index) => [id, index]));
      for (const id of order) {
        for (const input of inputsOf[id] ?? []) expect(position.get(input)).toBeLessThan(position.get(id) ?? -1);
      }
    }),
  );
});
