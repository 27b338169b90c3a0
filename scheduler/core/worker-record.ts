import type { WorkerStatus } from "../../protocol/cluster-info.ts";
import type { FnId, TaskId, WorkerId } from "../../protocol/ids.ts";
import type { WorkerRegistration } from "../../protocol/messages.ts";
import { ReadyQueues } from "./ready-queues.ts";
import type { Task } from "./task.ts";

/** An attempt that was taken back and whose end the worker has not confirmed: it still occupies its place. */
export interface StoppingAttempt {
  readonly task: TaskId;
  readonly attempt: number;
  readonly resources: Readonly<Record<string, number>>;
  /** It waits for tasks that it submitted itself, and takes no slot meanwhile. */
  lent: boolean;
  readonly whenStopped: (() => void)[];
}

export class WorkerRecord {
  readonly id: WorkerId;
  readonly registration: WorkerRegistration;
  readonly slots: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly freeResources: Record<string, number>;
  status: WorkerStatus = "running";
  lastHeardMs: number;
  memoryBytes = 0;
  storedBytes = 0;

  readonly processing: Set<Task> = new Set();
  /** By `stoppingKey`. */
  readonly stopping: Map<string, StoppingAttempt> = new Map();
  /** How many of those two take no slot, because they wait for tasks that they submitted themselves. */
  lent = 0;
  readonly holds: Set<Task> = new Set();
  /** Queued tasks whose inputs lie here. */
  readonly preferred: ReadyQueues = new ReadyQueues();
  /** Expected time of everything that was sent to it, all slots together. */
  occupancyMs = 0;
  readonly definedFns: Set<FnId> = new Set();
  gone = false;

  constructor(id: WorkerId, registration: WorkerRegistration, nowMs: number) {
    this.id = id;
    this.registration = registration;
    this.slots = registration.slots;
    this.resources = registration.resources;
    this.freeResources = { ...registration.resources };
    this.lastHeardMs = nowMs;
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

  consume(resources: Readonly<Record<string, number>>): void {
    for (const [name, amount] of Object.entries(resources)) {
      this.freeResources[name] = (this.freeResources[name] ?? 0) - amount;
    }
  }

  giveBack(resources: Readonly<Record<string, number>>): void {
    for (const [name, amount] of Object.entries(resources)) {
      this.freeResources[name] = (this.freeResources[name] ?? 0) + amount;
    }
  }
}

export const stoppingKey = (task: TaskId, attempt: number): string => `${task}/${attempt}`;
