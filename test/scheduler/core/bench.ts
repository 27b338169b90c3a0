import { expect } from "vitest";
import { clientId, fnId, futureId, workerId } from "../../../protocol/ids.ts";
import type {
  Assignment,
  ClientToScheduler,
  SchedulerToClient,
  SchedulerToWorker,
  Submission,
  TaskRequest,
  TaskSpec,
  WorkerRegistration,
  WorkerToScheduler,
} from "../../../protocol/messages.ts";
import type { ClusterEvent } from "../../../protocol/record.ts";
import { SchedulerCore, type SchedulerCoreOptions } from "../../../scheduler/core/core.ts";
import type { SchedulerEvent } from "../../../scheduler/core/events.ts";
import type { Answers, Question } from "../../../scheduler/core/questions.ts";

export const plain: TaskRequest = {
  retries: 0,
  priority: 0,
  resources: {},
  workers: [],
  allowOtherWorkers: false,
  timeoutMs: 0,
};

/** Of a worker that does nothing. */
export const heartbeat: Extract<WorkerToScheduler, { readonly op: "heartbeat" }> = {
  op: "heartbeat",
  memoryBytes: 0,
  storedBytes: 0,
  cpuPercent: 0,
  eventLoopDelayMs: 0,
  sentBytes: 0,
  receivedBytes: 0,
};

export function spec(future: number, deps: readonly number[] = [], extra: Partial<TaskSpec> = {}): TaskSpec {
  return {
    future: futureId(future),
    fn: fnId(1),
    args: [],
    deps: deps.map(futureId),
    request: 0,
    wanted: true,
    ...extra,
  };
}

export function registration(name: string, extra: Partial<WorkerRegistration> = {}): WorkerRegistration {
  return {
    name,
    address: `ws://${name}:1`,
    host: "127.0.0.1",
    pid: 1,
    slots: 1,
    executor: "threads",
    memoryLimitBytes: 0,
    resources: {},
    version: "0",
    nodeVersion: "v0",
    ...extra,
  };
}

/** A core at a bench: what goes in is said in one line, what comes out is collected, and nothing may come out unseen. */
export class Bench {
  readonly core: SchedulerCore;
  nowMs = 0;
  /** Whether the invariants are checked after every event, which looks at every task. */
  checking = true;
  readonly logged: string[] = [];
  readonly toWorker: Map<number, SchedulerToWorker[]> = new Map();
  readonly toClient: Map<number, SchedulerToClient[]> = new Map();
  readonly closed: number[] = [];
  readonly probes: string[] = [];
  readonly recorded: ClusterEvent[] = [];
  readonly #answers: unknown[] = [];
  #submissions = 0;

  constructor(options: Partial<SchedulerCoreOptions> = {}) {
    this.core = new SchedulerCore({ version: "0", startedAt: "2026-01-01T00:00:00Z", ...options });
  }

  event(event: SchedulerEvent): void {
    for (const effect of this.core.handle(event, this.nowMs)) {
      if (effect.kind === "to-worker") push(this.toWorker, effect.worker, effect.message);
      else if (effect.kind === "to-client") push(this.toClient, effect.client, effect.message);
      else if (effect.kind === "close-worker") this.closed.push(effect.worker);
      else if (effect.kind === "log") this.logged.push(`${effect.level}: ${effect.message}`);
      else if (effect.kind === "record") this.recorded.push(effect.event);
      else if (effect.kind === "answer") this.#answers.push(effect.value);
      else if (effect.kind === "probe-worker") this.probes.push(effect.address);
    }
    if (this.checking) this.core.checkInvariants();
  }

  client(id = 1): this {
    this.event({ kind: "client-connected", client: clientId(id), name: `client-${id}` });
    this.say({ op: "define-fn", fn: fnId(1), ref: { bundle: "b", name: "inc", entry: "call" } }, id);
    return this;
  }

  worker(id: number, extra: Partial<WorkerRegistration> = {}): this {
    this.event({ kind: "worker-connected", worker: workerId(id), registration: registration(`w${id}`, extra) });
    return this;
  }

  /** From a client. */
  say(message: ClientToScheduler, id = 1): void {
    this.event({ kind: "client-message", client: clientId(id), message });
  }

  submit(tasks: readonly TaskSpec[], extra: Partial<Submission> = {}, id = 1): void {
    this.#submissions++;
    this.say(
      { op: "submit", submission: this.#submissions, run: "r", prefix: "p", requests: [plain], tasks, ...extra },
      id,
    );
  }

  /** From the HTTP side; answered at once. */
  ask<Q extends Question>(question: Q): Answers[Q["kind"]] {
    this.event({ kind: "ask", ask: 1, question });
    expect(this.#answers).toHaveLength(1);
    return this.#answers.pop() as Answers[Q["kind"]];
  }

  /** From a worker. */
  answer(id: number, message: WorkerToScheduler): void {
    this.event({ kind: "worker-message", worker: workerId(id), message });
  }

  done(id: number, assignment: Assignment, durationMs = 1000): void {
    this.answer(id, {
      op: "done",
      task: assignment.task,
      attempt: assignment.attempt,
      bytes: 8,
      startMs: 0,
      endMs: durationMs,
    });
  }

  /** Its socket closes. */
  cut(id: number): void {
    this.event({ kind: "worker-disconnected", worker: workerId(id), reason: "socket closed" });
  }

  /** The process of worker `was` connects again, as `id`. */
  again(was: number, id: number, extra: Partial<WorkerRegistration> = {}): void {
    this.worker(id, { ...registration(`w${was}`, { instance: `i${was}`, resuming: true }), ...extra });
  }

  lose(id: number): void {
    this.event({ kind: "worker-lost", worker: workerId(id), reason: "socket closed" });
  }

  /** All that was sent to a worker since it was last asked. */
  sent(id: number): SchedulerToWorker[] {
    const messages = this.toWorker.get(id) ?? [];
    this.toWorker.delete(id);
    return messages;
  }

  /** The assignments among them; whatever else was sent must be of the kinds named. */
  assigned(id: number, ...others: SchedulerToWorker["op"][]): Assignment[] {
    const messages = this.sent(id);
    for (const { op } of messages) expect(["compute", "define-fn", ...others]).toContain(op);
    return messages.filter((message) => message.op === "compute");
  }

  told(id = 1): SchedulerToClient[] {
    const messages = this.toClient.get(id) ?? [];
    this.toClient.delete(id);
    return messages;
  }

  /** Proves that nothing was sent that no assertion looked at. */
  nothingElse(): void {
    expect([...this.toWorker.values(), ...this.toClient.values()].flat()).toEqual([]);
    expect(this.closed).toEqual([]);
  }
}

function push<T>(map: Map<number, T[]>, id: number, message: T): void {
  const messages = map.get(id);
  if (messages === undefined) map.set(id, [message]);
  else messages.push(message);
}
