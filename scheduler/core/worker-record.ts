import type { WorkerStatus } from "../../protocol/cluster-info.ts";
import type { FnId, TaskId, WorkerId } from "../../protocol/ids.ts";
import type { SchedulerToWorker, WorkerRegistration } from "../../protocol/messages.ts";
import { Holdings } from "./holdings.ts";
import { ReadyQueues } from "./ready-queues.ts";
import type { StoppedAttempt } from "./recording.ts";
import type { Task } from "./task.ts";

/** An attempt that was taken back and whose end the worker has not confirmed: it still occupies its place. */
export interface StoppingAttempt {
  readonly task: TaskId;
  readonly attempt: number;
  readonly resources: Readonly<Record<string, number>>;
  /** It waits for tasks that it submitted itself, and takes no slot meanwhile. */
  lent: boolean;
  readonly force: boolean;
  readonly reason: string;
  readonly whenStopped: (() => void)[];
  /** What is to be recorded of it once it has stopped; undefined if it never began, or nobody records. */
  readonly recorded: StoppedAttempt | undefined;
}

/** A worker that lost its connection and is waited for. */
export interface Absence {
  readonly reason: string;
  readonly sinceMs: number;
  /** It is lost if it is not back by then. */
  deadlineMs: number;
  /** When to look whether its process is still there; undefined while that is being done. */
  nextProbeMs: number | undefined;
  /** It is connected again, and its inventory is on the way. */
  linked: boolean;
}

export class WorkerRecord {
  /** That of its present connection, or of its last. */
  id: WorkerId;
  readonly registration: WorkerRegistration;
  readonly slots: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly freeResources: Record<string, number>;
  /** Set while its connection is lost and it may be back. */
  absence: Absence | undefined = undefined;
  /** The last order to end that it was given; told again if it may have been missed. */
  stopOrder: SchedulerToWorker | undefined = undefined;
  lastHeardMs: number;
  memoryBytes = 0;
  storedBytes = 0;

  readonly processing: Set<Task> = new Set();
  /** By `stoppingKey`. */
  readonly stopping: Map<string, StoppingAttempt> = new Map();
  /** How many of those two take no slot, because they wait for tasks that they submitted themselves. */
  lent = 0;
  /** How many of those that it processes it has begun. */
  running = 0;
  /** When it last became free of all work; means something only while it is not busy. */
  idleSinceMs: number;
  readonly holds: Holdings = new Holdings();
  /** The holders of every result that lies here and nowhere else, and where to ask for it. */
  readonly alone: ReadonlySet<WorkerRecord> = new Set([this]);
  readonly ownAddress: readonly string[];
  /** Queued tasks whose inputs lie here. */
  readonly preferred: ReadyQueues = new ReadyQueues();
  /** Expected time of everything that was sent to it, all slots together. */
  occupancyMs = 0;
  readonly definedFns: Set<FnId> = new Set();
  gone = false;
  /** False while it begins nothing of what it has, as it said itself. */
  beginsTasks = true;
  #status: WorkerStatus = "running";

  constructor(id: WorkerId, registration: WorkerRegistration, nowMs: number) {
    this.id = id;
    this.registration = registration;
    this.ownAddress = [registration.address];
    this.slots = registration.slots;
    this.resources = registration.resources;
    this.freeResources = { ...registration.resources };
    this.lastHeardMs = nowMs;
    this.idleSinceMs = nowMs;
  }

  /** Whatever else it is, nothing can be given to it while it is not connected. */
  get status(): WorkerStatus {
    return this.absence === undefined ? this.#status : "disconnected";
  }

  set status(status: WorkerStatus) {
    this.#status = status;
  }

  get name(): string {
    return this.registration.name;
  }

  get address(): string {
    return this.registration.address;
  }

  /** Tasks that occupy its slots: sent and not ended, or taken back and not confirmed, save those that lent theirs. */
  get assigned(): number {
    return this.processing.size + this.stopping.size - this.lent;
  }

  /** Whether it has anything to do, be it only to wait for tasks of its own or to end what was taken back. */
  get isBusy(): boolean {
    return this.processing.size + this.stopping.size > 0;
  }

  consume(resources: Readonly<Record<string, number>>): void {
    for (const name in resources) this.freeResources[name] = (this.freeResources[name] ?? 0) - (resources[name] ?? 0);
  }

  giveBack(resources: Readonly<Record<string, number>>): void {
    for (const name in resources) this.freeResources[name] = (this.freeResources[name] ?? 0) + (resources[name] ?? 0);
  }
}

export const stoppingKey = (task: TaskId, attempt: number): string => `${task}/${attempt}`;
