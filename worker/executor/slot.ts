// Over 400 lines, because a slot is one state machine: its transitions are easier to hold against each other in one file.
import { assertNever, ClusterError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import { Followers } from "./followers.ts";
import { type Exiting, slotEnded } from "./job-failure.ts";
import { after, KillLadder } from "./kill-ladder.ts";
import type { OpenHost, SlotEnd, SlotHost, SlotListener } from "./slot-host.ts";
import { type JobEnd, type ProfileOrder, type SlotEvent, type SlotJob, streamLevels } from "./slot-job.ts";
import type { FromSlot, SlotCluster, SlotWorker } from "./slot-messages.ts";
import { SlotRun } from "./slot-run.ts";
import type { SlotState } from "./slot-state.ts";
import { StartAttempts } from "./start-attempts.ts";
import { Succession } from "./succession.ts";

/** A thread or process that has not said "ready" by then is ended and counts as one that failed to start. */
const startMsMax = 60_000;

export interface SlotOptions {
  readonly kind: "thread" | "process";
  readonly open: OpenHost;
  readonly maxHeapBytes: number;
  readonly worker: SlotWorker;
  readonly cluster?: SlotCluster | undefined;
  readonly graceMs: number;
  readonly log: Logger;
  readonly onEvent: (event: SlotEvent) => void;
}

/** Its thread ended before it had begun it: the next one is to begin it. */
interface Unbegun {
  readonly kind: "unbegun";
  readonly job: number;
  readonly whole: SlotJob;
}

/** One place of a pool: a thread or process that runs one job at a time, and its successors. */
export class Slot {
  readonly #options: SlotOptions;
  #state: SlotState = { kind: "waiting", cancelWait: () => {} };
  #ladder: KillLadder | undefined;
  /** The end of a job whose thread or process has to be replaced before the slot counts as free. */
  #answer: JobEnd | Unbegun | undefined;
  #exiting: Exiting | undefined;
  #heapLimitBytes = 0;
  readonly #attempts: StartAttempts = new StartAttempts();
  readonly #loaded: Set<string> = new Set();
  /** Its code is sampled, whatever thread or process it runs in. */
  #profiled = false;
  readonly #succession: Succession;
  readonly #followers: Followers;
  /** Who waits for the slot to be usable for the first time, and for it to be gone. */
  #started: ((error?: ClusterError) => void) | undefined;
  #stopped: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: SlotOptions) {
    this.#options = options;
    const { graceMs, log, onEvent } = options;
    this.#followers = new Followers(onEvent);
    this.#succession = new Succession({
      launch: (listener) => this.#launch(listener),
      output: (stream, line) => onEvent({ kind: "log", job: undefined, stream, level: streamLevels[stream], line }),
      graceMs,
      log,
    });
  }

  /** Resolves once a job can be run; rejects when no thread or process can be started. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = (error) => (error === undefined ? resolve() : reject(error));
      this.#open();
    });
  }

  get free(): boolean {
    return this.#state.kind === "idle";
  }

  /** Its job waits for tasks that it submitted itself, and leaves the processor to others. */
  get blocked(): boolean {
    return this.#run?.blocked ?? false;
  }

  /** It has no job, and its thread or process is being started. */
  get isComing(): boolean {
    return (this.#state.kind === "waiting" || this.#state.kind === "starting") && this.#answer?.kind !== "unbegun";
  }

  /** Why no thread or process can be started any more. */
  get broken(): ClusterError | undefined {
    return this.#state.kind === "broken" ? this.#state.error : undefined;
  }

  get pid(): number | undefined {
    return "host" in this.#state ? this.#state.host.pid : undefined;
  }

  /** Whether this job was given to it and has not been answered yet. */
  has(job: number): boolean {
    return this.#run?.job.id === job || this.#answer?.job === job || this.#followers.find(job) !== undefined;
  }

  /** How many jobs may be handed over before this one comes to its turn; undefined if none may be handed over behind what runs. */
  get jobsAhead(): number | undefined {
    if (this.#state.kind !== "busy" || this.#state.host.lane === undefined || this.#stopping !== undefined)
      return undefined;
    return this.#state.run.takesFollowers ? 1 + this.#followers.size : undefined;
  }

  /** Whether its thread or process has already run a task of this bundle, and so need not load it. */
  hasLoaded(bundle: string): boolean {
    return this.#loaded.has(bundle);
  }

  run(job: SlotJob): void {
    if (this.#state.kind !== "idle") {
      throw new ClusterError("INVARIANT_VIOLATION", `job ${job.id} was given to a slot that is ${this.#state.kind}`);
    }
    const { host } = this.#state;
    const run = new SlotRun(job);
    this.#attempts.succeeded();
    this.#state = { kind: "busy", host, run };
    run.startTimeout(() => this.#timedOut(run));
    host.send({ kind: "run", job });
  }

  /** Hands over a brief job behind those that were handed over before. */
  follow(job: SlotJob): void {
    if (this.#state.kind === "busy") this.#followers.add(this.#state.host, job);
    else this.run(job);
  }

  /** Whether a job in it is known as brief and may turn out not to be, or others wait behind one. */
  get mayStall(): boolean {
    return this.#followers.size > 0 || this.#run?.takesFollowers === true;
  }

  /** To be called now and then while it may stall: gives back what waits in it if the same job has been running all the time. */
  lookForStall(): void {
    this.#drain();
    if (this.#state.kind === "busy") this.#followers.lookForStall(this.#state.host, this.#state.run);
  }

  /** Gives back the memory of what tasks have left behind, once no code keeps the thread from it. */
  collectGarbage(): void {
    const { kind } = this.#state;
    if (kind === "idle" || kind === "busy") this.#state.host.send({ kind: "collect-garbage" });
  }

  /** Answers whether a "profile" event will follow: unless it ends first, and once no code keeps the thread from it. */
  profile(order: ProfileOrder): boolean {
    const answers = this.#profiled && order !== "start" && (this.#state.kind === "idle" || this.#state.kind === "busy");
    const begins = !this.#profiled && order === "start";
    this.#profiled = order !== "stop" && (this.#profiled || begins);
    if ((answers || begins) && (this.#state.kind === "idle" || this.#state.kind === "busy"))
      this.#state.host.send({ kind: "profile", order });
    return answers;
  }

  /** Cancels a job that it has. */
  cancelJob(job: number, force: boolean): void {
    // It may have begun, or ended, without our having heard of it.
    this.#drain();
    if ("run" in this.#state && this.#state.run !== undefined && this.#followers.find(job) !== undefined)
      this.#followers.cancel(this.#state.host, this.#state.run, job, force);
    else if (this.#run?.job.id === job || this.#answer?.job === job) this.cancel(force);
  }

  /** Ends the job that runs (force), or lets it run to its end; either way it is answered by "cancelled". */
  cancel(force: boolean): void {
    if (this.#answer !== undefined) this.#answer = { kind: "cancelled", job: this.#answer.job };
    const run = this.#run;
    if (run === undefined) return;
    const former = run.intent;
    if (!force) {
      if (former === "finish") run.intent = "discard";
      return this.#recall(run);
    }
    run.intent = "cancel";
    if (this.#state.kind === "busy" && (former === "finish" || former === "discard")) this.#abort(run);
  }

  /** Ends what runs, and then the thread or process. Resolves when it is gone, or stuck. */
  stop(): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping;
    const successors = this.#succession.close();
    this.#stopping = new Promise<void>((resolve) => {
      this.#stopped = resolve;
      const state = this.#state;
      switch (state.kind) {
        case "waiting":
          state.cancelWait();
          return this.#leave();
        case "broken":
        case "stopped":
          return this.#leave();
        case "starting":
          state.cancelDeadline();
          return this.#newLadder(state.host).startWithEnd();
        case "idle":
          return this.#newLadder(state.host).startWithEnd();
        case "busy":
          return this.cancel(true);
        case "ending":
          return state.stuck ? resolve() : undefined;
        default:
          return assertNever(state);
      }
    }).then(() => successors);
    return this.#stopping;
  }

  get #run(): SlotRun | undefined {
    return "run" in this.#state ? this.#state.run : undefined;
  }

  /** Hears at once what the thread has told. */
  #drain(): void {
    if (this.#state.kind === "busy") this.#state.host.lane?.drain();
  }

  #recall(run: SlotRun): void {
    if ("host" in this.#state) this.#followers.recall(this.#state.host, run);
  }

  #open(): void {
    this.#exiting = undefined;
    this.#loaded.clear();
    const { kind, onEvent } = this.#options;
    const listener: SlotListener = {
      message: (message) => this.#received(message),
      output: (stream, line) =>
        onEvent({ kind: "log", job: this.#run?.job.id, stream, level: streamLevels[stream], line }),
      ended: (end) => this.#ended(end),
    };
    const successor = this.#succession.take(listener);
    try {
      const host = successor?.host ?? this.#launch(listener);
      const cancelDeadline = after(startMsMax, () => this.#newLadder(host).startWithEnd());
      this.#state = { kind: "starting", host, cancelDeadline };
    } catch (error) {
      return this.#failedToStart(`a ${kind} for a slot could not be started`, error);
    }
    if (successor?.heapLimitBytes !== undefined) this.#ready(successor.heapLimitBytes);
  }

  #launch(listener: SlotListener): SlotHost {
    const { open, maxHeapBytes, worker, cluster } = this.#options;
    const host = open({ maxHeapBytes }, listener);
    host.send({ kind: "init", worker, cluster });
    return host;
  }

  /** Tries again after a while, but not for ever. */
  #failedToStart(what: string, cause: unknown): void {
    const delayMs = this.#attempts.failed();
    if (delayMs !== undefined && this.#started === undefined) {
      this.#options.log.warn({ err: cause, delayMs }, `${what}; trying again`);
      this.#state = { kind: "waiting", cancelWait: after(delayMs, () => this.#open()) };
      return;
    }
    const error = this.#attempts.error(what, cause);
    this.#options.log.error({ err: cause }, error.message);
    this.#state = { kind: "broken", error };
    this.#started?.(error);
    this.#started = undefined;
    const answer = this.#takeAnswer();
    if (answer !== undefined) this.#options.onEvent({ kind: "stuck", job: answer.job, reason: error.message });
  }

  #received(message: FromSlot): void {
    const run = this.#run;
    switch (message.kind) {
      case "ready":
        return this.#ready(message.heapLimitBytes);
      case "started":
        return this.#jobBegan(message.job, message.startMs);
      case "blocked":
      case "unblocked":
        if (run === undefined || run.job.id !== message.job) return;
        run.blocked = message.kind === "blocked";
        this.#options.onEvent(message);
        return run.blocked ? this.#recall(run) : undefined;
      case "done":
        return this.#jobEnded(message, false);
      case "failed": {
        const { tainted, ...end } = message;
        return this.#jobEnded(end, tainted);
      }
      case "profile":
      case "log":
        return this.#options.onEvent(message);
      case "exiting":
        this.#exiting = message;
        return;
      default:
        return assertNever(message);
    }
  }

  #ready(heapLimitBytes: number): void {
    if (this.#state.kind !== "starting") return;
    this.#state.cancelDeadline();
    this.#heapLimitBytes = heapLimitBytes;
    this.#state = { kind: "idle", host: this.#state.host };
    if (this.#profiled) this.#state.host.send({ kind: "profile", order: "start" });
    this.#started?.();
    this.#started = undefined;
    const answer = this.#takeAnswer();
    if (answer?.kind === "unbegun") this.run(answer.whole);
    else if (answer !== undefined) this.#options.onEvent(answer);
  }

  #jobBegan(job: number, startMs: number): void {
    const current = this.#run;
    const run = current?.job.id === job ? current : this.#followers.find(job);
    if (run === undefined) return;
    run.startMs = startMs;
    this.#loaded.add(run.job.fn.bundle);
    if (run.intent !== "finish") return;
    // Until now the time went into loading its code, which is nothing that the task can help.
    if (run === current) run.startTimeout(() => this.#timedOut(run));
    this.#options.onEvent({ kind: "started", job });
  }

  /** The job reported its end. One that is being ended by force is answered when its thread or process is gone. */
  #jobEnded(end: JobEnd, tainted: boolean): void {
    if (this.#run?.job.id !== end.job) return this.#followers.ended(end);
    if (this.#state.kind !== "busy") return;
    const { host, run } = this.#state;
    run.stopTimeout();
    if (tainted) {
      run.reported = end;
      this.#newLadder(host).startWithEnd();
    } else if (this.#stopping !== undefined) {
      this.#newLadder(host).startWithEnd();
    } else {
      this.#ladder?.stop();
      this.#succession.drop();
      const next = this.#followers.next();
      this.#state = next === undefined ? { kind: "idle", host } : { kind: "busy", host, run: next };
      this.#options.onEvent(run.verdict ?? end);
      if (next === undefined || next !== this.#run) return;
      // It was cancelled when this was not known yet.
      if (next.intent === "cancel") this.#abort(next);
      else if (next.intent === "discard") this.#recall(next);
    }
  }

  #timedOut(run: SlotRun): void {
    if (this.#state.kind !== "busy" || run.intent === "cancel") return;
    // One that was cancelled without force is stopped, too, but stays cancelled.
    run.intent = run.intent === "finish" ? "time-out" : "cancel";
    this.#abort(run);
  }

  #abort(run: SlotRun): void {
    if (this.#state.kind !== "busy") return;
    run.stopTimeout();
    const { host } = this.#state;
    this.#succession.prepareSoon();
    // What is taken back here may have to be handed over again, and has to be there before it can be stopped.
    const ladder = this.#newLadder(host);
    host.send({ kind: "abort", job: run.job.id, error: run.abortError });
    ladder.startWithGrace();
  }

  #newLadder(host: SlotHost): KillLadder {
    if (this.#run !== undefined) this.#recall(this.#run);
    this.#ladder?.stop();
    const { graceMs } = this.#options;
    this.#ladder = new KillLadder({
      host,
      graceMs,
      onEnding: () => {
        this.#run?.stopTimeout();
        if (this.#run !== undefined) this.#succession.prepare();
        this.#state = { kind: "ending", host, run: this.#run, stuck: false };
      },
      onStuck: () => this.#stuck(host),
    });
    return this.#ladder;
  }

  #stuck(host: SlotHost): void {
    const { kind, log, onEvent } = this.#options;
    const run = this.#run;
    const answer = this.#takeAnswer();
    const key = run === undefined ? "" : ` of task "${run.job.key}"`;
    const reason = `the ${kind}${key} could not be ended: it sits in native code, which nothing but the end of its process stops`;
    log.error({ job: run?.job.id }, reason);
    this.#succession.drop();
    this.#state = { kind: "ending", host, run: undefined, stuck: true };
    const job = run?.job.id ?? answer?.job;
    if (job !== undefined) onEvent({ kind: "stuck", job, reason });
    this.#followers.stuck(reason);
    this.#stopped?.();
  }

  #ended(end: SlotEnd): void {
    this.#ladder?.stop();
    const run = this.#run;
    const left = run === undefined ? [] : this.#lose(run, end);
    this.#replace(end);
    // Whoever hears of these may have others for the slot.
    if (run !== undefined) this.#followers.giveBack(run, left);
  }

  /** Its thread or process is gone. Answers what is left behind it. */
  #lose(run: SlotRun, end: SlotEnd): SlotRun[] {
    const { host } = this.#state as { readonly host: SlotHost };
    const { job, startMs, verdict } = run;
    run.stopTimeout();
    const { left, firstHadBegun } = this.#followers.leave(host);
    // What ended the thread was left behind by another. If none had begun there it may be this one, which would end the next, too.
    if (!firstHadBegun && verdict === undefined && this.#loaded.size > 0) {
      this.#answer = { kind: "unbegun", job: job.id, whole: job };
      return left;
    }
    const error = slotEnded(job, this.#options.kind, end, this.#exiting, this.#heapLimitBytes);
    this.#answer = verdict ?? { kind: "failed", job: job.id, error, startMs, endMs: Date.now() };
    return left;
  }

  #replace(end: SlotEnd): void {
    const state = this.#state;
    const { kind, log } = this.#options;
    if (state.kind === "starting") state.cancelDeadline();
    if (this.#stopping !== undefined) return this.#leave();
    switch (state.kind) {
      case "busy":
        return this.#open();
      case "ending":
        if (state.run !== undefined || state.stuck) return this.#open();
        return this.#failedToStart(`a ${kind} for a slot was not ready within ${startMsMax} ms`, end.error);
      case "idle":
        log.warn({ ...end, exiting: this.#exiting }, `the ${kind} of an idle slot ended by itself`);
        return this.#failedToStart(`the ${kind} of an idle slot ended by itself`, end.error);
      case "starting":
        return this.#failedToStart(
          `a ${kind} for a slot ended before it was ready (exit code ${end.exitCode}, signal ${end.signal})`,
          end.error ?? end.lastLines.at(-1),
        );
      case "waiting":
      case "broken":
      case "stopped":
        return;
      default:
        return assertNever(state);
    }
  }

  #leave(): void {
    this.#state = { kind: "stopped" };
    this.#started?.(new ClusterError("CLOSED", "the slot was stopped before it was ready"));
    this.#started = undefined;
    const answer = this.#takeAnswer();
    if (answer !== undefined)
      this.#options.onEvent(answer.kind === "unbegun" ? { kind: "cancelled", job: answer.job } : answer);
    this.#stopped?.();
  }

  #takeAnswer(): JobEnd | Unbegun | undefined {
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }
}
