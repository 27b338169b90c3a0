import { isDeepStrictEqual } from "node:util";
import type { CacheEntry, CacheInputs, CacheValidator } from "../flow-task-options.ts";
import { cached, hasResult, type State } from "../states.ts";

interface Kept extends CacheEntry {
  readonly untilMs: number;
}

/**
 * The results that this process (or slot) keeps in memory, by cache key. A result is found again only where the task ran
 * before.
 */
const kept = new Map<string, Kept[]>();

/** What of a task's options matters here. */
export interface CachePolicy {
  readonly key: string;
  /** 0: no caching. */
  readonly forMs: number;
  readonly validator: CacheValidator | undefined;
}

/** A result that counts for these inputs, as a Cached state. */
export function checkCache(policy: CachePolicy, inputs: CacheInputs, nowMs: number): State | undefined {
  if (policy.forMs === 0) return undefined;
  const fresh = (kept.get(policy.key) ?? []).filter((entry) => entry.untilMs > nowMs);
  if (fresh.length === 0) kept.delete(policy.key);
  else kept.set(policy.key, fresh);
  const valid = policy.validator ?? sameArguments;
  const entry = fresh.findLast((candidate) => valid(candidate, inputs));
  return entry && cached(`Taken from the cache of "${policy.key}".`, entry.result);
}

/** Keeps the result of a task that succeeded. */
export function keepInCache(policy: CachePolicy, inputs: CacheInputs, state: State, nowMs: number): void {
  if (policy.forMs === 0 || !hasResult(state) || state.type === "Cached") return;
  const entry = { ...inputs, result: state.result, cachedAtMs: nowMs, untilMs: nowMs + policy.forMs };
  const entries = kept.get(policy.key);
  if (entries === undefined) kept.set(policy.key, [entry]);
  else entries.push(entry);
}

const sameArguments: CacheValidator = (entry, inputs) => isDeepStrictEqual(entry.args, inputs.args);
