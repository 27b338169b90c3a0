import { isFlag, isString, isText, isTexts, type OptionChecks, oneOf, placementChecks } from "./task-options.ts";

// What each call of a client accepts as its options.

export const computeChecks: OptionChecks = { ...placementChecks, run: isText };
export const gatherChecks: OptionChecks = { errors: oneOf("throw", "skip") };
export const scatterChecks: OptionChecks = { broadcast: isFlag, workers: isTexts };
export const cancelChecks: OptionChecks = { force: isFlag, reason: isString };
export const shareChecks: OptionChecks = {
  run: isText,
  weight: (value) =>
    Number.isFinite(value) && Number(value) > 0 && Number(value) <= 1e6
      ? undefined
      : "a number above 0, at most 1,000,000",
  maxSlots: (value) => (Number.isInteger(value) && Number(value) >= 1 ? undefined : "a whole number, 1 or more"),
};
export const watchChecks: OptionChecks = { run: isText, kept: isFlag, profile: isFlag };
export const workersChecks: OptionChecks = { workers: isTexts };
