import type { ScalingDecision, WorkerChangeEvent } from "../protocol/record.ts";

// All that a report or the dashboard shows, as plain data. Columns are arrays of one length, a row being what stands at one
// index in all of them. Unless said otherwise, times are milliseconds since `meta.startMs`, and may be before it.

/** Many texts: an array, or something that decodes them as they are asked for. */
export interface Texts {
  readonly length: number;
  at(index: number): string | undefined;
}

/** What the record itself does not tell. */
export interface ReportMeta {
  /** Of the run, or of whatever this is a report of. */
  readonly title: string;
  readonly outcome: "succeeded" | "failed" | "cancelled" | "running";
  /** The final state in the words of whoever ran it. */
  readonly state: string;
  readonly message: string;
  /** Unix epoch times; what happened outside of them is shown, but not counted as the run's time. */
  readonly startMs: number;
  readonly endMs: number;
  /** Where the cluster was. */
  readonly address: string;
  /** Where the report was written. */
  readonly host: string;
  readonly version: string;
  readonly nodeVersion: string;
}

export interface ReportData {
  readonly meta: ReportMeta;
  readonly totals: Totals;
  readonly workers: readonly WorkerRow[];
  /** By the time that they took, longest first. */
  readonly names: readonly NameRow[];
  readonly attempts: AttemptColumns;
  readonly transfers: TransferColumns;
  readonly disk: DiskColumns;
  readonly ends: EndColumns;
  readonly fleet: Fleet;
  readonly vitals: readonly VitalsSeries[];
  readonly graph: TaskGraph;
  readonly criticalPath: CriticalPath;
  readonly moved: Moved;
  readonly profiles: readonly FlameTree[];
  readonly logs: LogColumns;
  readonly dropped: readonly Dropped[];
}

/** Counted over everything that was recorded, also what is not kept row by row. */
export interface Totals {
  readonly submitted: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Submitted, and not at its end when the record was. */
  readonly unfinished: number;
  readonly attempts: number;
  /** Attempts at tasks that had been attempted before. */
  readonly retries: number;
  /** Time in slots: of all attempts, whatever came of them. */
  readonly computingMs: number;
  readonly transferringMs: number;
  readonly diskMs: number;
  /** Time of slots in which nothing ran. */
  readonly idleMs: number;
  /** Time of slots that were there. */
  readonly slotMs: number;
  /** Part of the slots' time in which something ran, 0 to 1; NaN while there was none. */
  readonly utilisation: number;
  readonly workersPeak: number;
  readonly workersLost: number;
  readonly transferredBytes: number;
  readonly writtenBytes: number;
  readonly readBytes: number;
  /** Such as "muster 0.1.0, node 24.1.0"; more than one when workers differed. */
  readonly versions: readonly string[];
}

export interface WorkerRow {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly slots: number;
  readonly memoryLimitBytes: number;
  /** How many attempts ran side by side at most. A slot that is lent to others makes it more than `slots`. */
  readonly lanes: number;
  /** What it was last known to be. */
  readonly state: WorkerChangeEvent["change"];
  readonly reason: string;
  readonly attempts: number;
  readonly busyMs: number;
  readonly slotMs: number;
}

export interface NameRow {
  readonly name: string;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly lost: number;
  /** Durations of attempts that are done; NaN where there are none. */
  readonly minMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** Of all attempts. */
  readonly totalMs: number;
  readonly bytes: number;
}

/** The fates of attempts, by their number in the column. */
export const fates = ["done", "failed", "cancelled", "lost"] as const;

/** Attempts by worker, lane, and start. */
export interface AttemptColumns {
  readonly count: number;
  readonly task: Uint32Array;
  readonly attempt: Uint32Array;
  /** Index among `workers`. */
  readonly worker: Uint32Array;
  /** Of its worker: in a lane attempts do not overlap. */
  readonly lane: Uint32Array;
  /** Index among `names`. */
  readonly name: Uint32Array;
  /** Index among `fates`. */
  readonly fate: Uint8Array;
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  readonly bytes: Float64Array;
  readonly key: Texts;
  /** Empty for one that is done. */
  readonly message: Texts;
  /** Rows, longest first. */
  readonly slowest: Uint32Array;
}

/** By worker and start. */
export interface TransferColumns {
  readonly count: number;
  /** Who got it: index among `workers`. */
  readonly worker: Uint32Array;
  /** Who gave it: index among `moved.places`. */
  readonly from: Uint32Array;
  readonly tasks: Uint32Array;
  readonly bytes: Float64Array;
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
}

