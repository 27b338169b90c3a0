import type { FnRef } from "../../protocol/code.ts";
import { assertNever, InvariantViolation, type WireError } from "../../protocol/errors.ts";
import type { FnId, TaskId } from "../../protocol/ids.ts";
import { Story } from "../../protocol/story.ts";
import { Attempts, type Surroundings } from "./attempts.ts";
import { Brevity } from "./brevity.ts";
import { CodeShelf } from "./code-shelf.ts";
import type { WorkerEffect, WorkerEnd } from "./effects.ts";
import type { ArrivedValue, CoreMessage, WorkerEvent } from "./events.ts";
import { Held } from "./held.ts";
import { Inputs } from "./inputs.ts";
import { checkInvariants } from "./invariants.ts";
import { inventoryOf } from "./inventory.ts";
import { Jobs } from "./jobs.ts";
import { Outbox } from "./outbox.ts";
import { type Quantities, ResourceBudget } from "./resource-budget.ts";
import { RunOrders } from "./run-orders.ts";

export interface WorkerCoreOptions {
  /** How many tasks run at a time. */
  readonly slots: number;
  readonly resources: Quantities;
  /** How long to keep everything for a scheduler whose connection was lost, in ms. Default 30,000; 0: not at all. */
  readonly reconnectMs?: number | undefined;
  /** Whether jobs that were handed to a slot and have not begun can be taken back. Default: they cannot. */
  readonly canTakeBack?: boolean | undefined;
}

type Phase =
  | { readonly kind: "running" }
  /** Nothing more is started; the process ends with the last thing that runs. */
  | { readonly kind: "draining"; readonly end: WorkerEnd; readonly reason: string }
  | { readonly kind: "ended" };

/**
 * The worker as a state machine without I/O. `nowMs` is Unix epoch time that never goes backwards. Effects are to be carried
 * out in order. `nextWakeupMs()` says when to send a "wake" if nothing else happens first; extra wakes do nothing.
 */
export class WorkerCore {
  readonly #outbox: Outbox = new Outbox();
  readonly #story: Story = new Story();
  readonly #functions: Map<FnId, FnRef> = new Map();
  readonly #parts: Surroundings;
  readonly #attempts: Attempts;
  readonly #orders: RunOrders;
  readonly #reconnectMs: number;
  #phase: Phase = { kind: "running" };
  /** Its memory is nearly full: what runs goes on, nothing else is started. */
  #paused = false;
  /** When the scheduler that this worker is away from surely has given it up. */
  #forgetAtMs: number = Number.POSITIVE_INFINITY;
  #nowMs = 0;

