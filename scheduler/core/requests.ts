import type { WireError } from "../../protocol/errors.ts";
import type { ClientToScheduler, EncodedValue, WorkerAnswer } from "../../protocol/messages.ts";
import type { ClientRecord } from "./client-record.ts";
import { defineFn } from "./placement.ts";
import type { SchedulerState } from "./state.ts";
import { fail } from "./transitions.ts";
import { wireError } from "./wire-error.ts";
import type { WorkerRecord } from "./worker-record.ts";

type RunOnWorkers = ClientToScheduler & { readonly op: "run-on-workers" };

interface Asked {
  readonly client: ClientRecord;
  readonly request: number;
}

interface WorkerCall extends Asked {
  readonly waiting: Set<WorkerRecord>;
  readonly answers: WorkerAnswer[];
}

/** Clients' questions whose answer takes more than one event. */
export class Requests {
  #waits: (Asked & { readonly count: number; readonly gone: ReadonlySet<WorkerRecord> })[] = [];
  readonly #calls: Map<number, WorkerCall> = new Map();
  #lastCall = 0;

  /** How many have no answer yet. */
  get size(): number {
    return this.#waits.length + this.#calls.size;
  }

  /** Replies once `count` workers are there that are not among `gone`. */
  waitForWorkers(
    state: SchedulerState,
    client: ClientRecord,
    request: number,
    count: number,
    gone: ReadonlySet<WorkerRecord> = new Set(),
  ): void {
    this.#waits.push({ client, request, count, gone });
    this.workersChanged(state);
  }

  workersChanged(state: SchedulerState): void {
    this.#waits = this.#waits.filter(({ client, request, count, gone }) => {
      let there = 0;
      for (const worker of state.workers.values()) if (!gone.has(worker) && worker.status !== "disconnected") there++;
      if (there < count) return true;
      state.reply(client, request, null);
      return false;
    });
  }

  runOnWorkers(state: SchedulerState, client: ClientRecord, message: RunOnWorkers): void {
    const fn = client.fns.get(message.fn);
    const live = [...state.workers.values()].filter((worker) => worker.status !== "disconnected");
    const wanted =
      message.workers.length === 0
        ? live
        : live.filter((worker) => message.workers.includes(worker.name) || message.workers.includes(worker.address));
    const unknown = message.workers.filter(
      (wish) => !live.some((worker) => worker.name === wish || worker.address === wish),
    );
    if (fn === undefined || unknown.length > 0 || wanted.length === 0) {
      const problem =
        unknown.length > 0
          ? `no worker is called ${unknown.join(", ")}`
          : fn === undefined
            ? "its function was never defined"
            : "no worker is connected";
      state.toClient(client, {
        op: "reply",
        request: message.request,
        error: wireError(
          "NO_WORKERS",
          `runOnWorkers cannot run: ${problem}. client.info() lists the workers there are.`,
        ),
      });
      return;
    }
    this.#lastCall++;
    const call = this.#lastCall;
    this.#calls.set(call, { client, request: message.request, waiting: new Set(wanted), answers: [] });
    for (const worker of wanted) {
      defineFn(state, worker, fn);
      state.toWorker(worker, { op: "run", request: call, fn: fn.id, args: message.args });
    }
  }

  ranOnWorker(
    state: SchedulerState,
    worker: WorkerRecord,
    request: number,
    value: EncodedValue | undefined,
    error: WireError | undefined,
  ): void {
    const call = this.#calls.get(request);
    if (call?.waiting.delete(worker) !== true) return;
    call.answers.push({ worker: worker.name, value, error });
    if (call.waiting.size > 0) return;
    this.#calls.delete(request);
    state.reply(call.client, call.request, call.answers);
  }

  /** Forgets every task of every client and starts every worker afresh. */
  restart(state: SchedulerState, client: ClientRecord, request: number): void {
    const error = wireError(
      "CANCELLED",
      `The cluster was restarted by the client "${client.name}", which ends every task. Submit again what is still wanted.`,
    );
    for (const task of [...state.tasks.values()])
      if (task.wants.length > 0) fail(state, task, error, task, { force: true, reason: "the cluster restarts" });
    state.keys.clear();
    const old = new Set(state.workers.values());
    for (const worker of old)
      state.toWorker(worker, { op: "stop", how: "now", restart: true, reason: `restart asked for by ${client.name}` });
    this.waitForWorkers(state, client, request, old.size, old);
  }

  workerGone(state: SchedulerState, worker: WorkerRecord): void {
    const error = wireError("CONNECTION_LOST", `The worker "${worker.name}" was lost before it answered.`);
    for (const request of this.#calls.keys()) this.ranOnWorker(state, worker, request, undefined, error);
  }

  /** A worker that was cut off is back: of calls that it does not know, or whose answer was lost, nothing more will come. */
  workerBack(state: SchedulerState, worker: WorkerRecord, open: readonly number[]): void {
    const kept = new Set(open);
    const error = wireError(
      "CONNECTION_LOST",
      `The worker "${worker.name}" was cut off before its answer came; it may have run. Call again.`,
    );
    for (const call of this.#calls.keys()) if (!kept.has(call)) this.ranOnWorker(state, worker, call, undefined, error);
  }

  clientGone(client: ClientRecord): void {
    this.#waits = this.#waits.filter((wait) => wait.client !== client);
    for (const [id, call] of this.#calls) if (call.client === client) this.#calls.delete(id);
  }
}
