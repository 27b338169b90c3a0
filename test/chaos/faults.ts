import { scheduler } from "node:timers/promises";
import { assertNever } from "../../protocol/errors.ts";
import type { Random } from "../../testing/random.ts";
import type { Fleet } from "./fleet.ts";
import { type FoundProcess, findVictims, signal } from "./processes.ts";
import type { TcpProxy } from "./proxy.ts";
import type { Tally } from "./tally.ts";

/** So that who was struck is gone, and seen to be, before the next one is chosen. */
const pauseMsMin = 250;

type Fault = "kill" | "freeze" | "cut worker" | "cut client" | "stall";

const weights: Readonly<Record<Fault, number>> = { kill: 10, freeze: 4, "cut worker": 3, "cut client": 1, stall: 2 };
const lottery = Object.entries(weights).flatMap(([fault, weight]) => Array<Fault>(weight).fill(fault as Fault));

/** Strikes at random until it is told to stop, and then heals everything. */
export class Faults {
  readonly #random: Random;
  readonly #fleet: Fleet;
  readonly #tally: Tally;
  readonly #meanPauseMs: number;
  readonly #stopping = new AbortController();
  /** Frozen processes, and what passes by itself. */
  readonly #frozen = new Set<number>();
  readonly #passing = new Set<Promise<void>>();
  readonly #ended: Promise<void>;
  readonly #done: string[] = [];

  constructor(random: Random, fleet: Fleet, tally: Tally, meanPauseMs: number) {
    this.#random = random;
    this.#fleet = fleet;
    this.#tally = tally;
    this.#meanPauseMs = meanPauseMs;
    this.#ended = this.#run();
  }

  /** What it did last, for a report of a hang. */
  get last(): string {
    return this.#done.slice(-20).join("\n");
  }

  /** Resolves once nothing is frozen, stalled or cut any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
    await Promise.all(this.#passing);
  }

  async #run(): Promise<void> {
    const { signal: stopped } = this.#stopping;
    for (;;) {
      const pauseMs = pauseMsMin + Math.min(this.#random.exponential(this.#meanPauseMs), 5 * this.#meanPauseMs);
      await scheduler.wait(pauseMs, { signal: stopped }).catch(() => undefined);
      if (stopped.aborted) return;
      this.#strike(this.#random.pick(lottery));
    }
  }

  #strike(fault: Fault): void {
    switch (fault) {
      case "kill":
        return this.#kill();
      case "freeze":
        return this.#freeze();
      case "cut worker":
        return this.#cut(this.#random.pick(this.#fleet.workerProxies));
      case "cut client":
        return this.#cut(this.#fleet.clientProxy);
      case "stall":
        return this.#stall(this.#random.pick([...this.#fleet.workerProxies, this.#fleet.clientProxy]));
      default:
        assertNever(fault);
    }
  }

  #kill(): void {
    const victim = this.#victim();
    if (victim === undefined || !signal(victim.pid, "SIGKILL")) return;
    this.#tally.kills[victim.role]++;
    this.#note(`killed ${victim.role} ${victim.pid}`);
  }

  #freeze(): void {
    const victim = this.#victim();
    if (victim === undefined || !signal(victim.pid, "SIGSTOP")) return;
    const frozenMs = Math.min(this.#random.exponential(3_000), 20_000);
    this.#tally.freezes++;
    this.#frozen.add(victim.pid);
    this.#note(`froze ${victim.role} ${victim.pid} for ${Math.round(frozenMs)} ms`);
    this.#pass(frozenMs, () => {
      this.#frozen.delete(victim.pid);
      // Its number may be another's by now, whom it does no harm.
      signal(victim.pid, "SIGCONT");
    });
  }

  #cut(proxy: TcpProxy): void {
    const outageMs = this.#random.chance(0.5) ? 0 : this.#random.below(4_000);
    if (!proxy.cut(outageMs)) return;
    this.#tally.cuts++;
    this.#note(`cut ${proxy.address} for ${outageMs} ms`);
  }

  #stall(proxy: TcpProxy): void {
    const stalledMs = Math.min(this.#random.exponential(2_000), 15_000);
    this.#tally.stalls++;
    proxy.stall();
    this.#note(`stalled ${proxy.address} for ${Math.round(stalledMs)} ms`);
    this.#pass(stalledMs, () => proxy.flow());
  }

  /**
   * Somebody whose end leaves somebody to tidy up. The temporary files of a worker are removed by its nanny, and those of a
   * dead nanny by its worker: if both are struck at once, nobody is left who could.
   */
  #victim(): FoundProcess | undefined {
    const found = findVictims();
    const byPid = new Map(found.map((one) => [one.pid, one]));
    const free = found.filter(({ pid, parent, role }) => {
      if (this.#frozen.has(pid)) return false;
      const above = byPid.get(parent);
      switch (role) {
        case "nanny":
          return found.some((other) => other.parent === pid && !this.#frozen.has(other.pid));
        case "worker":
          return parent === process.pid || (above !== undefined && !this.#frozen.has(parent));
        case "slot":
          return above !== undefined;
        default:
          return assertNever(role);
      }
    });
    return free.length === 0 ? undefined : this.#random.pick(free);
  }

  /** Undoes something after a while, or when all is to be healed. */
  #pass(afterMs: number, undo: () => void): void {
    const { signal: stopped } = this.#stopping;
    const passing = scheduler
      .wait(afterMs, { signal: stopped })
      .catch(() => undefined)
      .then(undo)
      .finally(() => this.#passing.delete(passing));
    this.#passing.add(passing);
  }

  #note(what: string): void {
    this.#done.push(`${new Date().toISOString()} ${what}`);
  }
}
