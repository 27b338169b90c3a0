import type { WireError } from "../../protocol/errors.ts";
import type { FutureId } from "../../protocol/ids.ts";
import type { ClientRecord } from "./client-record.ts";
import { enroll, enter } from "./enter.ts";
import { forEachMember } from "./few.ts";
import type { SchedulerState } from "./state.ts";
import type { StopOrder } from "./stopping.ts";
import { addWant, isActive, isNeeded, released, removeWant, Task } from "./task.ts";
import { compute, fail, takeBack, tellErred } from "./transitions.ts";
import { wireError } from "./wire-error.ts";

/** The client dropped these futures. */
export function release(state: SchedulerState, client: ClientRecord, futures: Iterable<FutureId>): void {
  for (const future of futures) unwant(state, client, future);
}

function unwant(state: SchedulerState, client: ClientRecord, future: FutureId): void {
  const task = client.futures.get(future);
  if (task === undefined) return;
  client.futures.delete(future);
  removeWant(task, client, future);
  state.unsettled.push(task);
}

/**
 * Ends tasks at their client's wish, with everything that depends on them. A task that another client wants, or needs for
 * what it wants, goes on for that one; here it shows as cancelled all the same. `whenStopped` is called once nothing of it
 * runs anywhere.
 */
export function cancel(
  state: SchedulerState,
  client: ClientRecord,
  futures: readonly FutureId[],
  force: boolean,
  reason: string,
  whenStopped: () => void,
): void {
  const { stop, ordered } = stopOrder(force, reason, whenStopped);
  const named = futures
    .flatMap((future) => client.futures.get(future) ?? [])
    .filter((task) => task.state.kind !== "erred");
  const concerned = reachableFrom(named, () => true);
  const kept = neededByOthers(concerned, client);
  for (const task of named) {
    if (task.state.kind === "erred") continue;
    const error = cancelled(task, reason);
    for (const doomed of reachableFrom([task], (each) => each === task || isActive(each))) {
      if (kept.has(doomed)) detach(state, client, doomed, error, stop);
      else fail(state, doomed, error, task, stop);
    }
  }
  // Nothing that has what is cancelled for an input may stand for what is submitted under its key from now on.
  for (const task of concerned) if (!kept.has(task)) state.keys.drop(task);
  ordered();
}

/** Ends all of a run that has not ended, for everybody. */
export function cancelRun(
  state: SchedulerState,
  name: string,
  force: boolean,
  reason: string,
  whenStopped: () => void,
): void {
  const { stop, ordered } = stopOrder(force, reason, whenStopped);
  for (const task of [...state.tasks.values()]) {
    if (task.run.name !== name || !isActive(task)) continue;
    for (const doomed of reachableFrom([task], isActive)) state.keys.drop(doomed);
    fail(state, task, cancelled(task, reason), task, stop);
  }
  ordered();
}

/** Calls back once `ordered` was called and every attempt that was taken back by the order has stopped. */
function stopOrder(force: boolean, reason: string, whenStopped: () => void): { stop: StopOrder; ordered: () => void } {
  let stopping = 1;
  const stopped = (): void => {
    stopping--;
    if (stopping === 0) whenStopped();
  };
  const onTakenBack: StopOrder["onTakenBack"] = (attempt) => {
    stopping++;
    attempt.whenStopped.push(stopped);
  };
  return { stop: { force, reason, onTakenBack }, ordered: stopped };
}

function cancelled(task: Task, reason: string): WireError {
  const because = reason === "" ? "" : `: ${reason}`;
  return wireError("CANCELLED", `The task "${task.key}" was cancelled${because}.`, { key: task.key, reason });
}

/** Of these, those that `accept` takes, and their dependents that it takes, and so on. */
function reachableFrom(tasks: readonly Task[], accept: (task: Task) => boolean): Set<Task> {
  const found = new Set(tasks.filter(accept));
  for (const task of found)
    forEachMember(task.dependents, (dependent) => {
      if (accept(dependent)) found.add(dependent);
    });
  return found;
}

/** Those that another client wants, or would need if what it wants were lost or tried again. */
function neededByOthers(tasks: ReadonlySet<Task>, client: ClientRecord): Set<Task> {
  const needed = new Set<Task>();
  for (const task of tasks) if (task.wants.some((want) => want.client !== client)) needed.add(task);
  for (const task of needed) for (const dep of task.deps) if (tasks.has(dep)) needed.add(dep);
  return needed;
}

/** Lets one client's futures of a task end as cancelled while the task stays for others. */
function detach(state: SchedulerState, client: ClientRecord, task: Task, error: WireError, stop: StopOrder): void {
  const futures = task.wants.filter((want) => want.client === client).map((want) => want.future);
  if (futures.length === 0) return;
  release(state, client, futures);
  // The others may need it only if what they have is lost: until then it need not run.
  if (!isNeeded(task)) takeBack(state, task, stop);
  const { taskClass, future: number, chosenKey, args, inputs, deps, order } = task;
  const stub = new Task(state.nextTaskId(), taskClass, number, chosenKey, args, inputs, deps, order);
  // A retry may want it to run after all, and then needs what the task needs.
  stub.state = { kind: "erred", error, origin: stub };
  stub.sinceMs = Math.round(state.nowMs);
  enroll(state, stub);
  for (const future of futures) {
    client.futures.set(future, stub);
    const want = { client, future };
    addWant(stub, want);
    tellErred(state, want, error);
  }
}

/** Runs failed tasks again, with the failed tasks among what they depend on. */
export function retry(state: SchedulerState, client: ClientRecord, futures: readonly FutureId[]): void {
  const reset = new Set<Task>();
  for (const future of futures) {
    const task = client.futures.get(future);
    if (task?.state.kind === "erred") reset.add(task);
  }
  for (const task of reset) {
    for (const dep of task.deps) if (dep.state.kind === "erred") reset.add(dep);
  }
  for (const task of reset) {
    enter(state, task, released);
    task.retriesLeft = task.request.retries;
    task.lostAttempts = [];
    task.unblamedFailures = 0;
    for (const want of task.wants) state.toClient(want.client, { op: "pending", future: want.future });
  }
  for (const task of reset) compute(state, task);
}
