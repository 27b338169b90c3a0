import type { TaskId } from "../protocol/ids.ts";
import type { EncodedValue } from "../protocol/messages.ts";
import type { Execution } from "../worker/core/effects.ts";
import type { WorkerEvent } from "../worker/core/events.ts";
import { NestedWork } from "./nested-work.ts";
import { decodeDigest, digestOf, encodeResult, type Script } from "./script.ts";
import type { SimClient } from "./sim-client.ts";
import { SimFollowers } from "./sim-followers.ts";
import type { SimScheduler } from "./sim-scheduler.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Undo } from "./virtual-time.ts";

/** How long a task is given to obey its signal, and how long its thread to end, before the slot is called stuck. */
const stuckAfterMs = 3_000;

/** However slow a worker is, what nobody may interrupt must end within the time that a simulation waits. */
const durationMsMax = 60_000;

/** How long a brief job waits for a slot that it may have, or wait in. */
const retryMs = 20;

/** How long a brief job may run until those behind it are taken back: it is looked for such jobs once in the first of these. */
const stallMs = { least: 20, most: 40 };

/** What was handed to a slot. */
interface Handed {
  readonly execution: Execution;
  readonly script: Script;
  readonly inputs: readonly EncodedValue[];
}

interface SimJob extends Handed {
  readonly startMs: number;
  /** Infinite while nobody knows, because it waits for tasks of its own. */
  endMs: number;
  intent: "finish" | "discard" | "cancel";
  undo: Undo;
  /** Ends it when it has overrun its time, if it has tasks of its own. */
  undoLimit: Undo;
  nested: NestedWork | undefined;
  /** Takes back those behind it if it runs until then. */
  undoStall: Undo | undefined;
  /** Nothing is handed to its slot behind it any more. */
  stalled: boolean;
  /** Whether it waits for tasks of its own, or has done so. */
  lent: "no" | "waiting" | "returned";
  /** Known once the worker told that it started. */
  task: TaskId | undefined;
}

export interface SlotsHost {
  readonly name: string;
  /** Of its process. */
  readonly instance: string;
  readonly slots: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly slowness: number;
  /** How many slots are for jobs whose inputs are being read. */
  readonly slotsKept: number;
  readonly scheduler: SimScheduler;
  /** Runs it when the process gets to it. */
  readonly receive: (action: () => void) => void;
  readonly tell: (event: WorkerEvent) => void;
  readonly crash: () => void;
}

/** The slots of one worker process, where tasks take virtual time and end as their scripts say. */
export class SimSlots {
  readonly running: Map<number, SimJob> = new Map();
  readonly #around: Surroundings;
  readonly #host: SlotsHost;
  /** Brief jobs that have not begun. */
  readonly #followers: SimFollowers<Handed> = new SimFollowers();
  /** Those that found no slot to wait in look again soon: once for all of them. */
  #retries = false;
  /** Which task each job attempts. */
  readonly #tasks: Map<number, TaskId> = new Map();

  constructor(around: Surroundings, host: SlotsHost) {
    this.#around = around;
    this.#host = host;
  }

