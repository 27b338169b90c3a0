import { formatBytes } from "../../protocol/units.ts";
import { hasMemoryFor, isNamed, offers, type PlacementClass, suits } from "./placement-class.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

// Whether anybody could run a task, however busy they are: "wait your turn" and "this can never run" are different news.

/** Whether some worker could run such tasks, now or once it is paused or disconnected no longer. One that leaves will not. */
export function isPlaceable(state: SchedulerState, placement: PlacementClass): boolean {
  for (const worker of state.workers.values()) {
    if (worker.status !== "retiring" && suits(placement, worker, state.workers.values())) return true;
  }
  return false;
}

/** The workers that could run such tasks, by whether they take any now. */
export function suitedWorkers(
  state: SchedulerState,
  placement: PlacementClass,
): { readonly taking: WorkerRecord[]; readonly others: WorkerRecord[] } {
  const taking: WorkerRecord[] = [];
  const others: WorkerRecord[] = [];
  for (const worker of state.workers.values()) {
    if (suits(placement, worker, state.workers.values())) (worker.status === "running" ? taking : others).push(worker);
  }
  return { taking, others };
}

/** What is missing, for people (as the end of a sentence) and for programs. */
export interface Unplaceable {
  readonly code: "no-workers" | "unsuited" | "not-taking";
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Why none of the workers could run such tasks. Only asked when `isPlaceable` is false. */
export function whyUnplaceable(state: SchedulerState, placement: PlacementClass): Unplaceable {
  const live = [...state.workers.values()];
  if (live.length === 0) return { code: "no-workers", message: "no worker is connected", details: {} };
  const leaving = suitedWorkers(state, placement).others.map(({ name }) => name);
  if (leaving.length > 0) {
    const message = `every worker that could run it is leaving (${leaving.join(", ")})`;
    return { code: "not-taking", message, details: { leaving } };
  }
  const bound = placement.workers.length > 0 && !placement.allowOtherWorkers;
  const allowed = bound ? live.filter((worker) => isNamed(placement, worker)) : live;
  if (allowed.length === 0) {
    const names = placement.workers.map((name) => `"${name}"`).join(", ");
    const message = `it may run only on ${names}, and no worker of ${placement.workers.length === 1 ? "that name, address or host" : "these names, addresses or hosts"} is connected`;
    return { code: "unsuited", message, details: { workers: placement.workers } };
  }
  const { inputBytes } = placement;
  const able = allowed.filter((worker) => offers(worker, placement));
  if (able.length > 0 && !able.some((worker) => hasMemoryFor(inputBytes, worker))) {
    const message = `its inputs take ${formatBytes(inputBytes)} of memory, more than the limit of any worker that could run it otherwise`;
    return { code: "unsuited", message, details: { inputBytes } };
  }
  return lacking(placement, allowed, bound);
}

function lacking(placement: PlacementClass, allowed: readonly WorkerRecord[], bound: boolean): Unplaceable {
  const wanted = Object.entries(placement.resources);
  const most = (name: string): number => Math.max(...allowed.map((worker) => worker.resources[name] ?? 0));
  const short = wanted.filter(([name, amount]) => most(name) < amount);
  const asked = wanted.map(([name, amount]) => `${name}=${amount}`).join(", ");
  const whose = bound ? "worker that it may run on" : "connected worker";
  const shortages = short.map(([name]) =>
    most(name) === 0 ? `none has any ${name}` : `the most is ${name}=${most(name)}`,
  );
  const message =
    short.length > 0
      ? `it asks for ${asked}, and no ${whose} has that (${shortages.join("; ")})`
      : `it asks for ${asked}, and no ${whose} has all of that`;
  const missing = Object.fromEntries(short.map(([name, amount]) => [name, { asked: amount, most: most(name) }]));
  return { code: "unsuited", message, details: { resources: placement.resources, missing } };
}
