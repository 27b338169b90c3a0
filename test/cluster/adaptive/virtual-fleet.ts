import { expect } from "vitest";
import {
  AdaptivePolicy,
  type FleetMember,
  type PolicyOptions,
  type ScalingOrder,
} from "../../../cluster/adaptive/policy.ts";
import type { LoadInfo } from "../../../protocol/cluster-info.ts";
import { futureId } from "../../../protocol/ids.ts";
import type { Assignment, TaskSpec } from "../../../protocol/messages.ts";
import { Bench } from "../../scheduler/core/bench.ts";

interface Mate {
  readonly id: number;
  readonly askedMs: number;
  state: "starting" | "live" | "leaving" | "gone";
  goneMs: number;
  readonly waiting: Assignment[];
  running: number;
}

export interface FleetOptions extends PolicyOptions {
  readonly intervalMs: number;
  readonly startUpMs: number;
  readonly taskMs: number;
  /** The client drops each result when it is there. Default true. */
  readonly gathers?: boolean;
}

export interface Round extends ScalingOrder {
  readonly atMs: number;
}

/**
 * The policy and the real scheduler's core in virtual time, with workers that take a while to come and run every task for as
 * long. Whatever must never happen fails at once: a task that begins twice, a busy worker that is told to go.
 */
export class VirtualFleet {
  readonly bench: Bench = new Bench().client();
  readonly rounds: Round[] = [];
  readonly begun: Map<string, number> = new Map();
  lastEndMs = 0;
  finished = 0;
  readonly #options: FleetOptions;
  readonly #policy: AdaptivePolicy;
  readonly #mates: Map<string, Mate> = new Map();
  readonly #agenda: { readonly atMs: number; readonly act: () => void }[] = [];
  #arrived = false;
  #lastId = 0;
  #lastRequest = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#policy = new AdaptivePolicy(options);
    this.#at(0, () => this.#round());
  }

  get nowMs(): number {
    return this.bench.nowMs;
  }

  /** Workers that are there, or were asked for. */
  get members(): FleetMember[] {
    return [...this.#mates].flatMap(([name, { state, askedMs }]) =>
      state === "live" || state === "starting" ? [{ name, state, askedMs }] : [],
    );
  }

  /** What all workers cost up to now: from when each was asked for until it was gone. */
  get workerMs(): number {
    let sum = 0;
    for (const mate of this.#mates.values()) sum += (mate.state === "gone" ? mate.goneMs : this.nowMs) - mate.askedMs;
    return sum;
  }

  submit(tasks: readonly TaskSpec[], prefix = "p"): void {
    this.bench.submit(tasks, { prefix });
    this.#deliver();
  }

  release(...futures: readonly number[]): void {
    this.bench.say({ op: "release", futures: futures.map(futureId) });
    this.#deliver();
  }

  runUntil(condition: () => boolean, limitMs: number): void {
    const untilMs = this.nowMs + limitMs;
    while (!condition()) {
      this.#agenda.sort((a, b) => a.atMs - b.atMs);
      const next = this.#agenda.shift();
      if (next === undefined || next.atMs > untilMs) {
        const story = this.rounds.map(({ atMs, live, requested, target, reason }) =>
          [atMs, live, requested, target, reason].join(" "),
        );
        expect.unreachable(`not within ${limitMs} ms:\n${story.slice(-20).join("\n")}`);
      }
      this.bench.nowMs = next.atMs;
      next.act();
      this.#deliver();
    }
  }

  /** The worker's process dies. */
  kill(name: string): void {
    const mate = this.#mates.get(name);
    if (mate === undefined) expect.unreachable(`${name} is not there`);
    mate.state = "gone";
    mate.goneMs = this.nowMs;
    this.bench.lose(mate.id);
    this.#deliver();
  }

  #at(atMs: number, act: () => void): void {
    this.#agenda.push({ atMs, act });
  }

  #round(): void {
    this.#at(this.nowMs + this.#options.intervalMs, () => this.#round());
    const load = this.#ask({ op: "load", request: ++this.#lastRequest }) as LoadInfo;
    const startUpMs = this.#arrived ? this.#options.startUpMs : undefined;
    const order = this.#policy.decide({ load, members: this.members, startUpMs }, this.nowMs);
    this.rounds.push({ ...order, atMs: this.nowMs });
    for (let i = 0; i < order.start; i++) this.#start();
    for (const name of order.cancel) this.#goes(name);
    for (const name of order.retire) {
      this.bench.say({ op: "retire-workers", request: ++this.#lastRequest, names: [name], idleOnly: true });
      this.#deliver();
    }
  }

  #ask(message: Parameters<Bench["say"]>[0] & { readonly request: number }): unknown {
    this.#deliver();
    this.bench.say(message);
    const [reply] = this.bench.told();
    if (reply?.op !== "reply" || reply.request !== message.request) expect.unreachable("no reply");
    return reply.value;
  }

  #start(): void {
    const id = ++this.#lastId;
    const name = `w${id}`;
    const mate: Mate = { id, askedMs: this.nowMs, state: "starting", goneMs: 0, waiting: [], running: 0 };
    this.#mates.set(name, mate);
    this.#at(this.nowMs + this.#options.startUpMs, () => {
      if (mate.state !== "starting") return;
      mate.state = "live";
      this.#arrived = true;
      this.bench.worker(id, { slots: this.#options.slotsPerWorker });
    });
  }

  #goes(name: string): void {
    const mate = this.#mates.get(name);
    if (mate === undefined) expect.unreachable(`${name} is not there`);
    if (mate.state === "live" || mate.state === "leaving")
      this.bench.answer(mate.id, { op: "goodbye", reason: "told" });
    mate.state = "gone";
    mate.goneMs = this.nowMs;
  }

  /** Everybody reads what came, until nothing more comes of it. */
  #deliver(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const [name, mate] of this.#mates) {
        for (const message of this.bench.sent(mate.id)) {
          busy = true;
          if (mate.state === "gone") continue;
          if (message.op === "compute") mate.waiting.push(message);
          else if (message.op === "give-back") this.#giveBack(mate, message.task, message.attempt);
          else if (message.op === "replicate") {
            for (const { task, bytes } of message.inputs) this.bench.answer(mate.id, { op: "stored", task, bytes });
          } else if (message.op === "stop") {
            expect(mate.running + mate.waiting.length, `${name} is told to go`).toBe(0);
            this.#goes(name);
          }
        }
        this.#fill(mate);
      }
      for (const message of this.bench.told()) {
        if (message.op !== "finished") continue;
        busy = true;
        this.finished++;
        this.lastEndMs = this.nowMs;
        if (this.#options.gathers ?? true) this.bench.say({ op: "release", futures: [message.future] });
      }
    }
  }

  #giveBack(mate: Mate, task: Assignment["task"], attempt: number): void {
    const index = mate.waiting.findIndex((each) => each.task === task && each.attempt === attempt);
    if (index < 0) return;
    mate.waiting.splice(index, 1);
    this.bench.answer(mate.id, { op: "cancelled", task, attempt });
  }

  #fill(mate: Mate): void {
    while (mate.state === "live" && mate.running < this.#options.slotsPerWorker) {
      const next = mate.waiting.shift();
      if (next === undefined) return;
      this.begun.set(next.key, (this.begun.get(next.key) ?? 0) + 1);
      mate.running++;
      this.bench.answer(mate.id, { op: "started", task: next.task, attempt: next.attempt });
      this.#at(this.nowMs + this.#options.taskMs, () => {
        if (mate.state === "gone") return;
        mate.running--;
        this.bench.done(mate.id, next, this.#options.taskMs);
      });
    }
  }
}
