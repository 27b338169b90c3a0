import { InvariantViolation } from "../../protocol/errors.ts";
import type { DurationEstimate } from "./estimates.ts";
import { hasMember, membersOf } from "./few.ts";
import type { PlacementClass } from "./placement-class.ts";
import type { ReadyQueues } from "./ready-queues.ts";
import type { SchedulerState } from "./state.ts";
import { type Following, isActive, isNeeded, type Task } from "./task.ts";
import { type TaskCounts, TaskGroup } from "./task-group.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** What must be true of the whole state between two events. */
export function checkInvariants(state: SchedulerState): void {
  const inQueues = new Set<Task>();
  checkQueues(state, state.shared, inQueues);
  for (const worker of state.workers.values()) {
    checkQueues(state, worker.preferred, inQueues);
    if (worker.preferred.waiting > 0 && !state.sought.has(worker))
      violated(state, `tasks wait for ${worker.name}, and it is not among the sought`);
  }
  let queued = 0;
  for (const task of state.tasks.values()) {
    checkTask(state, task, inQueues);
    if (task.state.kind === "queued") queued++;
  }
  checkClasses(state);
  checkGroups(state);
  checkBacklog(state);
  checkKeys(state);
  if (queued !== state.queued) violated(state, `${queued} tasks are queued, the counter says ${state.queued}`);
  for (const worker of state.workers.values()) checkWorker(state, worker);
  for (const client of state.clients.values()) {
    for (const [future, task] of client.futures) {
      if (task.forgotten) violated(state, `future ${future} of ${client.name} stands for a forgotten task`, task);
      if (!task.wants.some((want) => want.client === client && want.future === future))
        violated(state, `future ${future} of ${client.name} is not among the wants of its task`, task);
    }
  }
  if (state.placed.length > 0) violated(state, "nobody has looked who may follow what was placed");
  if (state.unsettled.length > 0) violated(state, "tasks are left unsettled after the event");
}

/** Adds to `inQueues` what waits there. */
function checkQueues(state: SchedulerState, queues: ReadyQueues, inQueues: Set<Task>): void {
  const waiting = queues.tasks();
  for (const task of waiting) inQueues.add(task);
  if (waiting.length !== queues.waiting)
    violated(state, `${waiting.length} tasks wait in queues that count ${queues.waiting}`);
}

/** The counters of queued tasks by what they ask of a worker. */
function checkClasses(state: SchedulerState): void {
  const queued = new Map<PlacementClass, number>();
  for (const { state: each, placement } of state.tasks.values())
    queued.set(placement, (queued.get(placement) ?? 0) + (each.kind === "queued" ? 1 : 0));
  for (const [placement, count] of queued) {
    if (count === placement.queued) continue;
    violated(state, `${count} tasks of one class are queued, the counter says ${placement.queued}`);
  }
}

/** The counters of tasks by run, name and state. */
function checkGroups(state: SchedulerState): void {
  const counted = new Map<TaskGroup, TaskCounts>();
  for (const run of state.runs.values())
    for (const group of run.groups.values()) counted.set(group, new TaskGroup("", "").counts);
  // Tasks of a group mostly follow one another, and this is looked at after every event of a simulation.
  let [group, counts] = [undefined as TaskGroup | undefined, undefined as TaskCounts | undefined];
  for (const task of state.tasks.values()) {
    if (task.group !== group) [group, counts] = [task.group, counted.get(task.group)];
    if (counts === undefined) violated(state, "it belongs to no group of a run on the books", task);
    else counts[task.state.kind]++;
  }
  for (const [group, counts] of counted) {
    for (const [kind, count] of Object.entries(counts)) {
      const said = group.counts[kind as keyof TaskCounts];
      if (said !== count) violated(state, `${count} tasks of ${group.name} are ${kind}, the counter says ${said}`);
    }
  }
}

/** The counters of queued tasks by what is known of their duration. */
function checkBacklog(state: SchedulerState): void {
  const queued = new Map<DurationEstimate, number>();
  for (const { state: each, estimate } of state.tasks.values())
    if (each.kind === "queued") queued.set(estimate, (queued.get(estimate) ?? 0) + 1);
  if (queued.size !== state.backlog.size)
    violated(state, `tasks of ${queued.size} durations are queued, the counters are of ${state.backlog.size}`);
  for (const [estimate, count] of queued) {
    if (count === state.backlog.of(estimate)) continue;
    violated(state, `${count} tasks of one duration are queued, the counter says ${state.backlog.of(estimate)}`);
  }
}

/** Each stands for a task on the books, which is found by it. */
function checkKeys(state: SchedulerState): void {
  for (const task of state.keys.tasks()) {
    if (task.forgotten) violated(state, "its key stands for it, and it is forgotten", task);
    if (state.keys.get(task.key) !== task) violated(state, "it is not found by its key", task);
  }
}