/** By worker and start. */
export interface DiskColumns {
  readonly count: number;
  readonly worker: Uint32Array;
  /** 1: written; 0: read back. */
  readonly isWrite: Uint8Array;
  readonly bytes: Float64Array;
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
}

/** Tasks that have no result, in the order in which that was known. */
export interface EndColumns {
  readonly count: number;
  readonly atMs: Float64Array;
  /** 1: failed; 0: cancelled. */
  readonly isFailed: Uint8Array;
  readonly key: Texts;
  readonly name: Texts;
  readonly code: Texts;
  readonly message: Texts;
  /** The key of the task whose own end it was. */
  readonly origin: Texts;
}

export interface Fleet {
  /** How many workers there were, from each of these times on. */
  readonly atMs: Float64Array;
  readonly live: Uint32Array;
  readonly changes: readonly FleetChange[];
  /** Their `atMs`, too, are since `meta.startMs`. */
  readonly scaling: readonly ScalingDecision[];
}

export interface FleetChange {
  readonly atMs: number;
  readonly worker: string;
  readonly change: WorkerChangeEvent["change"];
  readonly reason: string;
}

/** How one process fared. A long series is made of means (of CPU and delay) and maxima (of memory) of what was measured. */
export interface VitalsSeries {
  readonly process: string;
  readonly atMs: Float64Array;
  readonly cpuPercent: Float64Array;
  readonly memoryBytes: Float64Array;
  readonly storedBytes: Float64Array;
  readonly eventLoopDelayMs: Float64Array;
  /** Over its sockets, each second. */
  readonly sentBytesPerS: Float64Array;
  readonly receivedBytesPerS: Float64Array;
}

/** The tasks and what they take from each other: each of them, or by name when they are many. */
export interface TaskGraph {
  readonly isGrouped: boolean;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** How many nodes there are that are not among these. */
  readonly omitted: number;
}

export interface GraphNode {
  /** A task's key, or a name. */
  readonly label: string;
  /** Index among `names`. */
  readonly name: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Time of all its attempts. */
  readonly totalMs: number;
  readonly onCriticalPath: boolean;
}

export interface GraphEdge {
  /** Indices among the nodes: `to` takes results of `from`. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly onCriticalPath: boolean;
}

/** The chain of tasks, each taking the result of the one before, that computed longest. */
export interface CriticalPath {
  /** The makespan cannot be less than this, however many workers there are. */
  readonly computingMs: number;
  /** Rows of `attempts`, first to last. */
  readonly rows: Uint32Array;
  /** From the end of the last of its inputs to its start. */
  readonly waitedMs: Float64Array;
}

export interface Moved {
  /** Names or addresses: workers, and who else gave something. */
  readonly places: readonly string[];
  readonly routes: readonly Route[];
  /**
   * Results that a task needed on another worker than the one which computed them, by the name of what computed them;
   * worked out from the dependencies of the attempts that are kept.
   */
  readonly byName: readonly MovedName[];
}

export interface Route {
  /** Indices among the places. */
  readonly from: number;
  readonly to: number;
  readonly transfers: number;
  readonly tasks: number;
  readonly bytes: number;
  readonly totalMs: number;
}

export interface MovedName {
  /** Index among `names`. */
  readonly name: number;
  readonly results: number;
  readonly bytes: number;
}

/** A call tree. Node 0 is the root, and callers come before what they call. */
export interface FlameTree {
  readonly kind: "tasks" | "scheduler";
  readonly count: number;
  readonly parent: Int32Array;
  readonly name: Texts;
  readonly place: Texts;
  readonly selfMs: Float64Array;
  /** With all that it called. */
  readonly totalMs: Float64Array;
}

export const logLevels = ["debug", "info", "warn", "error"] as const;
export const logSources = ["scheduler", "worker", "task"] as const;

export interface LogColumns {
  readonly count: number;
  readonly atMs: Float64Array;
  /** Index among `logLevels`. */
  readonly level: Uint8Array;
  /** Index among `logSources`. */
  readonly source: Uint8Array;
  /** Empty for the scheduler's own. */
  readonly worker: Texts;
  /** Empty but for a task's. */
  readonly key: Texts;
  readonly text: Texts;
}

/** What is not shown row by row, or not at all. */
export interface Dropped {
  /** Such as "attempts". */
  readonly what: string;
  readonly count: number;
  readonly why: string;
}
