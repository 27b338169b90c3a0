import type { FnRef } from "../../protocol/code.ts";
import type { WireError } from "../../protocol/errors.ts";
import type { TaskId } from "../../protocol/ids.ts";
import type { Assignment } from "../../protocol/messages.ts";
import type { Story } from "../../protocol/story.ts";
import { type Attempt, isReady } from "./attempt.ts";
import type { Brevity } from "./brevity.ts";
import type { CodeShelf } from "./code-shelf.ts";
import type { ArrivedValue } from "./events.ts";
import type { Held } from "./held.ts";
import type { Inputs } from "./inputs.ts";
import type { Jobs } from "./jobs.ts";
import type { Outbox } from "./outbox.ts";
import { ReadyQueue } from "./ready-queue.ts";
import type { Quantities, ResourceBudget } from "./resource-budget.ts";

/** What an attempt goes through needs all of these. */
export interface Surroundings {
  readonly outbox: Outbox;
  readonly held: Held;
  readonly inputs: Inputs;
  readonly codes: CodeShelf;
  readonly jobs: Jobs;
  readonly budget: ResourceBudget;
  readonly story: Story;
  readonly brevity: Brevity;
}

/** The life of each attempt: waiting → ready → executing → its end, or stopping → its end. One attempt a task at a time. */
export class Attempts {
  readonly byTask: Map<TaskId, Attempt> = new Map();
  readonly ready: ReadyQueue = new ReadyQueue();
  readonly #waitingForCode: Map<string, Set<Attempt>> = new Map();
  readonly #functions: (fn: Assignment["fn"]) => FnRef;
  readonly #with: Surroundings;
  readonly #fits: (resources: Quantities) => boolean;
  #sequence = 0;

  constructor(surroundings: Surroundings, functions: (fn: Assignment["fn"]) => FnRef) {
    this.#with = surroundings;
    this.#functions = functions;
    this.#fits = (resources) => surroundings.budget.fits(resources);
  }

  compute(assignment: Assignment, nowMs: number): void {
    const { task, attempt: number } = assignment;
    const { outbox, held, story } = this.#with;
    const current = this.byTask.get(task);
    if (current !== undefined) {
      const latest =
        current.state.kind === "stopping" ? (current.state.next ?? current.assignment) : current.assignment;
      if (number <= latest.attempt) return story.tell(task, nowMs, "ignored an old compute, attempt", number);
      if (current.state.kind === "executing") this.#stop(current, current.state.job, true, false);
      if (current.state.kind === "stopping") {
        current.state.next = assignment;
        return story.tell(task, nowMs, "waits for the end of its predecessor, attempt", number);
      }
      this.#leave(current);
    }
    if (held.has(task)) {
      story.tell(task, nowMs, "is held already, attempt", number);
      return outbox.send({ op: "done", task, attempt: number, bytes: held.bytes(task), startMs: nowMs, endMs: nowMs });
    }
    story.tell(task, nowMs, "assigned, attempt", number);
    const attempt: Attempt = {
      assignment,
      fn: this.#functions(assignment.fn),
      sequence: this.#sequence++,
      state: isReady,
    };
    this.byTask.set(task, attempt);
    this.#gather(attempt, nowMs);
  }

  cancel(task: TaskId, number: number, force: boolean, nowMs: number): void {
    const { outbox, story } = this.#with;
    const attempt = this.byTask.get(task);
    if (attempt === undefined) return story.tell(task, nowMs, "ignored a late cancel of attempt", number);
    const { state } = attempt;
    if (state.kind === "stopping" && state.next?.attempt === number) {
      state.next = undefined;
      return outbox.send({ op: "cancelled", task, attempt: number });
    }
    if (attempt.assignment.attempt !== number)
      return story.tell(task, nowMs, "ignored a late cancel of attempt", number);
    story.tell(task, nowMs, "cancelled, attempt", number);
    switch (state.kind) {
      case "waiting":
      case "ready":
        this.#leave(attempt);
        return outbox.send({ op: "cancelled", task, attempt: number });
      case "executing":
        return this.#stop(attempt, state.job, force, true);
      case "stopping":
        state.answer = true;
        if (!force || state.force) return;
        state.force = true;
        return outbox.push({ kind: "cancel-execution", job: state.job, force: true });
    }
  }