function checkTask(state: SchedulerState, task: Task, inQueues: ReadonlySet<Task>): void {
  const { kind } = task.state;
  if (task.forgotten) violated(state, "a forgotten task is still on the books", task);
  let active = 0;
  for (const dependent of membersOf(task.dependents)) if (isActive(dependent)) active++;
  if (active !== task.activeDependents)
    violated(state, `${active} dependents are active, the counter says ${task.activeDependents}`, task);
  if (kind === "memory" && task.holders.size === 0) violated(state, "a result in memory has no holder", task);
  if (kind !== "memory" && task.holders.size > 0) violated(state, `a ${kind} task has holders`, task);
  for (const holder of task.holders)
    if (holder.gone || !holder.holds.has(task)) violated(state, `its holder ${holder.name} does not know of it`, task);
  for (const holder of task.holders)
    if (task.holders.size === 1 && task.holders !== holder.alone)
      violated(state, `it has a set of its own for its only holder ${holder.name}`, task);
  if ((isActive(task) || kind === "memory") && !isNeeded(task))
    violated(state, `it is ${kind}, and nobody needs it`, task);
  if (kind === "released" && isNeeded(task)) violated(state, "somebody needs it, and it is released", task);
  if (!isNeeded(task) && task.dependents === undefined)
    violated(state, "nothing keeps it, and it was not forgotten", task);

  for (const dep of task.deps)
    if (!hasMember(dep.dependents, task)) violated(state, `its input "${dep.key}" does not know of it`, task);
  if (task.state.kind === "waiting") {
    const missing = task.deps.filter((dep) => dep.state.kind !== "memory").length;
    if (missing === 0 || missing !== task.state.missing)
      violated(state, `${missing} inputs are missing, the counter says ${task.state.missing}`, task);
    const stuck = task.deps.find((dep) => dep.state.kind === "released" || dep.state.kind === "erred");
    if (stuck !== undefined) violated(state, `it waits for "${stuck.key}", which is ${stuck.state.kind}`, task);
    checkFollowing(state, task, task.state.follows);
  }
  if (task.state.kind === "queued") {
    if (task.deps.some((dep) => dep.state.kind !== "memory"))
      violated(state, "it is queued without all of its inputs", task);
    if (!inQueues.has(task)) violated(state, "it is queued, and in no queue", task);
  }
  if (task.state.kind === "processing") {
    const { worker } = task.state;
    if (worker.gone || !worker.processing.has(task))
      violated(state, `its worker ${worker.name} does not know of it`, task);
    if (task.stoppingOn.has(worker)) violated(state, `${worker.name} is still stopping the attempt before`, task);
    const { follower } = task.state;
    if (follower?.state.kind === "waiting" ? follower.state.follows?.leader !== task : follower !== undefined)
      violated(state, `"${follower?.key}" does not know that it follows it`, task);
  }
}

/** Who follows another waits for nothing else, and is known to the other. */
function checkFollowing(state: SchedulerState, task: Task, follows: Following | undefined): void {
  if (follows === undefined) return;
  const { leader, worker } = follows;
  const { state: its } = leader;
  if (its.kind !== "processing" || its.worker !== worker)
    violated(state, `it follows "${leader.key}" on ${worker.name}, which is not made there`, task);
  else if (its.follower !== task) violated(state, `"${leader.key}" does not know that it is followed`, task);
  if (task.state.kind === "waiting" && task.state.missing > 1) violated(state, "it follows one of several", task);
  if (task.stoppingOn.has(worker)) violated(state, `${worker.name} is still stopping the attempt before`, task);
}

function checkWorker(state: SchedulerState, worker: WorkerRecord): void {
  const used: Record<string, number> = {};
  const use = (resources: Readonly<Record<string, number>>): void => {
    for (const [name, amount] of Object.entries(resources)) used[name] = (used[name] ?? 0) + amount;
  };
  let occupancyMs = 0;
  let lent = 0;
  let running = 0;
  for (const task of worker.processing) {
    if (task.state.kind !== "processing" || task.state.worker !== worker)
      violated(state, `${worker.name} is said to run it`, task);
    else {
      occupancyMs += task.state.estimateMs;
      if (task.state.lent) lent++;
      if (task.state.started) running++;
    }
    use(task.placement.resources);
  }
  if (Math.abs(occupancyMs - worker.occupancyMs) > 1)
    violated(state, `the occupancy of ${worker.name} is ${occupancyMs}, the counter says ${worker.occupancyMs}`);
  for (const stopping of worker.stopping.values()) {
    use(stopping.resources);
    if (stopping.lent) lent++;
    const task = state.tasks.get(stopping.task);
    if (task?.stoppingOn.has(worker) === false) violated(state, `${worker.name} is not said to stop it`, task);
  }
  if (running !== worker.running)
    violated(state, `${running} tasks run on ${worker.name}, the counter says ${worker.running}`);
  if (lent !== worker.lent)
    violated(state, `${lent} slots of ${worker.name} are lent, the counter says ${worker.lent}`);
  for (const [name, total] of Object.entries(worker.resources)) {
    const free = total - (used[name] ?? 0);
    if (free !== worker.freeResources[name])
      violated(state, `${worker.name} has ${free} ${name} free, the counter says ${worker.freeResources[name]}`);
    if (free < 0) violated(state, `${worker.name} gives out more ${name} than it has`);
  }
  let storedBytes = 0;
  for (const task of worker.holds) {
    storedBytes += task.resultBytes;
    if (!task.holders.has(worker)) violated(state, `${worker.name} holds it, and is not among its holders`, task);
  }
  if (storedBytes !== worker.storedBytes)
    violated(state, `${worker.name} stores ${storedBytes} bytes, the counter says ${worker.storedBytes}`);
}

function violated(state: SchedulerState, what: string, task?: Task): never {
  const whose = task === undefined ? "" : ` (task "${task.key}", ${task.state.kind})`;
  const story = task === undefined ? state.story.latest(50) : state.story.of(task.id);
  throw new InvariantViolation(`${what}${whose}\nstory:\n  ${story.join("\n  ")}`);
}
