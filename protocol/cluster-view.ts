// What the HTTP API and the dashboard tell of a cluster beyond `info`, as plain data. Times that end in `AgoMs` are ages, in
// milliseconds before the answer.
import type { RunInfo, WorkerInfo } from "./cluster-info.ts";
import type { ExplainedState, Explanation } from "./explanation.ts";

/** A run, with what it gets while slots are scarce. */
export interface RunView extends RunInfo {
  /** Its share relative to other runs'. */
  readonly weight: number;
  /** It never holds more slots than this; null: no limit. */
  readonly slotsMax: number | null;
  /** Tasks that hold a slot, or wait for one at their worker. */
  readonly assigned: number;
  /** The part of all slots that is its due among the runs that have work now, 0 to 1; 0 without work. */
  readonly share: number;
  /** Tasks that are on the books, in any state. */
  readonly tasks: number;
}

/** The tasks of one run whose functions have one name. */
export interface GroupView {
  readonly run: string;
  readonly name: string;
  /** How many tasks there ever were; those in a state are fewer once some are forgotten. */
  readonly total: number;
  /** How often a result came. */
  readonly finished: number;
  readonly failed: number;
  readonly waiting: number;
  readonly queued: number;
  readonly processing: number;
  readonly memory: number;
  readonly erred: number;
  readonly released: number;
  /** What the attempts that gave a result took altogether. */
  readonly computeMs: number;
}

/** Of everything that may be many, at most so many are told; `leftOut` says how many were not. */
export interface Told<Item> {
  readonly items: readonly Item[];
  readonly leftOut: number;
}

/** Groups as nodes; an edge says that tasks of `to` take `results` results of tasks of `from`, by position among the nodes. */
export interface GraphView {
  readonly nodes: readonly GroupView[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly results: number }[];
  readonly leftOut: number;
}

export interface TaskView {
  /** Grows with every task of this scheduler. */
  readonly task: number;
  readonly key: string;
  readonly name: string;
  readonly run: string;
  readonly state: Exclude<ExplainedState, "unknown">;
  /** Only while it is processing. */
  readonly worker: string | null;
  /** Whether its code runs now. */
  readonly running: boolean;
  /** For how long it has been in this state. */
  readonly sinceAgoMs: number;
  readonly attempts: number;
  /** The size of its result in memory; 0 without one. */
  readonly bytes: number;
}

/** Tasks in the order of their numbers. */
export interface TaskPage {
  readonly tasks: readonly TaskView[];
  /** Where the next page begins (`after`); null: there is none. A page may be short, or empty, and not be the last. */
  readonly next: number | null;
}

export interface TaskDetail extends TaskView {
  readonly explanation: Explanation;
  /** At most a hundred of each. */
  readonly inputs: Told<TaskView>;
  readonly dependents: Told<TaskView>;
  /** The last of what happened to it, oldest first; empty once other tasks' stories have taken its place. */
  readonly story: readonly { readonly agoMs: number; readonly what: string }[];
}

export interface WorkerDetail extends WorkerInfo {
  /** What it was sent, running tasks first. */
  readonly tasks: Told<TaskView>;
  readonly lastHeardAgoMs: number;
  /** Expected time of all that was sent to it, all slots together. */
  readonly occupancyMs: number;
}