  /** Lets go of an attempt that has not begun. */
  giveBack(task: TaskId, number: number, nowMs: number): void {
    const attempt = this.byTask.get(task);
    const hasBegun = attempt?.assignment.attempt === number && attempt.state.kind === "executing";
    if (hasBegun) this.#with.outbox.send({ op: "kept", task, attempt: number });
    else this.cancel(task, number, false, nowMs);
  }

  /** A result is here now, however it came: it is kept, and whoever waits for it goes on. */
  arrived(task: TaskId, result: ArrivedValue, nowMs: number): void {
    const { held, inputs } = this.#with;
    held.keep(task, result);
    for (const attempt of inputs.satisfied(task)) {
      if (attempt.state.kind !== "waiting") continue;
      attempt.state.inputs.delete(task);
      this.#readyIfComplete(attempt, nowMs);
    }
  }

  codeReady(bundle: string, nowMs: number): void {
    for (const attempt of this.#takeWaitingForCode(bundle)) {
      if (attempt.state.kind !== "waiting") continue;
      attempt.state.code = false;
      this.#readyIfComplete(attempt, nowMs);
    }
  }

  codeFailed(bundle: string, error: WireError, nowMs: number): void {
    for (const attempt of this.#takeWaitingForCode(bundle)) {
      this.#leave(attempt);
      this.#fail(attempt, error, error.retryable ? "infrastructure" : "task", nowMs, nowMs);
    }
  }

