import { checkOptions, type OptionChecks } from "../client/task-options.ts";
import type { ScalingDecision } from "../protocol/record.ts";

/** Bounds and pace of a cluster that scales with its work. */
export interface AdaptOptions {
  /** The fewest workers. Default null: none are kept when there is no work. */
  readonly minimum?: number | null | undefined;
  /** The most workers. Default null: as many as the work asks for. */
  readonly maximum?: number | null | undefined;
  /** How often the target is computed, in milliseconds. Default 1,000. */
  readonly intervalMs?: number | undefined;
  /** How long the work at hand should take, in milliseconds: less asks for more workers. Default 5,000. */
  readonly targetDurationMs?: number | undefined;
  /** How many rounds in a row must agree before workers are let go. Default 3. */
  readonly waitCount?: number | undefined;
}

export interface ResolvedAdaptOptions {
  readonly minimum: number;
  /** Infinity: no limit. */
  readonly maximum: number;
  readonly intervalMs: number;
  readonly targetDurationMs: number;
  readonly waitCount: number;
}

/** A cluster that scales by itself, until it is told to stop. */
export interface Adapting {
  /** What was decided, oldest first: one entry for each round that found something changed, the last 1,000 of them. */
  readonly decisions: readonly ScalingDecision[];
  /** The cluster keeps the workers that it has. Resolves once nothing more is decided. */
  stop(): Promise<void>;
}

const positiveMs: OptionChecks[string] = (value) =>
  typeof value === "number" && value > 0 && Number.isFinite(value) ? undefined : "a number of milliseconds above 0";

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;
const asCount = "a whole number, 0 or more, or null";

/**
 * Completes the options.
 * @throws ConfigurationError BAD_OPTION with every problem in one message.
 */
export function resolveAdaptOptions(options: AdaptOptions = {}, where = "adapt"): ResolvedAdaptOptions {
  const minimum = options?.minimum ?? 0;
  const checks: { readonly [Name in keyof AdaptOptions]-?: OptionChecks[string] } = {
    minimum: (value) => (value === null || isCount(value) ? undefined : asCount),
    maximum: (value) => {
      if (value !== null && !isCount(value)) return asCount;
      if (value === null || !isCount(minimum) || value >= minimum) return undefined;
      return `no less than the minimum (${minimum})`;
    },
    intervalMs: positiveMs,
    targetDurationMs: positiveMs,
    waitCount: (value) => (isCount(value) && value > 0 ? undefined : "a whole number, 1 or more"),
  };
  checkOptions(where, options, checks);
  return Object.freeze({
    minimum,
    maximum: options.maximum ?? Number.POSITIVE_INFINITY,
    intervalMs: options.intervalMs ?? 1_000,
    targetDurationMs: options.targetDurationMs ?? 5_000,
    waitCount: options.waitCount ?? 3,
  });
}
