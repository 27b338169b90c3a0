import type { WireError } from "../../protocol/errors.ts";
import type { FutureId, TaskId } from "../../protocol/ids.ts";
import type { EncodedValue, TaskRequest } from "../../protocol/messages.ts";
import { type AttemptHistory, never } from "./attempts.ts";
import type { ClientRecord } from "./client-record.ts";
import type { DurationEstimate } from "./estimates.ts";
import type { FnRecord } from "./functions.ts";
import type { PlacementClass } from "./placement-class.ts";
import type { Run } from "./run.ts";
import type { TaskGroup } from "./task-group.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Each state holds exactly the data that exists in it. */
export type TaskState =
  /** `missing` inputs are not in memory yet. */
  | { readonly kind: "waiting"; missing: number }
  /** Every input is in memory; waits for a place. `ticket` makes older queue entries of the same task recognisably stale. */
  | { readonly kind: "queued"; readonly ticket: number }
  /** Sent to a worker. `estimateMs` is what it added to the worker's occupancy. */
  | {
      readonly kind: "processing";
      readonly worker: WorkerRecord;
      readonly attempt: number;
      readonly estimateMs: number;
      started: boolean;
      /** Its worker was asked to give it back, unless it has begun. */
      askedBack: boolean;
      /** It waits for tasks that it submitted itself, and takes no slot meanwhile. */
      lent: boolean;
    }
  /** At least one worker holds the result. */
  | { readonly kind: "memory" }
  /** Ended without a result: failed, cancelled or lost, which the error's code tells apart. */
  | { readonly kind: "erred"; readonly error: WireError; readonly origin: Task }
  /** Its result was thrown away because nobody needs it; the record stays while a dependent may have to be computed again. */
  | { readonly kind: "released" };

/** States without data are shared, so that a transition into one allocates nothing. */
export const inMemory: TaskState = { kind: "memory" };
export const released: TaskState = { kind: "released" };

/** Shared by all tasks of which nothing is being stopped, as of nearly all: none of them costs a set. */
export const nowhere: ReadonlySet<WorkerRecord> = new Set();

/** A future that some client holds for a task. */
export interface Want {
  readonly client: ClientRecord;
  readonly future: FutureId;
}

/** The fate of an attempt that died with its worker, for `WorkerLostError`. */
export interface LostAttempt {
  readonly attempt: number;
  readonly worker: string;
  readonly reason: string;
  readonly coResident: readonly string[];
}

export class Task {
  readonly id: TaskId;
  readonly key: string;
  /** Undefined: a scattered value, which cannot be computed again. */
  readonly fn: FnRecord | undefined;
  readonly args: EncodedValue;
  /** By position, as the placeholders in `args` count them; the same task may stand in several. */
  readonly inputs: readonly Task[];
  /** `inputs`, each once. */
  readonly deps: readonly Task[];
  readonly request: TaskRequest;
  readonly run: Run;
  readonly group: TaskGroup;
  /** As its request says, and by the size of its inputs once that is known. */
  placement: PlacementClass;
  /** −user priority, submission generation, graph order: lower runs first. */
  readonly priority: readonly [number, number, number];
  readonly estimate: DurationEstimate;

  state: TaskState = released;
  /** Every recorded task that takes this one's result as an input. */
  readonly dependents: Set<Task> = new Set();
  /** How many of the dependents are waiting, queued or processing: while any is, the result is kept. */
  activeDependents = 0;
  readonly wants: Want[] = [];
  readonly holders: Set<WorkerRecord> = new Set();
  resultBytes = 0;
  attempts = 0;
  /** When it entered its state, in whole ms of the scheduler's clock. */
  sinceMs = 0;
  /** The worker of the latest attempt; empty when there is none, or when it is in `history` already. */
  attemptWorker = "";
  assignedMs: number = never;
  startedMs: number = never;
  endedMs: number = never;
  /** Attempts that came to nothing, or to a result that was lost later. */
  history: AttemptHistory | undefined;
  retriesLeft: number;
  readonly lostAttempts: LostAttempt[] = [];
  /** Attempts that ended through no fault of the task and with their worker alive. */
  unblamedFailures = 0;
  /** Workers that were told to stop an attempt at it and have not confirmed its end. */
  stoppingOn: ReadonlySet<WorkerRecord> = nowhere;
  /** Workers that could not reach the result anywhere and wait for new holders. */
  readonly awaitedBy: Set<WorkerRecord> = new Set();
  forgotten = false;
  /** Submitted from within a task, and of no use without it: once nobody needs it, its code is stopped. */
  nested = false;

  constructor(
    id: TaskId,
    key: string,
    fn: FnRecord | undefined,
    args: EncodedValue,
    inputs: readonly Task[],
    request: TaskRequest,
    run: Run,
    placement: PlacementClass,
    priority: readonly [number, number, number],
    estimate: DurationEstimate,
  ) {
    this.id = id;
    this.key = key;
    this.fn = fn;
    this.args = args;
    this.inputs = inputs;
    const unique = inputs.length > 1 ? new Set(inputs) : undefined;
    this.deps = unique === undefined || unique.size === inputs.length ? inputs : [...unique];
    this.request = request;
    this.run = run;
    // A scattered value has no function.
    this.group = run.group(fn?.name ?? "scattered");
    this.placement = placement;
    this.priority = priority;
    this.estimate = estimate;
    this.retriesLeft = request.retries;
  }
}

/** Whether its inputs must be kept for it. */
export function isActive(task: Task): boolean {
  const kind = task.state.kind;
  return kind === "waiting" || kind === "queued" || kind === "processing";
}

/** Whether somebody needs its result. */
export function isNeeded(task: Task): boolean {
  return task.wants.length > 0 || task.activeDependents > 0;
}

export function runsBefore(a: Task, b: Task): boolean {
  const [a0, a1, a2] = a.priority;
  const [b0, b1, b2] = b.priority;
  if (a0 !== b0) return a0 < b0;
  if (a1 !== b1) return a1 < b1;
  if (a2 !== b2) return a2 < b2;
  return a.id < b.id;
}

/** The attempt at the task that was being stopped there has ended. */
export function stoppedOn(task: Task, worker: WorkerRecord): void {
  const left = [...task.stoppingOn].filter((other) => other !== worker);
  task.stoppingOn = left.length === 0 ? nowhere : new Set(left);
}
