// What `info` tells of a cluster, as plain data.

export interface WorkerInfo {
  readonly name: string;
  readonly address: string;
  readonly host: string;
  readonly pid: number;
  readonly slots: number;
  readonly executor: "threads" | "processes";
  readonly status: WorkerStatus;
  readonly resources: Readonly<Record<string, number>>;
  readonly memoryLimitBytes: number;
  readonly memoryBytes: number;
  /** Bytes of results it holds. */
  readonly storedBytes: number;
  /** Results it holds. */
  readonly stored: number;
  /** Tasks assigned to it, running or waiting there. */
  readonly assigned: number;
  /** Tasks that run there now. */
  readonly running: number;
  readonly version: string;
  readonly nodeVersion: string;
}

/** "disconnected": its connection was lost, and it may be back within the grace period. */
export type WorkerStatus = "running" | "paused" | "retiring" | "disconnected";

/** What `load` tells: how much there is to do, and who is there to do it. Costs as much as there are workers and names of tasks. */
export interface LoadInfo {
  readonly workers: readonly WorkerLoad[];
  /** Tasks that wait for a place, those that no worker may run included. */
  readonly queued: number;
  /** How many of them no worker may run. */
  readonly unplaceable: number;
  /** How long the queued ones are expected to take on one slot, one after another, in ms. */
  readonly queuedMs: number;
  /** Tasks that hold a slot or wait for one at their worker; not those that wait for tasks of their own. */
  readonly processing: number;
  /** The expected time of all that was sent to workers, all slots together, in ms. */
  readonly occupancyMs: number;
}

export interface WorkerLoad {
  readonly name: string;
  readonly address: string;
  readonly status: WorkerStatus;
  readonly slots: number;
  /** Tasks that it was sent and has not ended, and tasks that were taken back and have not stopped. */
  readonly assigned: number;
  readonly running: number;
  readonly storedBytes: number;
  /** 0: no limit. */
  readonly memoryLimitBytes: number;
  /** For how long it has had nothing to do; undefined while it has. */
  readonly idleMs: number | undefined;
}

export interface RunInfo {
  readonly run: string;
  readonly waiting: number;
  readonly running: number;
  readonly finished: number;
  readonly failed: number;
}

export interface ClusterInfo {
  readonly version: string;
  readonly protocol: number;
  readonly startedAt: string;
  readonly workers: readonly WorkerInfo[];
  readonly runs: readonly RunInfo[];
  readonly clients: number;
  readonly tasks: Readonly<
    Record<"waiting" | "queued" | "no-worker" | "processing" | "memory" | "erred" | "released", number>
  >;
}
