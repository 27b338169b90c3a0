import type { LoadInfo, WorkerLoad } from "../../protocol/cluster-info.ts";
import { formatDuration } from "../../protocol/units.ts";
import { type Bounds, demandOf, workersOf } from "./demand.ts";

/** A worker that the cluster has asked for and not told to leave. */
export interface FleetMember {
  readonly name: string;
  /** "starting" until the scheduler has it. */
  readonly state: "starting" | "live";
  /** When it was asked for, in ms of the policy's clock. */
  readonly askedMs: number;
}

export interface PolicyOptions extends Bounds {
  /** So many rounds in a row must find fewer workers enough before any is let go. */
  readonly waitCount: number;
}

/** What the policy looks at in one round. */
export interface Situation {
  readonly load: LoadInfo;
  readonly members: readonly FleetMember[];
  /** The longest that a worker took lately from being asked for to being there; undefined while none has come. */
  readonly startUpMs: number | undefined;
  /** Why no worker can be started now, if none can. */
  readonly blocked?: string | undefined;
}

/** What is to be done about it. */
export interface ScalingOrder {
  readonly live: number;
  readonly requested: number;
  readonly target: number;
  /** How many workers to ask for. */
  readonly start: number;
  /** Workers that have not come and are not needed any more. */
  readonly cancel: readonly string[];
  /** Idle workers that may leave, if they are idle still. */
  readonly retire: readonly string[];
  readonly reason: string;
}

interface LowRound {
  readonly atMs: number;
  readonly target: number;
}

/**
 * Decides how many workers there should be, and who goes. It has no clock and does nothing: the loop around it asks once a
 * round and carries the order out. More workers are asked for at once. Fewer are kept only after `waitCount` rounds in a row
 * found fewer enough, for no shorter a time than a worker takes to start, since what is let go too soon has to be waited for.
 */
export class AdaptivePolicy {
  readonly #options: PolicyOptions;
  /** The latest rounds in a row that found fewer workers enough than are there or asked for. */
  #low: LowRound[] = [];

  constructor(options: PolicyOptions) {
    this.#options = options;
  }

  decide(situation: Situation, nowMs: number): ScalingOrder {
    const { load, members, blocked } = situation;
    const live = members.filter(({ state }) => state === "live").length;
    const requested = members.length;
    const { target, reason } = demandOf(load, live, this.#options);
    const order = { live, requested, target, start: 0, cancel: [], retire: [], reason };
    if (target >= requested) {
      this.#low = [];
      if (target === requested) return order;
      if (blocked !== undefined) return { ...order, reason: `${reason}; none is started, because ${blocked}` };
      return { ...order, start: target - requested };
    }
    this.#low.push({ atMs: nowMs, target });
    return { ...order, ...this.#shrink(situation, target, nowMs, reason) };
  }

  #shrink(
    { load, members, startUpMs }: Situation,
    target: number,
    nowMs: number,
    why: string,
  ): Pick<ScalingOrder, "cancel" | "retire" | "reason"> {
    const coolDownMs = startUpMs ?? 0;
    this.#forgetBefore(nowMs - coolDownMs);
    const { waitCount } = this.#options;
    if (this.#low.length < waitCount) {
      const reason = `${why}; round ${this.#low.length} of ${waitCount} that must agree before any goes`;
      return { cancel: [], retire: [], reason };
    }
    // The most that any of these rounds asked for: a short lull must not end what the next moment needs.
    let spare = members.length - this.#low.reduce((most, low) => Math.max(most, low.target), target);
    const cancel = members.filter((member) => comesTooLate(member, load, startUpMs, nowMs)).map(({ name }) => name);
    cancel.splice(Math.max(0, spare));
    spare -= cancel.length;
    const sinceMs = nowMs - (this.#low[0]?.atMs ?? nowMs);
    if (sinceMs < coolDownMs) {
      const left = `none that is there goes before ${formatDuration(Math.ceil(coolDownMs - sinceMs))} are over, since one takes ${formatDuration(Math.ceil(coolDownMs))} to start`;
      return { cancel, retire: [], reason: `${why}; ${said("cancelled", cancel)}${left}` };
    }
    const retire = idlest(load.workers, members).slice(0, Math.max(0, spare));
    spare -= retire.length;
    for (const { name, state } of members) {
      if (spare <= 0) break;
      if (state !== "starting" || cancel.includes(name)) continue;
      cancel.push(name);
      spare--;
    }
    const busy = spare > 0 ? `${workersOf(spare)} more could go, but ${spare === 1 ? "is" : "are"} not idle` : "";
    const deeds = `${said("cancelled", cancel)}${said("let go", retire)}${busy}`.replace(/, $/, "");
    return { cancel, retire, reason: deeds === "" ? why : `${why}; ${deeds}` };
  }

  /** Rounds that neither the count nor the cool-down needs any more. */
  #forgetBefore(sinceMs: number): void {
    let spare = this.#low.length - this.#options.waitCount;
    while (spare > 0 && (this.#low[1]?.atMs ?? Number.POSITIVE_INFINITY) <= sinceMs) {
      this.#low.shift();
      spare--;
    }
  }
}

/** Whether those that are there will have done the work at hand before it is there, too. */
function comesTooLate(
  { state, askedMs }: FleetMember,
  load: LoadInfo,
  startUpMs: number | undefined,
  nowMs: number,
): boolean {
  if (state !== "starting") return false;
  const slots = load.workers.reduce((sum, worker) => sum + (worker.status === "running" ? worker.slots : 0), 0);
  const pending = load.queued + load.processing;
  const workLeftMs = pending === 0 ? 0 : (load.occupancyMs + load.queuedMs) / slots;
  const waitedMs = nowMs - askedMs;
  // Of one that is overdue, or of which nothing is known, the best guess is that it takes as long again.
  const leftMs = startUpMs !== undefined && startUpMs > waitedMs ? startUpMs - waitedMs : waitedMs;
  return leftMs >= workLeftMs;
}

/** Members that have nothing to do: those first that have least to hand over, then those that have been idle for longest. */
function idlest(workers: readonly WorkerLoad[], members: readonly FleetMember[]): string[] {
  const own = new Set(members.map(({ name }) => name));
  const idle = workers.filter(
    ({ name, status, assigned }) => own.has(name) && assigned === 0 && (status === "running" || status === "paused"),
  );
  idle.sort((a, b) => a.storedBytes - b.storedBytes || (b.idleMs ?? 0) - (a.idleMs ?? 0) || (a.name < b.name ? -1 : 1));
  return idle.map(({ name }) => name);
}

function said(deed: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const shown = names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ");
  return `${shown} ${names.length === 1 ? "is" : "are"} ${deed}, `;
}