  /** Gives free slots to what is ready, as far as resources go. */
  start(nowMs: number): void {
    while (this.ready.size > 0 && this.#hasRoom()) {
      const attempt = this.ready.take(this.#fits);
      if (attempt === undefined) return;
      // An input may have been freed, or the code grown old, while it stood in the queue.
      if (this.#complete(attempt, nowMs)) this.#execute(attempt, nowMs);
      else this.#gather(attempt, nowMs);
    }
  }

  /** Whether what comes next may be given to a slot: to a free one or, if it is brief, to one of those that have brief ones. */
  #hasRoom(): boolean {
    const { jobs, brevity } = this.#with;
    if (jobs.freeSlots > 0) return true;
    if (jobs.brief === 0) return false;
    const next = this.ready.peek(this.#fits);
    if (next === undefined) return false;
    const perSlot = brevity.perSlot(next.fn, next.assignment);
    return perSlot > 1 && jobs.brief < perSlot * jobs.shareableSlots;
  }

  /** It was handed to a slot, and given back before it began. */
  unstarted(attempt: Attempt, nowMs: number): void {
    const { outbox, story } = this.#with;
    // A brief one consumes nothing that would have to be given back.
    const { task, attempt: number } = attempt.assignment;
    if (attempt.state.kind !== "executing") return void this.#ended(attempt, nowMs);
    story.tell(task, nowMs, "waits for another slot, attempt", number);
    attempt.state = isReady;
    this.ready.add(attempt);
    outbox.send({ op: "unstarted", task, attempt: number });
  }

  done(attempt: Attempt, result: ArrivedValue, startMs: number, endMs: number, nowMs: number): void {
    const { task, attempt: number } = attempt.assignment;
    this.#with.brevity.sample(attempt.fn, Math.max(0, endMs - startMs));
    if (this.#ended(attempt, nowMs)) return;
    this.arrived(task, result, nowMs);
    this.#with.outbox.send({ op: "done", task, attempt: number, bytes: result.bytes, startMs, endMs });
  }

  failed(attempt: Attempt, error: WireError, startMs: number, endMs: number, nowMs: number): void {
    if (!this.#ended(attempt, nowMs)) this.#fail(attempt, error, "task", startMs, endMs);
  }

  /** An input could not be read when its slot was to begin. */
  unready(attempt: Attempt, nowMs: number): void {
    if (!this.#ended(attempt, nowMs)) this.#fail(attempt, unreadableInput(attempt), "infrastructure", nowMs, nowMs);
  }

  /**
   * A result that was held here is gone. What counted on it goes back without blame: the scheduler knows where else it lies,
   * or has it computed again, and for that this worker's places must not be taken by those that wait for it.
   */
  unreadable(task: TaskId, nowMs: number): void {
    const { held, outbox, story } = this.#with;
    if (!held.has(task)) return;
    held.drop([task]);
    story.tell(task, nowMs, "could not be read back");
    outbox.send({ op: "dropped", task });
    for (const attempt of [...this.byTask.values()]) {
      if (attempt.state.kind !== "ready" && attempt.state.kind !== "waiting") continue;
      if (!attempt.assignment.inputs.some((input) => input.task === task)) continue;
      this.#leave(attempt);
      this.#fail(attempt, unreadableInput(attempt), "infrastructure", nowMs, nowMs);
    }
  }

  /** Its slot is lent out, or needed by itself again. One that was taken back may have to run to its end, and what it waits for with it. */
  lent(attempt: Attempt, lent: boolean, nowMs: number): void {
    const { outbox, story } = this.#with;
    const { task, attempt: number } = attempt.assignment;
    story.tell(task, nowMs, lent ? "lent its slot, attempt" : "took its slot back, attempt", number);
    if (attempt.state.kind === "stopping" && !attempt.state.answer) return;
    outbox.send({ op: lent ? "lent" : "returned", task, attempt: number });
  }

  /** The scheduler may have missed which slots are lent out. */
  tellLending(): void {
    const { jobs, outbox } = this.#with;
    for (const { assignment, state } of this.byTask.values()) {
      if (state.kind !== "executing" && !(state.kind === "stopping" && state.answer)) continue;
      const { task, attempt } = assignment;
      if (jobs.isLent(state.job)) outbox.send({ op: "lent", task, attempt });
      else if (jobs.hasReturned(state.job)) outbox.send({ op: "returned", task, attempt });
    }
  }

  /** Its slot says that it ended because it was told to. */
  cancelled(attempt: Attempt, nowMs: number): void {
    if (this.#ended(attempt, nowMs)) return;
    // Nobody here asked for it: the slots are being stopped, which is no fault of the task's.
    const error: WireError = {
      code: "CANCELLED",
      message: `${attempt.assignment.key} was stopped with its worker.`,
      retryable: true,
    };
    this.#fail(attempt, error, "infrastructure", nowMs, nowMs);
  }

  /**
   * The process ends for another's sake, and with it what runs. It is told of each, because a goodbye alone is never counted:
   * a task that submits what ends the process would be started again and again, and submit it again.
   */
  breakOff(reason: string, nowMs: number): void {
    for (const attempt of this.byTask.values()) {
      if (attempt.state.kind !== "executing") continue;
      const { key } = attempt.assignment;
      const message = `${key} ended with its worker process, in which a slot could not be used any more: ${reason}. Keep it away from what does that, by the option workers.`;
      this.#fail(attempt, { code: "WORKER_LOST", message, retryable: true }, "infrastructure", nowMs, nowMs);
    }
  }

  /**
   * The scheduler forgot everything: so does this worker. What runs keeps its slot until it has stopped, but the numbers it
   * goes by may mean something else to the next scheduler.
   */
  drop(): void {
    for (const attempt of [...this.byTask.values()]) {
      const { state } = attempt;
      if (state.kind === "executing" || state.kind === "stopping") this.#stop(attempt, state.job, true, false);
      this.#leave(attempt);
    }
  }

  isWaitingForCode(attempt: Attempt): boolean {
    return this.#waitingForCode.get(attempt.fn.bundle)?.has(attempt) ?? false;
  }

  #complete({ assignment, fn }: Attempt, nowMs: number): boolean {
    const { held, codes } = this.#with;
    return codes.has(fn.bundle, nowMs) && assignment.inputs.every(({ task }) => held.has(task));
  }

  /** Asks for all that is missing. */
  #gather(attempt: Attempt, nowMs: number): void {
    const { held, inputs, codes } = this.#with;
    const missing = new Set<TaskId>();
    for (const input of attempt.assignment.inputs) {
      if (held.has(input.task) || missing.has(input.task)) continue;
      missing.add(input.task);
      inputs.want(input, attempt, input.addresses.length === 0 && this.byTask.has(input.task));
    }
    const code = !codes.has(attempt.fn.bundle, nowMs);
    if (missing.size === 0 && !code) return this.#ready(attempt, nowMs);
    attempt.state = { kind: "waiting", inputs: missing, code };
    if (code) {
      const waiting = this.#waitingForCode.get(attempt.fn.bundle) ?? new Set();
      this.#waitingForCode.set(attempt.fn.bundle, waiting.add(attempt));
      codes.load(attempt.fn.bundle);
    }
    this.#readyIfComplete(attempt, nowMs);
  }

  #readyIfComplete(attempt: Attempt, nowMs: number): void {
    const { state } = attempt;
    if (state.kind === "waiting" && !state.code && state.inputs.size === 0) this.#ready(attempt, nowMs);
  }

  #ready(attempt: Attempt, nowMs: number): void {
    attempt.state = isReady;
    this.ready.add(attempt);
    this.#with.story.tell(attempt.assignment.task, nowMs, "ready, attempt", attempt.assignment.attempt);
  }

  #execute(attempt: Attempt, nowMs: number): void {
    const { outbox, jobs, budget, codes, story, brevity } = this.#with;
    const { task, attempt: number, key, args, inputs, timeoutMs, resources, run } = attempt.assignment;
    const brief = brevity.perSlot(attempt.fn, attempt.assignment) > 1;
    const job = jobs.begin({ kind: "attempt", attempt, brief });
    budget.take(resources);
    attempt.state = { kind: "executing", job };
    story.tell(task, nowMs, "executing, job", job);
    outbox.push({
      kind: "execute",
      job,
      key,
      attempt: number,
      fn: attempt.fn,
      codePath: codes.path(attempt.fn.bundle),
      args,
      inputs: inputs.map((input) => input.task),
      timeoutMs,
      run,
      brief: brief || undefined,
      extra: false,
    });
    // A brief one has most likely ended before anybody could make use of it.
    outbox.send({ op: "started", task, attempt: number }, brief);
  }

  #stop(attempt: Attempt, job: number, force: boolean, answer: boolean): void {
    attempt.state = { kind: "stopping", job, force, answer, next: undefined };
    // Nobody knows how long it takes to stop, so nothing more is to wait behind it.
    this.#with.jobs.takesLong(job);
    this.#with.outbox.push({ kind: "cancel-execution", job, force });
  }

