import type { ExplainedReason } from "../../protocol/explanation.ts";
import { formatBytes, formatDuration } from "../../protocol/units.ts";
import { age, counted, listed, quoted } from "./explain-words.ts";
import { hasRoom, type PlacementClass, suits } from "./placement-class.ts";
import type { Run } from "./run.ts";
import type { SchedulerState } from "./state.ts";
import { isPlaceable, suitedWorkers, whyUnplaceable } from "./suitability.ts";
import { runsBefore, type Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Why a task whose inputs are all there is on no worker yet; what matters most first. */
export function whyQueued(state: SchedulerState, task: Task): ExplainedReason[] {
  if (!isPlaceable(state, task.placement)) return [unplaceable(state, task)];
  const { taking, others } = suitedWorkers(state, task.placement);
  if (taking.length === 0) return [notTaking(others)];
  const reasons: ExplainedReason[] = [];
  if (task.run.hasAllItsSlots) reasons.push(atCap(task.run));
  const withRoom = taking.filter((worker) => hasRoom(task.placement, worker));
  if (taking.every((worker) => task.stoppingOn.has(worker))) reasons.push(stopping(taking));
  else if (withRoom.length === 0) reasons.push(resourcesBusy(task.placement, taking));
  else if (withRoom.every((worker) => worker.assigned >= worker.slots)) reasons.push(slotsBusy(withRoom));
  const home = [...state.workers.values()].find((worker) => worker.preferred.tasks().includes(task));
  if (home !== undefined) reasons.push(prefers(task, home));
  return [...reasons, ...behind(state, task, taking)];
}

function unplaceable(state: SchedulerState, task: Task): ExplainedReason {
  const { code, message, details } = whyUnplaceable(state, task.placement);
  const { noWorkersTimeoutMs } = state.options;
  const patience = Number.isFinite(noWorkersTimeoutMs)
    ? ` Without one it fails once it has waited for ${formatDuration(noWorkersTimeoutMs)}.`
    : "";
  const remedy =
    code === "unsuited" ? "It can never start before a worker comes that suits it." : "It starts once one comes.";
  return { code, message: `${sentence(message)} ${remedy}${patience}`, details };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function notTaking(workers: readonly WorkerRecord[]): ExplainedReason {
  const each = workers.map(({ name, status }) => `${name} is ${status}`);
  return {
    code: "not-taking",
    message: `Of the workers that could run it, none takes tasks now: ${listed(each)}.`,
    details: { workers: Object.fromEntries(workers.map(({ name, status }) => [name, status])) },
  };
}

function atCap(run: Run): ExplainedReason {
  return {
    code: "run-at-cap",
    message: `Its run "${run.name}" has all the ${counted(run.slotsMax, "slot")} that it may have at a time.`,
    details: { run: run.name, maxSlots: run.slotsMax },
  };
}

function stopping(workers: readonly WorkerRecord[]): ExplainedReason {
  const names = workers.map(({ name }) => name);
  return {
    code: "being-stopped",
    message: `An earlier attempt at it is being stopped on ${quoted(names)}, and it cannot be begun there before that has ended.`,
    details: { workers: names },
  };
}

function resourcesBusy(placement: PlacementClass, workers: readonly WorkerRecord[]): ExplainedReason {
  const names = Object.keys(placement.resources);
  const free = workers.map((worker) => {
    const amounts = names.map((name) => `${worker.freeResources[name] ?? 0} of ${worker.resources[name] ?? 0} ${name}`);
    return `${worker.name} has ${amounts.join(" and ")} free`;
  });
  const users = workers.flatMap((worker) =>
    [...worker.processing].filter(({ placement: used }) => names.some((name) => used.resources[name] !== undefined)),
  );
  const asked = Object.entries(placement.resources).map(([name, amount]) => `${name}=${amount}`);
  const by = users.length > 0 ? `, in use by ${quoted(users.map(({ key }) => key))}` : "";
  return {
    code: "resources-busy",
    message: `It asks for ${asked.join(", ")}, and that is taken now: ${listed(free)}${by}.`,
    details: {
      resources: placement.resources,
      free: Object.fromEntries(workers.map(({ name, freeResources }) => [name, { ...freeResources }])),
    },
  };
}

function slotsBusy(workers: readonly WorkerRecord[]): ExplainedReason {
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const assigned = workers.reduce((sum, worker) => sum + worker.assigned, 0);
  const which =
    workers.length === 1
      ? `${slots === 1 ? "The only slot" : `All ${slots} slots`} of ${workers[0]?.name}, the one worker that could run it now, ${slots === 1 ? "is" : "are"} taken`
      : `All ${slots} slots of the ${workers.length} workers that could run it are taken`;
  return { code: "slots-busy", message: `${which}.`, details: { workers: workers.length, slots, assigned } };
}

function prefers(task: Task, home: WorkerRecord): ExplainedReason {
  const bytes = (inputs: readonly Task[]): number => inputs.reduce((sum, input) => sum + input.resultBytes, 0);
  const there = bytes(task.deps.filter((input) => input.holders.has(home)));
  const total = bytes(task.deps);
  return {
    code: "prefers-worker",
    message: `It waits for ${home.name}, which holds ${formatBytes(there)} of the ${formatBytes(total)} of its inputs; another worker takes it when fetching them costs less time than waiting.`,
    details: { worker: home.name, inputBytesThere: there, inputBytes: total },
  };
}

/** The queued tasks that want some of the same workers and come first, by run. */
function behind(state: SchedulerState, task: Task, taking: readonly WorkerRecord[]): ExplainedReason[] {
  const competes = new Map<PlacementClass, boolean>();
  const ahead = new Map<Run, number>();
  for (const other of state.tasks.values()) {
    if (other === task || other.state.kind !== "queued") continue;
    let competing = competes.get(other.placement);
    if (competing === undefined) {
      competing = taking.some((worker) => suits(other.placement, worker, state.workers.values()));
      competes.set(other.placement, competing);
    }
    if (competing && (other.run !== task.run || runsBefore(other, task)))
      ahead.set(other.run, (ahead.get(other.run) ?? 0) + 1);
  }
  if (ahead.size === 0) return [];
  const sentences: string[] = [];
  const own = ahead.get(task.run) ?? 0;
  if (own > 0)
    sentences.push(
      `${counted(own, "task")} of its own run "${task.run.name}" ${own === 1 ? "comes" : "come"} before it.`,
    );
  const rivals = [...ahead].filter(([run]) => run !== task.run);
  if (rivals.length > 0) {
    const each = rivals.map(([run, tasks]) => `"${run.name}" (${tasks} queued)`);
    const first = rivals.filter(([run]) => run.weightedServiceMs < task.run.weightedServiceMs).map(([run]) => run.name);
    const turn =
      first.length > 0
        ? `; of these ${quoted(first)} had less so far and ${first.length === 1 ? "is" : "are"} served before it`
        : "";
    sentences.push(`Slots are shared with ${counted(rivals.length, "other run")}: ${listed(each)}${turn}.`);
  }
  const runs = Object.fromEntries([...ahead].map(([run, tasks]) => [run.name, tasks]));
  return [{ code: "behind", message: sentences.join(" "), details: { ahead: own, runs } }];
}

/** Why a task that was sent to a worker does not run there yet. */
export function whyNotStarted(state: SchedulerState, task: Task, worker: WorkerRecord): ExplainedReason {
  const running = [...worker.processing].filter(({ state: each }) => each.kind === "processing" && each.started);
  const missing = task.deps.filter((input) => !input.holders.has(worker));
  const bytes = missing.reduce((sum, input) => sum + input.resultBytes, 0);
  const silentMs = age(worker.lastHeardMs, state.nowMs);
  const guesses: string[] = [];
  if (running.length + worker.stopping.size >= worker.slots)
    guesses.push(
      `${worker.slots === 1 ? "its slot is" : `its ${worker.slots} slots are`} taken by ${quoted(running.map(({ key }) => key)) || "attempts that are being stopped"}`,
    );
  if (missing.length > 0)
    guesses.push(`it has to fetch ${counted(missing.length, "input")} (${formatBytes(bytes)}) from other workers`);
  if (guesses.length === 0) guesses.push("nothing is known to keep it from that");
  return {
    code: "not-started",
    message: `It has not started there: ${guesses.join("; ")}.`,
    details: {
      running: running.length,
      slots: worker.slots,
      inputsToFetch: missing.length,
      bytesToFetch: bytes,
      silentMs,
    },
  };
}
