import type { WireError } from "../../protocol/errors.ts";
import type { FutureId, TaskId } from "../../protocol/ids.ts";
import type { TaskRequest } from "../../protocol/messages.ts";
import { type AttemptHistory, never } from "./attempts.ts";
import type { ClientRecord } from "./client-record.ts";
import type { DurationEstimate } from "./estimates.ts";
import type { Few } from "./few.ts";
import type { FnRecord } from "./functions.ts";
import { nowhereListed } from "./holdings.ts";
import type { KeptValue } from "./kept-values.ts";
import { madeKey } from "./keys.ts";
import type { PlacementClass } from "./placement-class.ts";
import type { ReadyQueue } from "./ready-queue.ts";
import type { Run } from "./run.ts";
import type { TaskClass } from "./task-class.ts";
import type { TaskGroup } from "./task-group.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Each state holds exactly the data that exists in it. */
export type TaskState =
  /** `missing` inputs are not in memory yet. `follows`: it was sent to where the only one of them is being made. */
  | { readonly kind: "waiting"; missing: number; follows: Following | undefined }
  /** Every input is in memory; waits for a place. One object for all that wait in a queue. */
  | { readonly kind: "queued"; readonly queue: ReadyQueue }
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
      /** The task that was sent there to begin as soon as this one is done. */
      follower: Task | undefined;
    }
  /** At least one worker holds the result. */
  | { readonly kind: "memory" }
  /** Ended without a result: failed, cancelled or lost, which the error's code tells apart. */
  | { readonly kind: "erred"; readonly error: WireError; readonly origin: Task }
  /** Its result was thrown away because nobody needs it; the record stays while a dependent may have to be computed again. */
  | { readonly kind: "released" };

/** An attempt that waits on a worker for the result of the task that it follows there. It takes no slot until then. */
export interface Following {
  readonly leader: Task;
  readonly worker: WorkerRecord;
  readonly attempt: number;
}

/** States without data are shared, so that a transition into one allocates nothing. */
export const inMemory: TaskState = { kind: "memory" };
export const released: TaskState = { kind: "released" };

/** Shared by all tasks that have none of something, as nearly all have: none of them costs a set or a list. */
export const nowhere: ReadonlySet<WorkerRecord> = new Set();
const none: readonly never[] = [];

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
  readonly taskClass: TaskClass;
  /** The number by which its client submitted it. */
  readonly future: FutureId;
  /** Undefined: its key is made when somebody looks. */
  readonly chosenKey: string | undefined;
  readonly args: KeptValue;
  /** By position, as the placeholders in `args` count them; the same task may stand in several. */
  readonly inputs: readonly Task[];
  /** `inputs`, each once. */
  readonly deps: readonly Task[];
  /** Its place in the graph that it was submitted with: lower runs first. */
  readonly order: number;
  /** As its request says, and by the size of its inputs once that is known. */
  placement: PlacementClass;

  state: TaskState = released;
  /** Every recorded task that takes this one's result as an input. */
  dependents: Few<Task> = undefined;
  /** How many of the dependents are waiting, queued or processing: while any is, the result is kept. */
  activeDependents = 0;
  wants: readonly Want[] = none;
  /** Shared sets but for results with several holders: `enter.ts` alone changes it. */
  holders: ReadonlySet<WorkerRecord> = nowhere;
  /** Its place in the list of one of them; kept by `Holdings`. */
  heldAt: number = nowhereListed;
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
  history: AttemptHistory | undefined = undefined;
  retriesLeft: number;
  lostAttempts: readonly LostAttempt[] = none;
  /** A worker died that it had been sent to. */
  onProbation = false;
  /** Attempts that ended through no fault of the task and with their worker alive. */
  unblamedFailures = 0;
  /** Workers that were told to stop an attempt at it and have not confirmed its end. */
  stoppingOn: ReadonlySet<WorkerRecord> = nowhere;
  /** Workers that could not reach the result anywhere and wait for new holders. */
  awaitedBy: ReadonlySet<WorkerRecord> = nowhere;
  forgotten = false;

  constructor(
    id: TaskId,
    taskClass: TaskClass,
    future: FutureId,
    chosenKey: string | undefined,
    args: KeptValue,
    inputs: readonly Task[],
    deps: readonly Task[],
    order: number,
  ) {
    this.id = id;
    this.taskClass = taskClass;
    this.future = future;
    this.chosenKey = chosenKey;
    this.args = args;
    this.inputs = inputs;
    this.deps = deps;
    this.order = order;
    this.placement = taskClass.placement;
    this.retriesLeft = taskClass.request.retries;
  }

  get key(): string {
    return this.chosenKey ?? madeKey(this.group.name, this.future, this.taskClass.prefix);
  }

  /** Undefined: a scattered value, which cannot be computed again. */
  get fn(): FnRecord | undefined {
    return this.taskClass.fn;
  }

  get request(): TaskRequest {
    return this.taskClass.request;
  }

  get run(): Run {
    return this.taskClass.run;
  }

  get group(): TaskGroup {
    return this.taskClass.group;
  }

  get estimate(): DurationEstimate {
    return this.taskClass.estimate;
  }

  /** −user priority, submission generation, graph order: lower runs first. */
  get priority(): readonly [number, number, number] {
    const { lowered, generation } = this.taskClass.standing;
    return [lowered, generation, this.order];
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
  const [standing, other] = [a.taskClass.standing, b.taskClass.standing];
  if (standing !== other) {
    if (standing.lowered !== other.lowered) return standing.lowered < other.lowered;
    if (standing.generation !== other.generation) return standing.generation < other.generation;
  }
  if (a.order !== b.order) return a.order < b.order;
  return a.id < b.id;
}

/** Somebody holds one more future for it. */
export function addWant(task: Task, want: Want): void {
  if (task.wants.length === 0) task.wants = [want];
  else (task.wants as Want[]).push(want);
}

export function removeWant(task: Task, client: ClientRecord, future: FutureId): void {
  const index = task.wants.findIndex((want) => want.client === client && want.future === future);
  if (index < 0) return;
  if (task.wants.length === 1) task.wants = none;
  else (task.wants as Want[]).splice(index, 1);
}

/** The attempt at the task that was being stopped there has ended. */
export function stoppedOn(task: Task, worker: WorkerRecord): void {
  const left = [...task.stoppingOn].filter((other) => other !== worker);
  task.stoppingOn = left.length === 0 ? nowhere : new Set(left);
}