  execute(execution: Execution, inputs: readonly (EncodedValue | undefined)[]): void {
    const script = this.#around.book.of(execution.args);
    const handed: Handed = { execution, script, inputs: this.#checkInputs(execution, script, inputs) };
    if (execution.brief === true && !this.#hasFreeSlot) this.#follow(handed);
    else this.#begin(handed);
  }

  #begin(handed: Handed): void {
    const { time, record, dice, network } = this.#around;
    const { execution, script } = handed;
    const spread = network.random ? dice.between(0.5, 1.5) : 1;
    const durationMs = Math.min(durationMsMax, script.options.durationMs * spread * this.#host.slowness);
    const job: SimJob = {
      ...handed,
      startMs: time.nowMs,
      endMs: time.nowMs + durationMs,
      intent: "finish",
      undo: () => {},
      undoLimit: () => {},
      nested: undefined,
      undoStall: undefined,
      stalled: false,
      lent: "no",
      task: this.#tasks.get(execution.job),
    };
    this.running.set(execution.job, job);
    this.#checkLimits(script);
    this.#around.watch.begins(script, this.#host.name);
    this.#lookForStall(job);
    record.note(this.#host.name, `runs ${execution.key}#${execution.attempt}`, execution.key);
    const { timeoutMs } = execution;
    if (script.options.rounds.length > 0 && !execution.extra) return this.#beginNested(job, durationMs);
    const overruns = timeoutMs > 0 && time.nowMs + timeoutMs < job.endMs;
    if (overruns) this.#at(job, time.nowMs + timeoutMs, () => this.#overrun(job));
    else this.#at(job, job.endMs, () => this.#ends(job));
  }

  /** The worker told the scheduler that this job attempts this task. */
  numbered(number: number, task: TaskId): void {
    this.#tasks.set(number, task);
    const job = this.running.get(number);
    if (job !== undefined) job.task = task;
  }

  /** The clients of tasks that submit tasks. */
  clients(): SimClient[] {
    return Array.from(this.running.values(), ({ nested }) => nested?.client).filter((client) => client !== undefined);
  }

  cancel(number: number, force: boolean): void {
    const { time, dice, network } = this.#around;
    if (this.#followers.remove(number)) {
      this.#tasks.delete(number);
      return this.#host.tell({ kind: "slot-cancelled", job: number });
    }
    const job = this.running.get(number);
    if (job === undefined || job.intent === "cancel") return;
    job.intent = force ? "cancel" : "discard";
    this.#takeBack(job);
    if (!force) return;
    // Its signal ends the client of its context at once.
    job.nested?.close();
    if (job.script.options.behaviour.kind !== "native") {
      const killedMs = time.nowMs + (network.random ? dice.exponential(5) : 1);
      if (killedMs < job.endMs) this.#at(job, killedMs, () => this.#ends(job));
    } else if (time.nowMs + stuckAfterMs < job.endMs) {
      this.#at(job, time.nowMs + stuckAfterMs, () => this.#stuck(job));
    }
  }

  /** What runs here and waits for tasks of its own. */
  waiting(): Script[] {
    return Array.from(this.running.values()).flatMap(({ lent, script }) => (lent === "waiting" ? [script] : []));
  }

  runs(task: TaskId, attempt: number): boolean {
    for (const job of this.running.values()) if (job.task === task && job.execution.attempt === attempt) return true;
    return false;
  }

  /** The process is gone, and with it all that ran in it. */
  vanish(silently: boolean): void {
    for (const job of this.running.values()) {
      job.undo();
      job.undoLimit();
      job.undoStall?.();
      job.nested?.close(silently);
    }
    this.running.clear();
    this.#followers.clear();
  }

  /** For a brief job. */
  get #hasFreeSlot(): boolean {
    let taken = 0;
    for (const { execution, lent } of this.running.values()) if (!execution.extra && lent !== "waiting") taken++;
    return this.#host.slots - taken > this.#host.slotsKept;
  }

  /** Waits behind the job that has the fewest behind it, or for any slot. */
  #follow(handed: Handed): void {
    const behind = ({ execution }: SimJob): number => this.#followers.countBehind(execution.job);
    const [before] = [...this.running.values()].filter(takesFollowers).sort((a, b) => behind(a) - behind(b));
    this.#around.watch.count("brief tasks handed to slots that were taken");
    this.#followers.add(handed, before?.execution.job);
    if (before !== undefined) this.#lookForStall(before);
    else if (!this.#retries) {
      this.#retries = true;
      this.#around.time.schedule(retryMs, () => this.#tryAgain());
    }
  }

  #lookForStall(job: SimJob): void {
    if (job.undoStall !== undefined || this.#followers.countBehind(job.execution.job) === 0) return;
    const { time, dice, network } = this.#around;
    const afterMs = network.random ? dice.between(stallMs.least, stallMs.most) : stallMs.least;
    job.undoStall = time.schedule(afterMs, () => {
      job.undoStall = undefined;
      this.#takeBack(job);
    });
  }

  /** Those behind this job are to begin elsewhere. */
  #takeBack(job: SimJob): void {
    if (this.#followers.countBehind(job.execution.job) === 0) return;
    job.stalled = true;
    const taken = [...this.#followers.takeBack(job.execution.job), ...this.#followers.takeBack()];
    for (const { execution, script } of taken) {
      this.#tasks.delete(execution.job);
      this.#around.watch.takenBack(script, this.#host.name);
    }
    const behind = taken.map(({ execution }) => execution.job);
    this.#host.tell({ kind: "slot-stalled", job: job.execution.job, behind });
  }

  /** What found no slot to wait in. */
  #tryAgain(): void {
    this.#retries = false;
    for (const handed of this.#followers.takeBack())
      if (this.#hasFreeSlot) this.#begin(handed);
      else this.#follow(handed);
  }

  #beginNested(job: SimJob, durationMs: number): void {
    const { time } = this.#around;
    const { name, scheduler, receive, tell } = this.#host;
    const { execution } = job;
    const { timeoutMs } = execution;
    job.endMs = Number.POSITIVE_INFINITY;
    if (timeoutMs > 0) job.undoLimit = time.schedule(timeoutMs, () => this.#overrun(job));
    const onWaiting = (waiting: boolean): void => {
      job.lent = waiting ? "waiting" : "returned";
      tell({ kind: waiting ? "slot-lent" : "slot-returned", job: execution.job });
      if (waiting) this.#takeBack(job);
    };
    const onEnd = (failure: string | undefined): void => {
      // One that is being killed ends when it is dead.
      if (job.intent === "cancel") return;
      if (failure !== undefined) return this.#over(job, () => this.#fail(job, "TASK_FAILED", failure));
      job.endMs = time.nowMs + durationMs / 2;
      this.#at(job, job.endMs, () => this.#ends(job));
    };
    this.#at(job, time.nowMs + durationMs / 2, () =>
      receive(() => {
        if (job.intent === "cancel" || this.running.get(execution.job) !== job) return;
        job.nested = new NestedWork(
          this.#around,
          { scheduler, place: name, instance: this.#host.instance, receive, onWaiting, onEnd },
          execution,
          job.script,
        );
      }),
    );
  }

  /** Nothing of it runs any more; `tell` says how it ended, unless its result is nobody's. */
  #over(job: SimJob, tell: () => void): void {
    const { nested, execution, intent } = job;
    job.undo();
    job.undoLimit();
    job.undoStall?.();
    nested?.close();
    this.running.delete(execution.job);
    this.#tasks.delete(execution.job);
    const next = this.#followers.next(execution.job);
    if (next !== undefined) this.#begin(next);
    if (intent === "finish") tell();
    else this.#host.tell({ kind: "slot-cancelled", job: execution.job });
  }

  #at(job: SimJob, atMs: number, action: () => void): void {
    job.undo();
    const { time } = this.#around;
    job.undo = time.schedule(atMs - time.nowMs, action);
  }

  #ends(job: SimJob): void {
    const { script, execution } = job;
    const { behaviour, resultBytes } = script.options;
    const killed = job.intent === "cancel";
    if (!killed && behaviour.kind === "crash" && script.crashes < behaviour.times) {
      script.crashes++;
      return this.#host.crash();
    }
    this.#over(job, () => {
      if (behaviour.kind === "throw" && script.failures < behaviour.times)
        return this.#fail(job, "TASK_FAILED", "it threw");
      const submitted = script.options.careless ? [] : script.options.rounds.flat().map(({ digest }) => digest);
      const digest = digestOf(script.id, [...job.inputs.map(decodeDigest), ...submitted]);
      const { nowMs } = this.#around.time;
      const value = encodeResult(digest, resultBytes);
      const times = { startMs: job.startMs, endMs: nowMs };
      this.#host.tell({ kind: "slot-done", job: execution.job, value, bytes: resultBytes, ...times });
    });
  }

  #overrun(job: SimJob): void {
    if (job.script.options.behaviour.kind === "native") return this.#stuck(job);
    this.#over(job, () => this.#fail(job, "TASK_TIMED_OUT", "it overran its time"));
  }

  #stuck(job: SimJob): void {
    // The core says that the task overran its time if that is what stopped it.
    if (job.intent === "finish") job.script.failures++;
    this.#around.watch.stuck++;
    this.#host.tell({ kind: "slot-stuck", job: job.execution.job, reason: "native code" });
  }

  #fail({ script, execution, startMs }: SimJob, code: "TASK_FAILED" | "TASK_TIMED_OUT", message: string): void {
    script.failures++;
    const error = { code, message, retryable: false, details: { script: script.id } };
    this.#host.tell({ kind: "slot-failed", job: execution.job, error, startMs, endMs: this.#around.time.nowMs });
  }

  #checkInputs(
    { key }: Execution,
    script: Script,
    inputs: readonly (EncodedValue | undefined)[],
  ): readonly EncodedValue[] {
    const { violated } = this.#around;
    const where = `"${key}" was started on ${this.#host.name}`;
    const { deps } = script.options;
    if (inputs.length !== deps.length)
      violated("correctness", `${where} with ${inputs.length} inputs in place of ${deps.length}`, key);
    return inputs.map((value, index) => {
      if (value === undefined) return violated("correctness", `${where} without its input ${index}`, key);
      if (decodeDigest(value) !== deps[index]?.digest)
        violated("correctness", `${where} with a wrong value as its input ${index}`, key);
      return value;
    });
  }

  #checkLimits(started: Script): void {
    const { slots, resources, name } = this.#host;
    const { violated } = this.#around;
    let taken = 0;
    const used: Record<string, number> = {};
    for (const { script, execution, lent } of this.running.values()) {
      if (execution.extra) continue;
      // One that waited goes on even if that makes one more than there are slots.
      if (lent === "no") taken++;
      for (const [resource, amount] of Object.entries(script.options.resources))
        used[resource] = (used[resource] ?? 0) + amount;
    }
    if (taken > slots) violated("correctness", `${taken} tasks run in the ${slots} slots of ${name}`);
    for (const [resource, amount] of Object.entries(used)) {
      if (amount > (resources[resource] ?? 0))
        violated("correctness", `${amount} ${resource} are used on ${name}, which has ${resources[resource] ?? 0}`);
    }
    const { workers, allowOtherWorkers } = started.options;
    if (workers.length > 0 && !allowOtherWorkers && !workers.includes(name))
      violated("correctness", `a task for ${workers.join(", ")} runs on ${name}`);
  }
}

function takesFollowers({ execution, intent, lent, stalled }: SimJob): boolean {
  return execution.brief === true && intent === "finish" && lent === "no" && !stalled;
}
