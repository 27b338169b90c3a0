// What happens on a cluster, as performance reports and the dashboard show it: plain data, in the order in which the
// scheduler learned of it. Times are Unix epoch milliseconds; those of attempts that ended by themselves, of transfers and of
// disk use are by the worker's clock, all others by the scheduler's.
import type { TaskId } from "./ids.ts";
import type { LogLevel } from "./logger.ts";

export type ClusterEvent =
  | SubmittedEvent
  | AttemptEvent
  | TaskEndEvent
  | TransferEvent
  | DiskEvent
  | WorkerChangeEvent
  | VitalsEvent
  | ScalingEvent
  | LogEvent
  | ProfileEvent
  | DroppedEvent;

/** Tasks were accepted. */
export interface SubmittedEvent {
  readonly kind: "submitted";
  readonly atMs: number;
  readonly run: string;
  readonly tasks: number;
}

/** An attempt that had begun is over. */
export interface AttemptEvent {
  readonly kind: "attempt";
  readonly task: TaskId;
  /** 1 for the first. */
  readonly attempt: number;
  readonly key: string;
  /** Of the function that it runs; tasks are grouped by it. */
  readonly name: string;
  readonly run: string;
  readonly worker: string;
  /** The tasks whose results it takes. */
  readonly deps: readonly TaskId[];
  readonly startMs: number;
  readonly endMs: number;
  readonly fate: "done" | "failed" | "cancelled" | "lost";
  /** Of its result; 0 without one. */
  readonly bytes: number;
  /** Why it came to nothing. Empty for one that is done. */
  readonly message: string;
}

/** A task will have no result: it failed, or was cancelled; it may never have run. */
export interface TaskEndEvent {
  readonly kind: "task-end";
  readonly task: TaskId;
  readonly key: string;
  readonly name: string;
  readonly run: string;
  readonly atMs: number;
  readonly state: "failed" | "cancelled";
  /** The error's `code`. */
  readonly code: string;
  readonly message: string;
  /** The key of the task whose own end it was. */
  readonly origin: string;
}

/** A worker got results from another. */
export interface TransferEvent {
  readonly kind: "transfer";
  /** Who got them. */
  readonly worker: string;
  /** Who gave them: a worker's name, or its address where the name is not known any more. */
  readonly from: string;
  /** How many results. */
  readonly tasks: number;
  readonly bytes: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** A worker wrote results to its disk to make room in memory, or read them back. */
export interface DiskEvent {
  readonly kind: "disk";
  readonly worker: string;
  readonly direction: "write" | "read";
  readonly bytes: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** A worker came, went, or changed its status. */
export interface WorkerChangeEvent {
  readonly kind: "worker";
  readonly atMs: number;
  readonly worker: string;
  readonly change: "joined" | "disconnected" | "back" | "paused" | "running" | "retiring" | "left" | "lost";
  /** Empty where there is nothing to say. */
  readonly reason: string;
  readonly slots: number;
  readonly host: string;
  readonly pid: number;
  readonly memoryLimitBytes: number;
  readonly version: string;
  readonly nodeVersion: string;
}

/** How a process fares. */
export interface VitalsEvent {
  readonly kind: "vitals";
  /** A worker's name, or "scheduler". */
  readonly process: string;
  readonly atMs: number;
  /** Of one core; several busy threads make it more than 100. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** Bytes of results that it holds in memory. */
  readonly storedBytes: number;
  readonly eventLoopDelayMs: number;
  /** Over all its sockets, since the vitals before. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** What adaptive scaling decided, and why. */
export interface ScalingEvent {
  readonly kind: "scaling";
  readonly decision: ScalingDecision;
}

export interface ScalingDecision {
  readonly atMs: number;
  /** Workers that are there. */
  readonly live: number;
  /** Workers that are there or on their way. */
  readonly requested: number;
  readonly target: number;
  readonly reason: string;
}

export interface LogEvent {
  readonly kind: "log";
  readonly line: LogLine;
}

export interface LogLine {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly source: "scheduler" | "worker" | "task";
  /** Absent for the scheduler's own. */
  readonly worker?: string | undefined;
  /** These three only for a task's. */
  readonly run?: string | undefined;
  readonly key?: string | undefined;
  readonly attempt?: number | undefined;
  /** Where user code wrote it: its console and streams, or `taskContext().log`. */
  readonly stream?: "stdout" | "stderr" | "log" | undefined;
  readonly text: string;
}

/** A line as a worker tells it: the scheduler knows who said it. */
export type WorkerLogLine = Omit<LogLine, "worker">;

/** Where a process spent its time, as sampled since its last profile. */
export interface ProfileEvent {
  readonly kind: "profile";
  /** A worker's name (its slots, merged), or "scheduler". */
  readonly process: string;
  readonly frames: readonly ProfileFrame[];
}

/** A node of a call tree. */
export interface ProfileFrame {
  readonly name: string;
  /** `file:line`; empty for native code. */
  readonly place: string;
  /** Index of its caller among the frames, which comes before it; -1 for a root. */
  readonly parent: number;
  /** Time in the function itself, without what it called. */
  readonly selfMs: number;
}

/** Events that were left out, because there were too many. */
export interface DroppedEvent {
  readonly kind: "dropped";
  readonly atMs: number;
  readonly what: "events" | "log lines";
  readonly count: number;
}
