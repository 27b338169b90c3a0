import fc from "fast-check";
import { expect, it } from "vitest";
import { fnId } from "../../../protocol/ids.ts";
import type { Assignment, Input, WorkerToScheduler } from "../../../protocol/messages.ts";
import { WorkerCore } from "../../../worker/core/core.ts";
import type { WorkerEffect } from "../../../worker/core/effects.ts";
import type { CoreMessage, WorkerEvent } from "../../../worker/core/events.ts";
import { arrived, bundledFn, compute, ownFn, t, value } from "./harness.ts";

const slots = 2;
const gpus = 1.5;
const addresses = ["ws://a:1", "ws://b:1", "ws://c:1"];

/** What the scheduler waits for, by `task/attempt`; true once it has asked for the attempt back. */
type Open = Map<string, boolean>;

/**
 * A scheduler, slots, peers and code cache that do what random numbers tell them, around a real core. It fails when an attempt
 * is answered twice or unasked, when too much runs at a time, or when the core's own invariants do.
 */
class World {
  readonly core = new WorkerCore({ slots, resources: { GPU: gpus } });
  readonly open: Open = new Map();
  readonly attempts = new Map<number, number>();
  readonly running = new Map<number, { gpu: number; cancelled: boolean }>();
  readonly fetches = new Map<number, readonly number[]>();
  readonly loads = new Set<number>();
  readonly asked = new Set<number>();
  /** Failures that were told once may be told again. */
  retold = false;
  reported: string[] = [];
  nowMs = 0;
  tasks = 0;

  constructor() {
    this.connect();
  }

  connect(): void {
    this.event({ kind: "connected" });
    this.say({ op: "define-fn", fn: fnId(1), ref: ownFn }, { op: "define-fn", fn: fnId(2), ref: bundledFn });
  }

  disconnect(): void {
    this.open.clear();
    this.asked.clear();
    this.event({ kind: "disconnected" });
  }

  /** The connection is lost, things happen meanwhile, and the same scheduler takes the worker back. */
  cutOff(meanwhile: () => void): void {
    this.asked.clear();
    this.event({ kind: "disconnected" });
    meanwhile();
    this.event({ kind: "connected", resuming: true });
    this.retold = true;
    this.say({ op: "resume", kept: true });
    this.retold = false;
    for (const [id] of this.open) expect(this.reported, id).toContain(id);
  }

  say(...messages: CoreMessage[]): void {
    this.event({ kind: "messages", messages });
  }

  event(event: WorkerEvent): void {
    for (const effect of this.core.handle(event, this.nowMs)) this.take(effect);
    this.core.checkInvariants();
    expect(this.running.size).toBeLessThanOrEqual(slots);
    expect([...this.running.values()].reduce((sum, { gpu }) => sum + gpu, 0)).toBeLessThanOrEqual(gpus);
  }

  take(effect: WorkerEffect): void {
    switch (effect.kind) {
      case "execute":
        this.running.set(effect.job, { gpu: Number(effect.key.split("/")[1]), cancelled: false });
        return;
      case "cancel-execution": {
        const job = this.running.get(effect.job);
        expect(job).toBeDefined();
        if (job !== undefined) job.cancelled = true;
        return;
      }
      case "fetch":
        this.fetches.set(effect.fetch, effect.tasks);
        return;
      case "load-code":
        this.loads.add(effect.load);
        return;
      case "send":
        return this.hear(effect.message);
      default:
        return;
    }
  }

  hear(message: WorkerToScheduler): void {
    if (message.op === "unreachable-input") this.asked.add(message.task);
    if (message.op === "inventory") this.reported = message.attempts.map(({ task, attempt }) => `${task}/${attempt}`);
    if (message.op !== "done" && message.op !== "failed" && message.op !== "cancelled") return;
    const id = `${message.task}/${message.attempt}`;
    if (this.retold && message.op === "failed" && !this.open.has(id)) return;
    expect(this.open.has(id), `${message.op} for ${id}: ${this.core.story(message.task).join(", ")}`).toBe(true);
    if (message.op === "cancelled") expect(this.open.get(id)).toBe(true);
    this.open.delete(id);
  }

  compute(task: number, pick: Pick): void {
    const attempt = (this.attempts.get(task) ?? 0) + 1;
    // A scheduler gives a task out again only once it has the last attempt back, or has asked for it.
    if (this.open.get(`${task}/${attempt - 1}`) === false) return;
    const inputs: Input[] = [];
    for (let i = pick(4); i > 0 && task > 0; i--) {
      const input = t(pick(task));
      if (inputs.some((other) => other.task === input)) continue;
      inputs.push({ task: input, bytes: 20_000_000 * pick(4), addresses: addresses.filter(() => pick(2) === 1) });
    }
    const gpu = [0, 0, 0.5, 1][pick(4)] ?? 0;
    this.attempts.set(task, attempt);
    this.open.set(`${task}/${attempt}`, false);
    const changes: Partial<Assignment> = {
      attempt,
      inputs,
      key: `${task}/${gpu}`,
      fn: fnId(1 + pick(2)),
      priority: [pick(3)],
    };
    this.say(compute(task, { ...changes, resources: gpu > 0 ? { GPU: gpu } : {} }));
  }

