import type { FutureId } from "../../protocol/ids.ts";
import type { ClientRecord } from "./client-record.ts";
import { enter } from "./enter.ts";
import type { SchedulerState } from "./state.ts";
import { isActive, released, Task } from "./task.ts";
import { compute, fail, tellErred } from "./transitions.ts";
import { wireError } from "./wire-error.ts";

/** The client dropped these futures. */
export function release(state: SchedulerState, client: ClientRecord, futures: Iterable<FutureId>): void {
  for (const future of futures) unwant(state, client, future);
}

function unwant(state: SchedulerState, client: ClientRecord, future: FutureId): void {
  const task = client.futures.get(future);
  if (task === undefined) return;
  client.futures.delete(future);
  const index = task.wants.findIndex((want) => want.client === client && want.future === future);
  if (index >= 0) task.wants.splice(index, 1);
  state.unsettled.push(task);
}

/**
 * Ends tasks at their client's wish, with everything that depends on them. A task that another client wants too goes on
 * for that one; here it shows as cancelled all the same. `whenStopped` is called once nothing of it runs anywhere.
 */
export function cancel(
  state: SchedulerState,
  client: ClientRecord,
  futures: readonly FutureId[],
  force: boolean,
  reason: string,
  whenStopped: () => void,
): void {
  let stopping = 1;
  const stopped = (): void => {
    stopping--;
    if (stopping === 0) whenStopped();
  };
  for (const future of futures) {
    const task = client.futures.get(future);
    if (task === undefined || task.state.kind === "erred") continue;
    const because = reason === "" ? "" : `: ${reason}`;
    const error = wireError("CANCELLED", `The task "${task.key}" was cancelled${because}.`, { key: task.key, reason });
    const doomed = dependentsOf(task);
    if (doomed.some((each) => each.wants.some((want) => want.client !== client))) {
      detach(state, client, future, task, error);
      continue;
    }
    for (const each of doomed) if (state.keys.get(each.key) === each) state.keys.delete(each.key);
    fail(state, task, error, task, {
      force,
      reason,
      onTakenBack: (attempt) => {
        stopping++;
        attempt.whenStopped.push(stopped);
      },
    });
  }
  stopped();
}

/** The task and all that need its result, directly or not, and have not ended. */
function dependentsOf(task: Task): Task[] {
  const found = new Set([task]);
  for (const each of found) for (const dependent of each.dependents) if (isActive(dependent)) found.add(dependent);
  return [...found];
}

/** Lets one client's future end as cancelled while the task goes on for others. */
function detach(
  state: SchedulerState,
  client: ClientRecord,
  future: FutureId,
  task: Task,
  error: ReturnType<typeof wireError>,
): void {
  unwant(state, client, future);
  const stub = new Task(
    state.nextTaskId(),
    task.key,
    undefined,
    [],
    [],
    task.request,
    task.run,
    task.placement,
    task.priority,
    task.estimate,
  );
  stub.state = { kind: "erred", error, origin: stub };
  state.tasks.set(stub.id, stub);
  stub.run.tasks++;
  client.futures.set(future, stub);
  const want = { client, future };
  stub.wants.push(want);
  tellErred(state, want, error);
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
    task.lostAttempts.length = 0;
    for (const want of task.wants) state.toClient(want.client, { op: "pending", future: want.future });
  }
  for (const task of reset) compute(state, task);
}
