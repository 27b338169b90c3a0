import { expect } from "vitest";
import type { FnRef } from "../../../protocol/code.ts";
import { fnId, type TaskId, taskId } from "../../../protocol/ids.ts";
import type { Assignment, EncodedValue, Input, WorkerToScheduler } from "../../../protocol/messages.ts";
import { WorkerCore, type WorkerCoreOptions } from "../../../worker/core/core.ts";
import type { Execution, WorkerEffect } from "../../../worker/core/effects.ts";
import type { ArrivedValue, CoreMessage, WorkerEvent } from "../../../worker/core/events.ts";

export const bundle: string = "b".repeat(64);
export const value: EncodedValue = [new Uint8Array([1])];
/** Function 1 is Muster's own, so its code is always there; function 2 lives in a bundle. */
export const ownFn: FnRef = { bundle: "muster", name: "own", entry: "call" };
export const bundledFn: FnRef = { bundle, name: "inc", entry: "call" };

export const t = (number: number): TaskId => taskId(number);

/** An assignment that needs nothing, where the test does not say otherwise. */
export function compute(task: number, changes: Partial<Assignment> = {}): Assignment {
  return {
    op: "compute",
    task: t(task),
    attempt: 1,
    key: `key-${task}`,
    fn: fnId(1),
    args: value,
    inputs: [],
    priority: [0],
    timeoutMs: 0,
    resources: {},
    run: "run",
    ...changes,
  };
}

export function input(task: number, addresses: readonly string[], bytes = 1): Input {
  return { task: t(task), bytes, addresses };
}

export function arrived(...tasks: number[]): Map<TaskId, ArrivedValue> {
  return new Map(tasks.map((task) => [t(task), { value, bytes: 1 }]));
}

/** The effect of starting a task, as the tests expect it. */
export function execute(job: number, task: number, changes: Partial<Execution> = {}): Execution {
  return {
    kind: "execute",
    job,
    key: `key-${task}`,
    attempt: 1,
    fn: ownFn,
    codePath: undefined,
    args: value,
    inputs: [],
    timeoutMs: 0,
    run: "run",
    extra: false,
    ...changes,
  };
}

export const send = (message: WorkerToScheduler): WorkerEffect => ({ kind: "send", message });
export const started = (task: number, attempt = 1): WorkerEffect => send({ op: "started", task: t(task), attempt });
export const cancelled = (task: number, attempt = 1): WorkerEffect => send({ op: "cancelled", task: t(task), attempt });
export const stored = (task: number, bytes = 1): WorkerEffect => send({ op: "stored", task: t(task), bytes });
export const done = (task: number, attempt = 1): WorkerEffect =>
  send({ op: "done", task: t(task), attempt, bytes: 1, startMs: 10, endMs: 20 });
/** As long as the test does not move the clock, every transfer takes no time. */
export const transferred = (address: string, tasks: number, startMs = 1_000, endMs = startMs): WorkerEffect =>
  send({ op: "transferred", address, tasks, bytes: tasks, startMs, endMs });
export const store = (task: number): WorkerEffect => ({ kind: "store", task: t(task), value });
export const fetch = (number: number, address: string, ...tasks: number[]): WorkerEffect => ({
  kind: "fetch",
  fetch: number,
  address,
  tasks: tasks.map(t),
});

export const slotDone = (job: number): WorkerEvent => ({
  kind: "slot-done",
  job,
  value,
  bytes: 1,
  startMs: 10,
  endMs: 20,
});

/** A connected core whose invariants are checked after every event; its clock stands until the test moves it. */
export class Harness {
  readonly core: WorkerCore;
  nowMs = 1_000;

  constructor(options: Partial<WorkerCoreOptions> = {}) {
    this.core = new WorkerCore({ slots: 1, resources: {}, ...options });
    expect(this.event({ kind: "connected" })).toEqual([]);
    this.define();
  }

  define(): void {
    const effects = this.messages(
      { op: "define-fn", fn: fnId(1), ref: ownFn },
      { op: "define-fn", fn: fnId(2), ref: bundledFn },
    );
    expect(effects).toEqual([]);
  }

  event(event: WorkerEvent): readonly WorkerEffect[] {
    const effects = this.core.handle(event, this.nowMs);
    this.core.checkInvariants();
    return effects;
  }

  messages(...messages: CoreMessage[]): readonly WorkerEffect[] {
    return this.event({ kind: "messages", messages });
  }
}
