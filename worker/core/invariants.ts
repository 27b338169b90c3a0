import { InvariantViolation } from "../../protocol/errors.ts";
import type { TaskId } from "../../protocol/ids.ts";
import type { Attempt } from "./attempt.ts";
import type { Attempts, Surroundings } from "./attempts.ts";
import { maxFetches } from "./inputs.ts";
import { takesSlot } from "./jobs.ts";
import { maxFetchesPerPeer } from "./peer-queue.ts";
import { isOrphan, untriedHolders } from "./want.ts";

/** The whole state of a core, laid open for examination. */
export interface WorkerState extends Surroundings {
  readonly attempts: Attempts;
  /** It starts what it can; not so once it was told to stop. */
  readonly accepting: boolean;
  /** It starts nothing for want of memory. */
  readonly paused: boolean;
  readonly nowMs: number;
}

/** @throws {InvariantViolation} */
export function checkInvariants(state: WorkerState): void {
  checkAttempts(state);
  checkJobs(state);
  checkWants(state);
  checkFetches(state);
}

function checkAttempts(state: WorkerState): void {
  const { attempts, inputs, held, jobs } = state;
  const ready = [...attempts.byTask.values()].filter((attempt) => attempt.state.kind === "ready").length;
  must(state, ready === attempts.ready.size, "the ready queue holds exactly the ready attempts");
  for (const [task, attempt] of attempts.byTask) {
    must(state, attempt.assignment.task === task, "an attempt is filed under its task", task);
    switch (attempt.state.kind) {
      case "waiting":
        must(state, attempt.state.code || attempt.state.inputs.size > 0, "a waiting attempt waits for something", task);
        must(
          state,
          attempt.state.code === attempts.isWaitingForCode(attempt),
          "who waits for code is filed under its bundle",
          task,
        );
        must(
          state,
          !attempt.state.code || state.codes.isLoading(attempt.fn.bundle),
          "awaited code is on its way",
          task,
        );
        for (const input of attempt.state.inputs) {
          must(
            state,
            inputs.wants.get(input)?.dependents.includes(attempt) === true,
            `a missing input (${input}) is wanted`,
            task,
          );
        }
        break;
      case "ready":
        must(state, attempts.ready.has(attempt), "a ready attempt is in the ready queue", task);
        break;
      case "executing":
      case "stopping":
        must(state, isAttemptOf(state, attempt.state.job, attempt), "what runs has its job", task);
        break;
    }
    must(
      state,
      !held.has(task) || attempt.state.kind !== "waiting" || attempt.state.inputs.has(task) === false,
      "no task waits for itself",
      task,
    );
  }
  if (!state.accepting || state.paused || jobs.freeSlots <= 0) return;
  const startable = attempts.ready.peek((resources) => state.budget.fits(resources));
  must(state, startable === undefined, "no slot is idle while something could run", startable?.assignment.task);
}

function isAttemptOf({ jobs }: WorkerState, number: number, attempt: Attempt): boolean {
  const job = jobs.get(number);
  return job?.kind === "attempt" && job.attempt === attempt;
}

function checkJobs(state: WorkerState): void {
  const { jobs, budget, attempts } = state;
  const used = new Map<string, number>();
  let busy = 0;
  let waiting = 0;
  let returned = 0;
  let brief = 0;
  /** Among these are some that waited behind others, and have not been confirmed. */
  let stopping = 0;
  for (const [number, job] of jobs.entries()) {
    if (takesSlot(job)) busy++;
    if (jobs.isLent(number)) waiting++;
    if (jobs.hasReturned(number)) returned++;
    if (job.kind !== "attempt") continue;
    if (job.brief) brief++;
    const { task, resources } = job.attempt.assignment;
    const { state: current } = job.attempt;
    if (current.kind === "stopping" && !job.brief && !jobs.isLent(number) && !jobs.hasReturned(number)) stopping++;
    must(
      state,
      (current.kind === "executing" || current.kind === "stopping") && current.job === number,
      "a job's attempt runs",
      task,
    );
    must(
      state,
      current.kind === "stopping" || attempts.byTask.get(task) === job.attempt,
      "what runs and is wanted is known by its task",
      task,
    );
    for (const [name, amount] of Object.entries(resources)) used.set(name, (used.get(name) ?? 0) + amount);
  }
  must(state, busy - waiting === jobs.slots - jobs.freeSlots, "slots in use are counted");
  must(state, brief === jobs.brief, "brief jobs are counted");
  must(
    state,
    busy - waiting - returned - brief - stopping <= jobs.slots,
    "no slot is used twice, save by brief jobs, and by a task that took its slot back or is being stopped",
  );
  for (const name of new Set([...used.keys(), ...budget.names()])) {
    must(state, Math.abs((used.get(name) ?? 0) - budget.used(name)) < 1e-6, `exactly what runs consumes ${name}`);
    must(state, budget.used(name) <= (budget.total[name] ?? 0) + 1e-6, `${name} is never exceeded`);
  }
}

function checkWants(state: WorkerState): void {
  const { inputs, held, attempts } = state;
  for (const want of inputs.wants.values()) {
    const { task } = want;
    must(state, !held.has(task), "what is held is not wanted", task);
    for (const dependent of want.dependents) {
      must(state, attempts.byTask.get(dependent.assignment.task) === dependent, "who wants an input is known", task);
    }
    const places = [...inputs.peers.values()].filter(({ queued }) => queued.has(want)).map(({ address }) => address);
    switch (want.state.kind) {
      case "queued":
        must(state, !isOrphan(want), "somebody wants it", task);
        must(
          state,
          places.length > 0 && places.every((address) => untriedHolders(want).includes(address)),
          "it is queued where it may be had",
          task,
        );
        break;
      case "fetching":
        must(
          state,
          inputs.fetches.get(want.state.fetch)?.wants.includes(want) === true,
          "it is part of its fetch",
          task,
        );
        must(state, places.length === 0, "it is fetched or queued, not both", task);
        break;
      case "made-here":
        must(state, want.holders.length === 0 && attempts.byTask.has(task), "an attempt at it is here", task);
        break;
      case "asked":
        must(state, untriedHolders(want).length === 0 && places.length === 0, "every holder was tried", task);
        break;
    }
  }
}

function checkFetches(state: WorkerState): void {
  const { inputs, nowMs } = state;
  must(state, inputs.fetches.size <= maxFetches, "fetches are bounded");
  for (const peer of inputs.peers.values()) {
    const inFlight = [...inputs.fetches.values()].filter((fetch) => fetch.peer === peer).length;
    must(
      state,
      inFlight === peer.inFlight && inFlight <= maxFetchesPerPeer,
      "fetches of one peer are counted and bounded",
    );
    const idle = state.accepting && inputs.fetches.size < maxFetches && peer.open(nowMs);
    must(state, !idle, "no peer is idle while something could be asked of it");
  }
}

function must(state: WorkerState, condition: boolean, rule: string, task?: TaskId | undefined): void {
  if (condition) return;
  const story = task === undefined ? "" : ` (task ${task})\n${state.story.of(task).join("\n")}`;
  throw new InvariantViolation(`the worker's state breaks a rule: ${rule}${story}`);
}