  constructor(options: WorkerCoreOptions) {
    const outbox = this.#outbox;
    this.#reconnectMs = options.reconnectMs ?? 30_000;
    this.#parts = {
      outbox,
      story: this.#story,
      held: new Held(outbox),
      inputs: new Inputs(outbox),
      codes: new CodeShelf(outbox),
      jobs: new Jobs(options.slots),
      budget: new ResourceBudget(options.resources),
      brevity: new Brevity(options.canTakeBack ?? false),
    };
    this.#attempts = new Attempts(this.#parts, (fn) => this.#function(fn));
    this.#orders = new RunOrders(this.#parts.jobs, this.#parts.codes, outbox);
  }

  handle(event: WorkerEvent, nowMs: number): readonly WorkerEffect[] {
    if (this.#phase.kind === "ended") return [];
    this.#nowMs = nowMs;
    if (nowMs >= this.#forgetAtMs) this.#forget();
    this.#dispatch(event, nowMs);
    this.#goOn(nowMs);
    return this.#outbox.take();
  }

  nextWakeupMs(): number | undefined {
    const inputsMs = this.#phase.kind === "running" ? this.#parts.inputs.nextWakeupMs(this.#nowMs) : undefined;
    const nextMs = Math.min(inputsMs ?? Number.POSITIVE_INFINITY, this.#forgetAtMs);
    return Number.isFinite(nextMs) ? nextMs : undefined;
  }

  /** The keys of what runs now, for whoever has to explain the end of this process. */
  runningKeys(): string[] {
    return Array.from(this.#parts.jobs.entries(), ([, job]) =>
      job.kind === "attempt" ? job.attempt.assignment.key : `run-on-worker-${job.order.request}`,
    );
  }

  /** What happened to a task here lately, oldest first. */
  story(task: TaskId): string[] {
    return this.#story.of(task);
  }

  /** Whatever it still holds, runs or wants, in words. For tests: an idle worker of an idle scheduler has nothing. */
  leftovers(): string[] {
    const { held, inputs, jobs } = this.#parts;
    const { byTask, ready } = this.#attempts;
    const counts = { results: held.size, attempts: byTask.size, "ready attempts": ready.size, jobs: jobs.size };
    const all = { ...counts, wants: inputs.wants.size, fetches: inputs.fetches.size };
    return Object.entries(all).flatMap(([what, many]) => (many > 0 ? [`${many} ${what}`] : []));
  }

  /** @throws {InvariantViolation} with the story of the task concerned. */
  checkInvariants(): void {
    checkInvariants({
      ...this.#parts,
      attempts: this.#attempts,
      accepting: this.#phase.kind === "running",
      paused: this.#paused,
      nowMs: this.#nowMs,
    });
  }

  #dispatch(event: WorkerEvent, nowMs: number): void {
    const { inputs, codes } = this.#parts;
    switch (event.kind) {
      case "messages":
        for (const message of event.messages) this.#message(message, nowMs);
        return;
      case "connected":
        // One that may be taken back says nothing before it knows whether it is.
        if (event.resuming !== true) this.#startAfresh();
        return;
      case "disconnected":
        return this.#disconnected(nowMs);
      case "slot-done":
        return this.#slotDone(event.job, event, event.startMs, event.endMs, nowMs);
      case "slot-failed":
        return this.#slotFailed(event.job, event.error, event.startMs, event.endMs, nowMs);
      case "slot-cancelled":
        return this.#slotCancelled(event.job, nowMs);
      case "slot-lent":
        return this.#slotLent(event.job, true, nowMs);
      case "slot-returned":
        return this.#slotLent(event.job, false, nowMs);
      case "slot-stalled":
        return this.#slotStalled(event.job, event.behind, nowMs);
      case "slot-unready":
        return this.#slotUnready(event.job, nowMs);
      case "slot-stuck":
        return this.#slotStuck(event.job, event.reason, nowMs);
      case "slots-broken":
        return this.#slotsBroken(event.reason, nowMs);
      case "fetched":
        for (const arrival of inputs.fetched(event.fetch, event.values, nowMs))
          this.#arrived(arrival.task, arrival, nowMs);
        return;
      case "fetch-unreachable":
        return inputs.unreachable(event.fetch, nowMs);
      case "fetch-busy":
        return inputs.busy(event.fetch, event.retryMs, nowMs);
      case "code-ready": {
        const bundle = codes.ready(event.load, event.path, nowMs);
        if (bundle === undefined) return;
        this.#attempts.codeReady(bundle, nowMs);
        return this.#orders.codeReady(bundle);
      }
      case "code-failed": {
        const bundle = codes.failed(event.load);
        if (bundle === undefined) return;
        this.#attempts.codeFailed(bundle, event.error, nowMs);
        return this.#orders.codeFailed(bundle, event.error);
      }
      case "unreadable":
        for (const task of event.tasks) this.#attempts.unreadable(task, nowMs);
        return;
      case "memory":
        if (event.paused === this.#paused) return;
        this.#paused = event.paused;
        // One that is about to end stays so, whatever its memory.
        if (this.#phase.kind === "running") this.#tellStatus();
        return;
      case "put":
        // A value that no scheduler knows of would never be freed.
        if (this.#outbox.tie === "none") return;
        return this.#arrived(event.task, event, nowMs);
      case "stop":
        return this.#stop(event.how, "stopped", event.reason);
      case "wake":
        return;
      default:
        assertNever(event);
    }
  }

  #message(message: CoreMessage, nowMs: number): void {
    const { held, inputs } = this.#parts;
    switch (message.op) {
      case "resume":
        return message.kept ? this.#resume() : this.#startAfresh();
      case "define-fn":
        this.#functions.set(message.fn, message.ref);
        return;
      case "compute":
        return this.#attempts.compute(message, nowMs);
      case "cancel":
        return this.#attempts.cancel(message.task, message.attempt, message.force, nowMs);
      case "give-back":
        return this.#attempts.giveBack(message.task, message.attempt, nowMs);
      case "free":
        held.drop(message.tasks);
        for (const task of message.tasks) inputs.free(task);
        return;
      case "holders":
        return inputs.holders(message.task, message.addresses);
      case "replicate":
        for (const input of message.inputs) {
          if (held.has(input.task)) this.#tellStored(input.task);
          else inputs.want(input, "replicate");
        }
        return;
      case "run":
        return this.#orders.add(message.request, this.#function(message.fn), message.args, nowMs);
      case "stop":
        return this.#stop(message.how, message.restart ? "restart" : "stopped", message.reason);
      default:
        assertNever(message);
    }
  }

  /** Sends and starts whatever the event made possible. */
  #goOn(nowMs: number): void {
    const { inputs, jobs } = this.#parts;
    const phase = this.#phase;
    if (phase.kind === "running") {
      if (!this.#paused) this.#attempts.start(nowMs);
      inputs.pump(nowMs);
    } else if (phase.kind === "draining" && jobs.size === 0) {
      this.#end(phase.end, phase.reason);
    }
  }

  #arrived(task: TaskId, value: ArrivedValue, nowMs: number): void {
    this.#attempts.arrived(task, value, nowMs);
    this.#tellStored(task);
  }

  #tellStored(task: TaskId): void {
    this.#outbox.send({ op: "stored", task, bytes: this.#parts.held.bytes(task) });
  }

  #slotDone(number: number, result: ArrivedValue, startMs: number, endMs: number, nowMs: number): void {
    const job = this.#parts.jobs.end(number);
    if (job?.kind === "attempt") this.#attempts.done(job.attempt, result, startMs, endMs, nowMs);
    else if (job?.kind === "run") this.#orders.done(job.order, result.value);
  }

  #slotFailed(number: number, error: WireError, startMs: number, endMs: number, nowMs: number): void {
    const job = this.#parts.jobs.end(number);
    if (job?.kind === "attempt") this.#attempts.failed(job.attempt, error, startMs, endMs, nowMs);
    else if (job?.kind === "run") this.#orders.failed(job.order, error);
  }

  #slotCancelled(number: number, nowMs: number): void {
    const job = this.#parts.jobs.end(number);
    if (job?.kind === "attempt") this.#attempts.cancelled(job.attempt, nowMs);
    else if (job?.kind === "run")
      this.#orders.failed(job.order, {
        code: "CANCELLED",
        message: "It was stopped with its worker.",
        retryable: true,
      });
  }

  #slotLent(number: number, lent: boolean, nowMs: number): void {
    const job = this.#parts.jobs.lend(number, lent);
    if (job?.kind === "attempt") this.#attempts.lent(job.attempt, lent, nowMs);
  }

  #slotStalled(number: number, behind: readonly number[], nowMs: number): void {
    const { jobs } = this.#parts;
    jobs.takesLong(number);
    for (const waiting of behind) {
      const job = jobs.end(waiting);
      if (job?.kind === "attempt") this.#attempts.unstarted(job.attempt, nowMs);
    }
  }

  #slotUnready(number: number, nowMs: number): void {
    const job = this.#parts.jobs.end(number);
    if (job?.kind === "attempt") this.#attempts.unready(job.attempt, nowMs);
  }

  /**
   * Only the end of the process ends what runs there. What runs here goes back without blame; save a task that overran its
   * time, which is told as failed first, because without blame it would be tried for ever.
   */
  #slotStuck(number: number, reason: string, nowMs: number): void {
    const job = this.#parts.jobs.get(number);
    if (job === undefined) return;
    if (job.kind === "attempt" && job.attempt.state.kind === "executing" && job.attempt.assignment.timeoutMs > 0) {
      const { key, timeoutMs } = job.attempt.assignment;
      const message = `${key} ran longer than its timeoutMs (${timeoutMs} ms) and could only be stopped by ending its worker process: ${reason}. Give the native code a limit of its own, or use the executor "processes".`;
      this.#slotFailed(number, { code: "TASK_TIMED_OUT", message, retryable: false }, nowMs, nowMs, nowMs);
    }
    this.#slotsBroken(reason, nowMs);
  }

  #slotsBroken(reason: string, nowMs: number): void {
    this.#attempts.breakOff(reason, nowMs);
    const message = `this worker process ends because a slot cannot be used any more: ${reason}`;
    this.#outbox.push({ kind: "log", level: "error", fields: {}, message });
    this.#end("stuck", reason);
  }

  /** What runs goes on, and what is here stays here, for as long as the scheduler may take this worker back. */
  #disconnected(nowMs: number): void {
    if (this.#outbox.tie !== "connected") return;
    this.#outbox.leave();
    this.#forgetAtMs = nowMs + this.#reconnectMs;
    if (this.#reconnectMs === 0) this.#forget();
  }

  /** The scheduler still counts on this worker: it hears what there is, and what it may have missed. */
  #resume(): void {
    const { inputs } = this.#parts;
    this.#forgetAtMs = Number.POSITIVE_INFINITY;
    this.#outbox.connect();
    this.#outbox.send({ ...inventoryOf(this.#parts, this.#attempts, this.#status), runs: this.#orders.unanswered() });
    this.#attempts.tellLending();
    inputs.askAgain();
  }

  #startAfresh(): void {
    this.#forget();
    this.#outbox.connect();
    // A fresh registration counts as running.
    if (this.#status !== "running") this.#tellStatus();
  }

  /** To whatever scheduler comes next, the numbers that everything here goes by mean something else. */
  #forget(): void {
    const { held, inputs, codes } = this.#parts;
    this.#forgetAtMs = Number.POSITIVE_INFINITY;
    this.#outbox.forget();
    this.#attempts.drop();
    this.#orders.drop();
    inputs.clear();
    codes.forgetLoads();
    held.drop([...held.tasks()]);
    this.#functions.clear();
  }

  #stop(how: "drain" | "now", end: WorkerEnd, reason: string): void {
    if (how === "now") return this.#end(end, reason);
    const isNews = this.#phase.kind === "running";
    this.#phase = { kind: "draining", end, reason };
    if (isNews) this.#tellStatus();
  }

  get #status(): "running" | "paused" | "retiring" {
    if (this.#phase.kind !== "running") return "retiring";
    return this.#paused ? "paused" : "running";
  }

  #tellStatus(): void {
    this.#outbox.send({ op: "status", status: this.#status });
  }

  #end(end: WorkerEnd, reason: string): void {
    if (this.#phase.kind === "ended") return;
    this.#phase = { kind: "ended" };
    this.#outbox.send({ op: "goodbye", reason });
    this.#outbox.push({ kind: "end-process", end, reason });
  }

  #function(fn: FnId): FnRef {
    const found = this.#functions.get(fn);
    if (found === undefined) throw new InvariantViolation(`function ${fn} is used before it was defined`);
    return found;
  }
}
