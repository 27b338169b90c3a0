import type { SubmitOptions } from "./submit-options.ts";
import {
  isFlag,
  isName,
  isNames,
  isNumberOfSome,
  isReason,
  type OptionChecks,
  oneOf,
  placementChecks,
} from "./task-options.ts";

// What each call of a client accepts as its options.

/** Options for all nodes that are computed; a node's own, given to `graph.add`, win. */
export type ComputeOptions = Omit<SubmitOptions, "key" | "pure">;

export interface GatherOptions {
  /** "skip" leaves out the futures that have no value. Default "throw". */
  readonly errors?: "throw" | "skip" | undefined;
}

export interface WorkersOption {
  /** Names or addresses. Default all. */
  readonly workers?: readonly string[] | undefined;
}

/** What a run gets while slots are scarce. */
export interface RunShareOptions {
  /** Its share relative to other runs'. Above 0, at most 1,000,000. Default 1. */
  readonly weight?: number | undefined;
  /** It never holds more slots than this at once. Default: no limit. */
  readonly maxSlots?: number | undefined;
}

export const computeChecks: OptionChecks = { ...placementChecks, run: isName };
export const gatherChecks: OptionChecks = { errors: oneOf("throw", "skip") };
export const scatterChecks: OptionChecks = { broadcast: isFlag, workers: isNames };
export const cancelChecks: OptionChecks = { force: isFlag, reason: isReason };
export const shareChecks: OptionChecks = {
  run: isName,
  weight: (value) =>
    Number.isFinite(value) && Number(value) > 0 && Number(value) <= 1e6
      ? undefined
      : "a number above 0, at most 1,000,000",
  maxSlots: isNumberOfSome,
};
export const watchChecks: OptionChecks = { run: isName, kept: isFlag, profile: isFlag };
export const workersChecks: OptionChecks = { workers: isNames };
