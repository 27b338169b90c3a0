import type { Input } from "../../protocol/messages.ts";
import { beginAttempt } from "./attempts.ts";
import { addressesOf, enter } from "./enter.ts";
import type { FnRecord } from "./functions.ts";
import { unpacked } from "./kept-values.ts";
import { suits } from "./placement-class.ts";
import { joinSharing, servesBefore } from "./run.ts";
import type { SchedulerState } from "./state.ts";
import type { Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

// Ready tasks wait here, not on workers, until a worker has room: the later a task is bound, the less there is to move
// when workers come, go or fall behind. A task whose inputs lie on some worker waits in that worker's own queue.

/** Short tasks are sent ahead until a slot has this much to do, so that it never waits for a round trip. */
const prefillMs = 5;
const prefillTasksMax = 256;

/** Every input is in memory: queues the task, at the worker that holds most of its inputs if one does. */
export function queueReady(state: SchedulerState, task: Task): void {
  joinSharing(task.run, state.runs.values());
  const home = homeOf(state, task);
  const queue = (home?.preferred ?? state.shared).queueFor(task);
  enter(state, task, queue.state);
  queue.add(task);
  if (home !== undefined) state.sought.add(home);
}

/** The suitable worker that would have to fetch least; of equals the least busy, then the one that stores least. */
function homeOf(state: SchedulerState, task: Task): WorkerRecord | undefined {
  let best: WorkerRecord | undefined;
  let bestBytes = 0;
  for (const [worker, bytes] of bytesByHolder(task)) {
    if (!takesTasks(worker) || !suits(task.placement, worker, state.workers.values())) continue;
    if (task.placement.besides?.has(worker) === true) continue;
    if (best === undefined || bytes > bestBytes || (bytes === bestBytes && lessBusy(worker, best))) {
      best = worker;
      bestBytes = bytes;
    }
  }
  return best;
}

/** How much of the task's inputs lies where. An empty result still makes its holder the better place, hence a byte for each. */
function bytesByHolder({ deps }: Task): Iterable<readonly [WorkerRecord, number]> {
  const [first] = deps;
  if (first === undefined) return [];
  const local = new Map<WorkerRecord, number>();
  // Inputs that lie at the same place mostly follow one another, and share the set that says so.
  let { holders } = first;
  let bytes = 0;
  const count = (): void => {
    for (const holder of holders) local.set(holder, (local.get(holder) ?? 0) + bytes);
  };
  for (const dep of deps) {
    if (dep.holders !== holders) {
      count();
      holders = dep.holders;
      bytes = 0;
    }
    bytes += dep.resultBytes + 1;
  }
  count();
  return local;
}

function lessBusy(a: WorkerRecord, b: WorkerRecord): boolean {
  const busyA = a.assigned / a.slots;
  const busyB = b.assigned / b.slots;
  if (busyA !== busyB) return busyA < busyB;
  if (a.storedBytes !== b.storedBytes) return a.storedBytes < b.storedBytes;
  return a.id < b.id;
}

export const takesTasks = (worker: WorkerRecord): boolean => worker.status === "running" && !worker.gone;

/** Gives queued tasks to workers with room: first to free slots, evenly, then ahead of need. */
export function pump(state: SchedulerState): void {
  fill(state, false);
  fill(state, true);
}

const hasFreeSlot = (worker: WorkerRecord): boolean => worker.assigned < worker.slots;

/** How many tasks like this one may wait on the worker itself. */
function aheadOf(state: SchedulerState, worker: WorkerRecord, task: Task): number {
  const saturated = Math.max(Math.ceil(state.options.workerSaturation * worker.slots), 1) - worker.slots;
  if (!task.estimate.known) return saturated;
  const perSlot = Math.min(prefillTasksMax, Math.floor(prefillMs / Math.max(task.estimate.ms, 0.001)));
  return Math.max(saturated, perSlot * worker.slots);
}

/** Fills free slots or, with `ahead`, what workers may have besides. In rounds of one task each, for evenness. */
function fill(state: SchedulerState, ahead: boolean): void {
  if (state.queued === 0 || state.hungry.size === 0) return;
  if (state.hungry.size === 1) {
    for (const worker of state.hungry) if (mayTake(worker, ahead)) fillOne(state, worker, ahead);
    return;
  }
  let takers = takersOf(state, ahead);
  if (takers.length > 1) takers.sort((a, b) => (lessBusy(a, b) ? -1 : 1));
  for (let assigned = true; assigned; ) {
    assigned = false;
    const again: WorkerRecord[] = [];
    for (const worker of takers) {
      if (state.queued === 0) return;
      const outcome = giveOne(state, worker, ahead);
      if (outcome === "given") assigned = true;
      // Whoever finds nothing looks again while others still fill up: what waits for a worker is worth fetching once that
      // worker has no free slot left.
      if (outcome === "given" || (outcome === "nothing" && state.sought.size > 0)) again.push(worker);
    }
    takers = again;
  }
}

function fillOne(state: SchedulerState, worker: WorkerRecord, ahead: boolean): void {
  while (state.queued > 0 && giveOne(state, worker, ahead) === "given");
}

function giveOne(state: SchedulerState, worker: WorkerRecord, ahead: boolean): "given" | "nothing" | "full" {
  if (!ahead && !hasFreeSlot(worker)) return "full";
  const task = next(state, worker);
  if (task === undefined) return "nothing";
  if (worker.assigned >= worker.slots + (ahead ? aheadOf(state, worker, task) : 0)) {
    state.hungry.delete(worker);
    return "full";
  }
  assign(state, task, worker);
  return "given";
}

const mayTake = (worker: WorkerRecord, ahead: boolean): boolean => takesTasks(worker) && (ahead || hasFreeSlot(worker));

/** Workers that may have room, and for which there may be something. */
function takersOf(state: SchedulerState, ahead: boolean): WorkerRecord[] {
  const takers: WorkerRecord[] = [];
  const bound = state.shared.isEmpty() && !waitsInVain(state);
  for (const worker of bound ? state.sought : state.hungry)
    if (mayTake(worker, ahead) && (!bound || state.hungry.has(worker))) takers.push(worker);
  return takers;
}

/** Whether another worker might take what waits for one: nobody does while that one has a free slot for it. */
function waitsInVain(state: SchedulerState): boolean {
  for (const worker of state.sought) {
    if (worker.preferred.isEmpty()) state.sought.delete(worker);
    else if (!takesTasks(worker) || !hasFreeSlot(worker) || worker.preferred.isRestricted) return true;
  }
  return false;
}

/** What the worker should run next: of its own queue and everybody's the better, else what another worker is too busy for. */
function next(state: SchedulerState, worker: WorkerRecord): Task | undefined {
  const own = worker.preferred.best(state, worker);
  const shared = state.shared.best(state, worker);
  if (own !== undefined && shared !== undefined) return servesBefore(own, shared) ? own : shared;
  return own ?? shared ?? overflowFor(state, worker);
}

/** A task that waits for a busier worker, if fetching its inputs takes less time than its turn there. */
function overflowFor(state: SchedulerState, worker: WorkerRecord): Task | undefined {
  if (worker.assigned >= worker.slots) return undefined;
  let best: Task | undefined;
  let bestGainMs = 0;
  for (const victim of state.sought) {
    if (victim === worker) continue;
    const task = victim.preferred.best(state, worker);
    if (task === undefined) {
      if (victim.preferred.isEmpty()) state.sought.delete(victim);
      continue;
    }
    const waitMs = takesTasks(victim) && victim.assigned < victim.slots ? 0 : victim.occupancyMs / victim.slots;
    const gainMs = waitMs - fetchMs(state, task, worker);
    // One that takes no tasks never runs it; nor does one that only suited while a worker that was wished for was away.
    const stranded = !takesTasks(victim) || !suits(task.placement, victim, state.workers.values());
    if (gainMs > bestGainMs || stranded) {
      best = task;
      bestGainMs = gainMs;
    }
  }
  return best;
}

/** What it takes the worker to get the inputs that it does not hold. */
export function fetchMs(state: SchedulerState, task: Task, worker: WorkerRecord): number {
  let bytes = 0;
  let holdsAll = true;
  for (const dep of task.deps) {
    if (dep.holders.has(worker)) continue;
    bytes += dep.resultBytes;
    holdsAll = false;
  }
  return holdsAll ? 0 : state.bandwidth.fetchMs(bytes);
}

function assign(state: SchedulerState, task: Task, worker: WorkerRecord): void {
  beginAttempt(task, worker.name, state.nowMs);
  occupy(state, task, worker);
  sendAttempt(state, task, worker);
}

/** The task's latest attempt takes a place on the worker from now on. */
export function occupy(state: SchedulerState, task: Task, worker: WorkerRecord): void {
  const estimateMs = task.estimate.ms + fetchMs(state, task, worker);
  enter(state, task, {
    kind: "processing",
    worker,
    attempt: task.attempts,
    estimateMs,
    started: false,
    askedBack: false,
    lent: false,
    follower: undefined,
  });
  worker.processing.add(task);
  worker.occupancyMs += estimateMs;
  if (worker.assigned > worker.slots) state.crowded.add(worker);
  worker.consume(task.placement.resources);
  task.run.serve(estimateMs);
  state.placed.push(task);
}

/** An input that nobody holds yet is one that the worker itself makes just now. */
export function sendAttempt(state: SchedulerState, task: Task, worker: WorkerRecord): void {
  const { fn } = task;
  if (fn === undefined) return;
  defineFn(state, worker, fn);
  state.toWorker(worker, {
    op: "compute",
    task: task.id,
    attempt: task.attempts,
    key: task.key,
    fn: fn.id,
    args: unpacked(task.args),
    inputs: task.inputs.length === 0 ? noInputs : task.inputs.map(inputOf),
    priority: task.priority,
    timeoutMs: task.request.timeoutMs,
    resources: task.placement.resources,
    run: task.run.name,
    alone: isToBeAlone(state, task) || undefined,
  });
}

/** Whether it must be known for sure that it ran, should its worker die. */
export function isToBeAlone(state: SchedulerState, task: Task): boolean {
  return task.onProbation || state.options.allowedWorkerLosses === 0;
}

/** Whether telling of it takes about as long as running it. */
export const isShort = ({ estimate }: Task): boolean => estimate.known && estimate.ms <= prefillMs;

const noInputs: readonly Input[] = [];
const inputOf = (task: Task): Input => ({ task: task.id, bytes: task.resultBytes, addresses: addressesOf(task) });

/** A worker learns a function's number before it first sees it. */
export function defineFn(state: SchedulerState, worker: WorkerRecord, fn: FnRecord): void {
  if (worker.definedFns.has(fn.id)) return;
  worker.definedFns.add(fn.id);
  state.toWorker(worker, { op: "define-fn", fn: fn.id, ref: fn.ref });
}

/** Tasks that waited for this worker find another home. */
export function rehome(state: SchedulerState, worker: WorkerRecord): void {
  state.sought.delete(worker);
  for (const task of worker.preferred.takeAll()) queueReady(state, task);
}
