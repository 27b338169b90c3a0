import { setTimeout as delay } from "node:timers/promises";
import { ClusterError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import { timerMs } from "../../protocol/timer-ms.ts";
import type { ScalableFleet } from "../adaptive/loop.ts";
import type { FleetMember } from "../adaptive/policy.ts";
import type { Deployer, Deployment, WorkerSpec } from "../deployer.ts";
import { Member } from "./member.ts";
import type { Roll } from "./roll.ts";
import type { SchedulerLink } from "./scheduler-link.ts";
import { endedUnasked, gaveUp, startTimedOut } from "./start-errors.ts";

/** After so many failures in a row a worker is given up. */
const failuresMax = 5;
const usualFirstPauseMs = 500;
const pauseMsMax = 30_000;
/** One that lived this long does not count as one of a row that died at once. */
const goodLifeMs = 60_000;
/** After one was given up, a loop asks for no more workers for so long. */
const blockedMs = 30_000;
/** The start-ups that count for how long one takes. */
const startUpsMax = 10;

export interface FleetParts {
  readonly deployer: Deployer;
  /** What is the same for all workers. */
  readonly spec: Omit<WorkerSpec, "name">;
  readonly startTimeoutMs: number;
  readonly link: Pick<SchedulerLink, "load" | "retire" | "retireIdle">;
  readonly roll: Pick<Roll, "joined">;
  readonly log: Logger;
  /** A worker was given up, and there is no other. */
  readonly onHopeless: (error: ClusterError) => void;
  /** The pause after a first failure; each further one doubles it. Default 500. */
  readonly firstPauseMs?: number | undefined;
}

/** The workers of a cluster: starts them, replaces those that are lost, and lets them go. */
export class Fleet implements ScalableFleet {
  readonly #parts: FleetParts;
  readonly #members = new Map<string, Member>();
  readonly #startUpsMs: number[] = [];
  #blocked: { readonly untilMs: number; readonly reason: string } | undefined;
  #last = -1;

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  /** All that there are, those included that are leaving, or ended and were kept for their logs. */
  get all(): readonly Member[] {
    return [...this.#members.values()];
  }

  get members(): readonly FleetMember[] {
    return this.#present().map(({ name, state, askedMs }) => ({
      name,
      state: state === "live" ? "live" : "starting",
      askedMs,
    }));
  }

  get startUpMs(): number | undefined {
    return this.#startUpsMs.length === 0 ? undefined : Math.max(...this.#startUpsMs);
  }

  get blocked(): string | undefined {
    if (this.#blocked !== undefined && this.#blocked.untilMs <= performance.now()) this.#blocked = undefined;
    return this.#blocked?.reason;
  }

  /**
   * Brings the number of workers to `n`; resolves once newcomers have joined and leavers are gone. When one cannot be
   * started, none of those that were to come stays, and the reason is thrown.
   */
  async scaleTo(n: number): Promise<void> {
    this.forgetEnded();
    const present = this.#present();
    if (n > present.length) await this.#add(n - present.length);
    else await this.#remove(present, present.length - n);
  }

  /** Asks for workers, and tries again for those that cannot be started. */
  start(count: number): void {
    this.forgetEnded();
    for (let i = 0; i < count; i++) this.#recruit(true);
  }

  cancel(name: string): void {
    const member = this.#members.get(name);
    if (member?.state === "starting") void this.#end(member);
  }

  retireIdle(name: string): void {
    const member = this.#members.get(name);
    if (member?.state === "live") void this.#retireIdle(member);
  }

  /** Ends all, at once. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((member) => this.#end(member)));
  }

  /** Those that ended by themselves were kept for their logs alone. */
  forgetEnded(): void {
    for (const { state, name } of this.all) if (state === "ended") this.#members.delete(name);
  }

  #present(): Member[] {
    return this.all.filter((member) => member.isPresent);
  }

  async #add(count: number): Promise<void> {
    const recruits = Array.from({ length: count }, () => this.#recruit(false));
    const outcomes = await Promise.allSettled(recruits.map(({ started }) => started));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed === undefined) return;
    // Half of what was asked for helps nobody who then sees an error.
    await Promise.all(recruits.map((member) => this.#end(member)));
    throw failed.reason;
  }

  /** Those go first that have not come, then the least busy. */
  async #remove(present: readonly Member[], count: number): Promise<void> {
    if (count === 0) return;
    const { workers } = await this.#parts.link.load();
    const load = new Map(workers.map(({ name, assigned }) => [name, assigned]));
    // One that the scheduler does not know has nothing to lose.
    const busy = (member: Member): number => (member.state === "live" ? (load.get(member.name) ?? -1) : -2);
    const leaving = [...present].sort((a, b) => busy(a) - busy(b)).slice(0, count);
    const known = leaving.filter(({ name, state }) => state === "live" && load.has(name));
    for (const member of known) member.state = "leaving";
    try {
      if (known.length > 0) await this.#parts.link.retire(known.map(({ name }) => name));
    } catch (error) {
      for (const member of known) if (member.state === "leaving") member.state = "live";
      throw error;
    }
    await Promise.all(leaving.map((member) => this.#end(member)));
  }

  async #retireIdle(member: Member): Promise<void> {
    member.state = "leaving";
    try {
      if (await this.#parts.link.retireIdle(member.name)) return await this.#end(member);
    } catch (error) {
      if (!member.unwanted.signal.aborted)
        this.#parts.log.warn({ error, worker: member.name }, "a worker could not be let go");
    }
    if (member.state === "leaving") member.state = "live";
  }

  async #end(member: Member): Promise<void> {
    member.state = "leaving";
    member.unwanted.abort();
    await member.deployment?.stop();
    await member.life;
    this.#members.delete(member.name);
  }

  /** `patient`: its first start is tried again if it fails. */
  #recruit(patient: boolean): Member {
    this.#last++;
    const member = new Member(`worker-${this.#last}`, this.#parts.spec.slots);
    this.#members.set(member.name, member);
    member.life = this.#live(member, patient);
    return member;
  }

  /** From its first start to its last end, through all that take its place meanwhile. */
  async #live(member: Member, patient: boolean): Promise<void> {
    const { log } = this.#parts;
    const isWanted = (): boolean => !member.unwanted.signal.aborted;
    for (let first = true; isWanted(); first = false) {
      member.askedMs = performance.now();
      try {
        const deployment = await this.#bringUp(member);
        if (!isWanted()) break;
        const joinedMs = performance.now();
        this.#measure(joinedMs - member.askedMs);
        member.state = "live";
        member.settleStarted.resolve();
        const end = await deployment.ended;
        // Being asked whether it can go is no order to go.
        if (!isWanted() || end.expected) break;
        if (performance.now() - joinedMs >= goodLifeMs) member.failures = 0;
        member.state = "starting";
        log.warn(
          { worker: member.name, reason: end.reason },
          `${member.name} ended by itself (${end.reason}) and is replaced`,
        );
        if (!(await this.#mayTryAgain(member, endedUnasked(member.name, end, await deployment.logs(), true)))) break;
      } catch (error) {
        if (!isWanted()) break;
        if (first && !patient) {
          member.settleStarted.reject(error);
          break;
        }
        log.warn({ worker: member.name, error }, `${member.name} could not be started`);
        if (!(await this.#mayTryAgain(member, error))) break;
      }
    }
    member.settleStarted.reject(new ClusterError("CLOSED", "The worker was told to end before it was started."));
    member.state = "ended";
  }

  /** Starts the worker and waits until it has joined. What was started in vain is stopped. */
  async #bringUp(member: Member): Promise<Deployment> {
    const { deployer, spec, startTimeoutMs, roll } = this.#parts;
    const wanted = member.unwanted.signal;
    const deployment = await deployer.start({ ...spec, name: member.name }, wanted);
    member.deployment = deployment;
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(startTimedOut(member.name, startTimeoutMs)), timerMs(startTimeoutMs));
    const ended = deployment.ended.then(async (end) => {
      throw endedUnasked(member.name, end, await deployment.logs(), false);
    });
    ended.catch(() => undefined);
    try {
      const joined = roll.joined(member.name, AbortSignal.any([wanted, over.signal]));
      member.joined = await Promise.race([joined, ended]);
      return deployment;
    } catch (error) {
      await deployment.stop();
      throw error;
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }

  /** Waits before the next try; false when there is to be none. */
  async #mayTryAgain(member: Member, error: unknown): Promise<boolean> {
    member.failures++;
    if (member.failures >= failuresMax) {
      this.#giveUp(member, error);
      return false;
    }
    const { firstPauseMs = usualFirstPauseMs } = this.#parts;
    const pauseMs = Math.min(pauseMsMax, firstPauseMs * 2 ** (member.failures - 1));
    await delay(pauseMs, undefined, { signal: member.unwanted.signal }).catch(() => undefined);
    return !member.unwanted.signal.aborted;
  }

  #giveUp(member: Member, cause: unknown): void {
    const error = gaveUp(member.name, failuresMax, cause);
    this.#parts.log.error({ worker: member.name, error: cause }, error.message);
    this.#blocked = { untilMs: performance.now() + blockedMs, reason: error.message };
    member.state = "ended";
    member.settleStarted.reject(error);
    if (this.#present().length === 0) this.#parts.onHopeless(error);
  }

  #measure(startUpMs: number): void {
    this.#startUpsMs.push(startUpMs);
    if (this.#startUpsMs.length > startUpsMax) this.#startUpsMs.shift();
  }
}