  cancel(id: string, force: boolean): void {
    const [task, attempt] = id.split("/").map(Number) as [number, number];
    this.open.set(id, true);
    this.say({ op: "cancel", task: t(task), attempt, force, reason: "" });
  }

  end(job: number, how: number): void {
    const { cancelled } = this.running.get(job) ?? {};
    this.running.delete(job);
    const times = { startMs: this.nowMs, endMs: this.nowMs };
    if (cancelled && how !== 0) this.event({ kind: "slot-cancelled", job });
    else if (how === 1)
      this.event({ kind: "slot-failed", job, error: { code: "TASK_FAILED", message: "", retryable: false }, ...times });
    else this.event({ kind: "slot-done", job, value, bytes: 1, ...times });
  }

  answer(fetch: number, how: number): void {
    const tasks = this.fetches.get(fetch) ?? [];
    this.fetches.delete(fetch);
    if (how === 1) this.event({ kind: "fetch-unreachable", fetch });
    else if (how === 2) this.event({ kind: "fetch-busy", fetch, retryMs: 50 });
    else this.event({ kind: "fetched", fetch, values: arrived(...(how === 3 ? tasks.slice(1) : tasks)) });
  }

  load(load: number, well: boolean): void {
    this.loads.delete(load);
    const error = { code: "CODE_FAILED", message: "", retryable: true } as const;
    this.event(well ? { kind: "code-ready", load, path: "/code" } : { kind: "code-failed", load, error });
  }

  holders(task: number, addresses: readonly string[]): void {
    if (addresses.length > 0) this.asked.delete(task);
    this.say({ op: "holders", task: t(task), addresses });
  }

  wait(ms: number): void {
    this.nowMs += ms;
    this.event({ kind: "wake" });
  }

  /** One random thing happens. */
  step(pick: Pick): void {
    const oneOf = <T>(items: Iterable<T>): T | undefined => {
      const all = [...items];
      return all[pick(all.length || 1)];
    };
    const job = oneOf(this.running.keys());
    const fetch = oneOf(this.fetches.keys());
    const load = oneOf(this.loads);
    const asked = oneOf(this.asked);
    const open = oneOf(this.open.keys());
    const task = pick(this.tasks + 1);
    const what = pick(24);
    if (what < 5) this.compute(this.tasks++, pick);
    else if (what < 7) this.compute(task, pick);
    else if (what < 9 && open !== undefined) this.cancel(open, pick(2) === 1);
    else if (what < 13 && job !== undefined) this.end(job, pick(3));
    else if (what < 17 && fetch !== undefined) this.answer(fetch, pick(5));
    else if (what === 17 && load !== undefined) this.load(load, pick(4) > 0);
    else if (what === 18) this.say({ op: "free", tasks: [t(task), t(pick(this.tasks + 1))] });
    else if (what === 19) this.event({ kind: "put", task: t(task), value, bytes: 1 });
    else if (what === 20)
      this.say({ op: "replicate", inputs: [{ task: t(task), bytes: 1, addresses: addresses.slice(pick(4)) }] });
    else if (what === 21 && asked !== undefined) this.holders(asked, addresses.slice(pick(4)));
    else if (what === 22) this.wait(pick(200));
    else if (what === 23 && pick(2) === 0) {
      this.cutOff(() => {
        for (const number of [...this.running.keys()]) if (pick(2) === 0) this.end(number, pick(3));
        for (const number of [...this.fetches.keys()]) if (pick(2) === 0) this.answer(number, pick(5));
      });
    } else if (what === 23 && pick(4) === 0) {
      this.disconnect();
      this.connect();
    }
  }

  /** From now on everything works. */
  settle(): void {
    for (let round = 0; round < 1_000; round++) {
      for (const load of [...this.loads]) this.load(load, true);
      for (const task of [...this.asked]) this.holders(task, addresses);
      for (const fetch of [...this.fetches.keys()]) this.answer(fetch, 0);
      for (const job of [...this.running.keys()]) this.end(job, 2);
      this.wait(100);
      const pending = this.running.size + this.fetches.size + this.loads.size + this.asked.size;
      if (pending === 0 && this.core.nextWakeupMs() === undefined) return;
    }
  }
}

type Pick = (below: number) => number;

it("answers every attempt exactly once, whatever happens in whatever order", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9_999), { minLength: 1, size: "max", maxLength: 1_000 }), (numbers) => {
      let next = 0;
      const pick: Pick = (below) => (numbers[next++] ?? 0) % below;
      const world = new World();
      while (next < numbers.length) world.step(pick);
      world.settle();
      const told = (id: string): string => world.core.story(t(Number(id.split("/")[0]))).join(", ");
      expect([...world.open.keys()].map((id) => `${id}: ${told(id)}`)).toEqual([]);
    }),
    // A failure is shrunk for no longer than this.
    { numRuns: 300, interruptAfterTimeLimit: 20_000 },
  );
});