  /** Nothing of it runs any more. Returns true if it had been taken back: then its result is nobody's. */
  #ended(attempt: Attempt, nowMs: number): boolean {
    const { outbox, budget, story, inputs } = this.#with;
    const { task, attempt: number, resources } = attempt.assignment;
    const { state } = attempt;
    if (this.byTask.get(task) === attempt) this.byTask.delete(task);
    budget.giveBack(resources);
    story.tell(task, nowMs, state.kind === "stopping" ? "stopped, attempt" : "ended, attempt", number);
    if (state.kind !== "stopping") return false;
    if (state.answer) outbox.send({ op: "cancelled", task, attempt: number });
    inputs.notMadeHere(task);
    if (state.next !== undefined) this.compute(state.next, nowMs);
    return true;
  }

  #fail(attempt: Attempt, error: WireError, blame: "task" | "infrastructure", startMs: number, endMs: number): void {
    const { task, attempt: number } = attempt.assignment;
    this.#with.inputs.notMadeHere(task);
    this.#with.outbox.send({ op: "failed", task, attempt: number, error, blame, startMs, endMs });
  }

  /** Takes one that does not run out of everything. */
  #leave(attempt: Attempt): void {
    const { state } = attempt;
    const { task } = attempt.assignment;
    this.byTask.delete(task);
    this.#with.inputs.notMadeHere(task);
    if (state.kind === "ready") this.ready.delete(attempt);
    if (state.kind !== "waiting") return;
    this.#with.inputs.forget(attempt, state.inputs);
    const waiting = this.#waitingForCode.get(attempt.fn.bundle);
    waiting?.delete(attempt);
    if (waiting?.size === 0) this.#waitingForCode.delete(attempt.fn.bundle);
  }

  #takeWaitingForCode(bundle: string): Iterable<Attempt> {
    const waiting = this.#waitingForCode.get(bundle) ?? [];
    this.#waitingForCode.delete(bundle);
    return waiting;
  }
}

function unreadableInput({ assignment }: Attempt): WireError {
  return {
    code: "UNREADABLE_VALUE",
    message: `An input of ${assignment.key} had been spilled to disk and could not be read back. Look at the worker's log for what its disk said.`,
    retryable: true,
  };
}
