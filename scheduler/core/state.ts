import { type ClientId, type TaskId, taskId, type WorkerId } from "../../protocol/ids.ts";
import type { SchedulerToClient, SchedulerToWorker } from "../../protocol/messages.ts";
import { Story } from "../../protocol/story.ts";
import { Backlog } from "./backlog.ts";
import { Bandwidth } from "./bandwidth.ts";
import type { ClientRecord } from "./client-record.ts";
import { Copies } from "./copies.ts";
import type { SchedulerEffect } from "./events.ts";
import { FunctionTable } from "./functions.ts";
import { KeptValues } from "./kept-values.ts";
import { Keys } from "./keys.ts";
import { NoWorkerWatch } from "./no-worker-watch.ts";
import { Numbered } from "./numbered.ts";
import { PlacementClasses } from "./placement-class.ts";
import { ReadyQueues } from "./ready-queues.ts";
import { Replication } from "./replication.ts";
import { Requests } from "./requests.ts";
import { Retirement } from "./retirement.ts";
import { Run } from "./run.ts";
import { applyShare, type RunShare } from "./run-shares.ts";
import type { Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

export interface SchedulerCoreOptions {
  readonly version: string;
  /** ISO time, shown by `info`. */
  readonly startedAt: string;
  /** A worker that is silent this long on an open socket is lost, in ms; at least ten heartbeats. Default 30,000. */
  readonly workerTtlMs?: number | undefined;
  /** A worker or client that was cut off and is back within this time goes on as if nothing had happened, in ms. Default 30,000; 0: never. */
  readonly graceMs?: number | undefined;
  /** How many workers may die under a task before it fails with `WorkerLostError`. Default 3. */
  readonly allowedWorkerLosses?: number | undefined;
  /** Tasks without a known duration are sent to a worker up to this multiple of its slots. Default 1.1. */
  readonly workerSaturation?: number;
  /** Unix epoch time at which the core's clock read 0, in ms; for what is recorded. Default 0. */
  readonly epochMs?: number;
  /** A queued task that no connected worker could ever run fails after this long, in ms. Default: never. */
  readonly noWorkersTimeoutMs?: number | undefined;
}

/** A number for a value that a client is putting on workers, and the workers that said they have it. */
export interface Reservation {
  readonly client: ClientRecord;
  readonly storedBy: Set<WorkerRecord>;
}

/** Everything the scheduler knows, and the effects that the current event has had so far. Functions beside it change it. */
export class SchedulerState {
  readonly options: { readonly [Name in keyof SchedulerCoreOptions]-?: NonNullable<SchedulerCoreOptions[Name]> };
  nowMs = 0;

  readonly tasks: Numbered<TaskId, Task> = new Numbered();
  readonly keys: Keys = new Keys();
  readonly values: KeptValues = new KeptValues();
  readonly workers: Map<WorkerId, WorkerRecord> = new Map();
  readonly clients: Map<ClientId, ClientRecord> = new Map();
  readonly runs: Map<string, Run> = new Map();
  readonly shares: Map<string, RunShare> = new Map();
  readonly fns: FunctionTable = new FunctionTable();
  readonly bandwidth: Bandwidth = new Bandwidth();
  readonly placements: PlacementClasses = new PlacementClasses();
  /** Numbers handed out for values that a client is putting on workers right now. */
  readonly reserved: Map<TaskId, Reservation> = new Map();
  readonly requests: Requests = new Requests();
  readonly copies: Copies = new Copies();
  readonly noWorkerWatch: NoWorkerWatch = new NoWorkerWatch();
  readonly retirement: Retirement = new Retirement(this.copies);
  readonly replication: Replication = new Replication(this.copies);

  /** Workers that tasks may wait for in their own queues. */
  readonly sought: Set<WorkerRecord> = new Set();
  /** Queued tasks that no worker holds an input of. Those of which one does are in that worker's own queues. */
  readonly shared: ReadyQueues = new ReadyQueues();
  /** Tasks in state queued; with none, placement has nothing to look at. */
  queued = 0;
  readonly backlog: Backlog = new Backlog();
  /** Tasks that may have lost their last reason to be kept; looked at when the event is done. */
  readonly unsettled: Task[] = [];
  /** Results to be freed, by where they lie; sent when the event is done. */
  readonly freed: Map<WorkerRecord, TaskId[]> = new Map();
  /** Workers that may have room. */
  readonly hungry: Set<WorkerRecord> = new Set();
  /** Workers that were sent more than their slots can run. */
  readonly crowded: Set<WorkerRecord> = new Set();
  /** Tasks that were given a place by this event. */
  readonly placed: Task[] = [];
  /** Tasks that were asked back from workers and have neither come nor begun. */
  askedBack = 0;
  /** The least memory limit of any worker, Infinity without any; undefined: to be found out, since workers came or went. */
  leastLimitBytes: number | undefined = undefined;
  /** Whether what happens is told by "record". */
  recording = false;
  generation = 0;
  readonly story: Story = new Story();
  effects: SchedulerEffect[] = [];
  #lastTask = 0;

  constructor(options: SchedulerCoreOptions) {
    this.options = {
      version: options.version,
      startedAt: options.startedAt,
      workerTtlMs: options.workerTtlMs ?? 30_000,
      graceMs: options.graceMs ?? 30_000,
      allowedWorkerLosses: options.allowedWorkerLosses ?? 3,
      workerSaturation: options.workerSaturation ?? 1.1,
      epochMs: options.epochMs ?? 0,
      noWorkersTimeoutMs: options.noWorkersTimeoutMs ?? Number.POSITIVE_INFINITY,
    };
  }

  /** The number that was given out last. */
  get lastTask(): number {
    return this.#lastTask;
  }

  nextTaskId(): TaskId {
    this.#lastTask++;
    return taskId(this.#lastTask);
  }

  run(name: string): Run {
    let run = this.runs.get(name);
    if (run === undefined) {
      run = new Run(name);
      applyShare(run, this.shares.get(name));
      this.runs.set(name, run);
    }
    return run;
  }

  /** A run is on the books as long as one of its tasks is. */
  dropRunIfEmpty(run: Run): void {
    if (run.tasks > 0) return;
    this.runs.delete(run.name);
    this.shared.dropRun(run);
    for (const worker of this.sought) worker.preferred.dropRun(run);
  }

  /** To one that is cut off nothing is sent: it hears how everything stands when it is back. */
  toClient(client: ClientRecord, message: SchedulerToClient): void {
    if (client.session !== undefined) client.conversation.told(message);
    if (client.absentUntilMs !== undefined) return;
    this.effects.push({ kind: "to-client", client: client.id, message });
  }

  /** To one that is not connected nothing is sent: what it missed is made good from its inventory. */
  toWorker(worker: WorkerRecord, message: SchedulerToWorker): void {
    if (message.op === "stop") worker.stopOrder = message;
    if (worker.absence !== undefined) return;
    this.effects.push({ kind: "to-worker", worker: worker.id, message });
  }

  reply(client: ClientRecord, request: number, value: unknown): void {
    this.toClient(client, { op: "reply", request, value });
  }

  log(
    level: "debug" | "info" | "warn" | "error",
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    this.effects.push({ kind: "log", level, message, fields });
  }
}
