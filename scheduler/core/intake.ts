import type { FnId, FutureId } from "../../protocol/ids.ts";
import type { Submission, TaskRequest, TaskSpec } from "../../protocol/messages.ts";
import type { ClientRecord } from "./client-record.ts";
import { enroll } from "./enter.ts";
import { graphOrder } from "./order.ts";
import { recordSubmitted } from "./recording.ts";
import type { Run } from "./run.ts";
import { settleAll } from "./settle.ts";
import type { SchedulerState } from "./state.ts";
import { check, type Plan } from "./submission-check.ts";
import { addWant, isNeeded, Task, type Want } from "./task.ts";
import { type Standing, TaskClass } from "./task-class.ts";
import { compute, tellErred, tellFinished } from "./transitions.ts";

/** Takes all of a submission, or refuses all of it with one error. */
export function submit(state: SchedulerState, client: ClientRecord, submission: Submission): void {
  // What was released in the same frame must not stand for what is submitted after it.
  settleAll(state);
  const plan = check(state, client, submission);
  if ("code" in plan) {
    state.toClient(client, { op: "rejected", submission: submission.submission, error: plan });
    return;
  }
  state.toClient(client, { op: "accepted", submission: submission.submission });
  const created = create(state, client, submission, plan);
  recordSubmitted(state, submission.run, created.length);
  // Inputs first, so that a task finds its inputs' states settled when its own is decided.
  for (const task of created) compute(state, task);
  for (const task of created) if (!isNeeded(task)) state.unsettled.push(task);
}

/** Where a submission stands in the order of tasks: its generation, and the first of its tasks within that. */
interface Position {
  /** Added to the priority of each of its tasks. */
  readonly priority: number;
  readonly generation: number;
  readonly first: number;
}

/**
 * What a task submits comes before all that is still to be started of the parent's generation from the parent on: so a
 * recursion goes into the depth, and only as many parents wait at a time as it is deep.
 */
function positionOf(state: SchedulerState, { parent: key, tasks }: Submission): Position {
  const parent = key === undefined ? undefined : state.keys.get(key);
  if (parent !== undefined) {
    const { lowered, generation } = parent.taskClass.standing;
    return { priority: -lowered, generation, first: parent.order - tasks.length };
  }
  state.generation++;
  return { priority: 0, generation: state.generation, first: 0 };
}

/** Makes the records, inputs before dependents; a key that is known already stands for the task that it named. */
function create(state: SchedulerState, client: ClientRecord, submission: Submission, plan: Plan): Task[] {
  const { tasks } = submission;
  const run = state.run(submission.run);
  const position = positionOf(state, submission);
  const classes = new Classes(state, client, submission, run, position);
  const byIndex: Task[] = new Array(tasks.length);
  const created: Task[] = [];
  const order = graphOrder(plan.inner);
  const byRank = new Uint32Array(tasks.length);
  for (let index = 0; index < tasks.length; index++) byRank[order[index] as number] = index;
  for (const index of byRank) {
    const spec = tasks[index] as TaskSpec;
    const taskClass = classes.of(spec);
    const inputs = inputsOf(plan, index, byIndex);
    let task = knownTask(state, spec, taskClass);
    // Its inputs may be called the same and be others, if somebody cancelled those: then it gives its key up, as they did.
    if (task === undefined || !isSameList(task.inputs, inputs)) {
      const args = state.values.keep(spec.args);
      const place = position.first + (order[index] as number);
      task = new Task(state.nextTaskId(), taskClass, spec.future, spec.key, args, inputs, onceEach(inputs), place);
      enroll(state, task);
      state.keys.claim(task);
      created.push(task);
      if (spec.wanted) want(client, spec.future, task);
    } else if (spec.wanted) wantKnown(state, client, spec.future, task);
    else state.unsettled.push(task);
    byIndex[index] = task;
  }
  state.dropRunIfEmpty(run);
  return created;
}

