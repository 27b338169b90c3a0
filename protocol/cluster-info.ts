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