/** The classes of a submission's tasks, each made when the first of its tasks comes. */
class Classes {
  readonly #state: SchedulerState;
  readonly #client: ClientRecord;
  readonly #submission: Submission;
  readonly #run: Run;
  readonly #position: Position;
  readonly #standings: Map<number, Standing> = new Map();
  readonly #known: Map<FnId, Map<number, TaskClass>> = new Map();
  #latest: TaskClass | undefined;
  #latestFn: FnId | undefined;
  #latestRequest = -1;

  constructor(state: SchedulerState, client: ClientRecord, submission: Submission, run: Run, position: Position) {
    this.#state = state;
    this.#client = client;
    this.#submission = submission;
    this.#run = run;
    this.#position = position;
  }

  of({ fn, request }: TaskSpec): TaskClass {
    if (this.#latest !== undefined && fn === this.#latestFn && request === this.#latestRequest) return this.#latest;
    let ofFn = this.#known.get(fn);
    if (ofFn === undefined) {
      ofFn = new Map();
      this.#known.set(fn, ofFn);
    }
    let found = ofFn.get(request);
    if (found === undefined) {
      found = this.#make(fn, this.#submission.requests[request] as TaskRequest);
      ofFn.set(request, found);
    }
    this.#latest = found;
    this.#latestFn = fn;
    this.#latestRequest = request;
    return found;
  }

  #make(fn: FnId, request: TaskRequest): TaskClass {
    const { prefix, parent } = this.#submission;
    const placement = this.#state.placements.intern(request);
    const standing = this.#standingOf(-(this.#position.priority + request.priority));
    return new TaskClass(
      this.#client.fns.get(fn),
      request,
      this.#run,
      placement,
      standing,
      prefix,
      parent !== undefined,
    );
  }

  /** Tasks of equal standing are told apart by their order alone, so they share it. */
  #standingOf(lowered: number): Standing {
    let standing = this.#standings.get(lowered);
    if (standing === undefined) {
      standing = { lowered, generation: this.#position.generation };
      this.#standings.set(lowered, standing);
    }
    return standing;
  }
}

const noInputs: readonly Task[] = [];

function inputsOf({ links, held }: Plan, index: number, byIndex: readonly Task[]): readonly Task[] {
  const [start, end] = [links.starts[index] as number, links.starts[index + 1] as number];
  if (start === end) return noInputs;
  const inputs: Task[] = new Array(end - start);
  for (let at = start; at < end; at++) {
    const input = links.inputs[at] as number;
    inputs[at - start] = (input < byIndex.length ? byIndex[input] : held[input - byIndex.length]) as Task;
  }
  return inputs;
}

function onceEach(inputs: readonly Task[]): readonly Task[] {
  if (inputs.length < 2 || isRising(inputs)) return inputs;
  const unique = new Set(inputs);
  return unique.size === inputs.length ? inputs : [...unique];
}

/** Then none stands there twice. Inputs are mostly named in the order in which they were made. */
function isRising(tasks: readonly Task[]): boolean {
  for (let i = 1; i < tasks.length; i++) if ((tasks[i - 1] as Task).id >= (tasks[i] as Task).id) return false;
  return true;
}

function knownTask(state: SchedulerState, { key, future }: TaskSpec, { group, prefix }: TaskClass): Task | undefined {
  return key === undefined ? state.keys.getMade(group.name, future, prefix) : state.keys.get(key);
}

function isSameList(a: readonly Task[], b: readonly Task[]): boolean {
  return a.length === b.length && a.every((task, i) => task === b[i]);
}

function want(client: ClientRecord, future: FutureId, task: Task): Want {
  const entry = { client, future };
  client.futures.set(future, task);
  addWant(task, entry);
  return entry;
}

/** The client learns at once what is known of it. */
function wantKnown(state: SchedulerState, client: ClientRecord, future: FutureId, task: Task): void {
  const entry = want(client, future, task);
  if (task.state.kind === "memory") tellFinished(state, task, entry);
  else if (task.state.kind === "erred") tellErred(state, entry, task.state.error);
  else if (task.state.kind === "released") compute(state, task);
}
