import { ConfigurationError } from "../protocol/errors.ts";
import { givenKeyCharsMax, givenNameCharsMax, listLengthMax, textCharsMax } from "../protocol/limits.ts";

/** What a task asks of the cluster. Each may be set on a task, and again for one submission, which wins. */
export interface PlacementOptions {
  /** How often it may be run again after it failed by itself. Default 0. A lost worker does not count. */
  retries?: number | undefined;
  /** Higher runs first, within a run. Default 0. */
  priority?: number | undefined;
  /** Abstract quantities that it holds while it runs, such as `{ GPU: 1 }`. Default none. */
  resources?: Readonly<Record<string, number>> | undefined;
  /** Names, addresses or hosts of the workers that it may run on. Default any. */
  workers?: readonly string[] | undefined;
  /** Makes `workers` a wish: others may run it when none of those is there. Default false. */
  allowOtherWorkers?: boolean | undefined;
  /** The running code is stopped after so many milliseconds. Default 0: never. */
  timeoutMs?: number | undefined;
}

/**
 * Options of a task. Those below `external` matter in flows only; the flow layer adds, by declaration merging, those
 * whose types are its own (`trigger`, `stateHandlers`, …).
 */
export interface TaskOptions extends PlacementOptions {
  /** Equal calls share one key, so that the cluster computes them once. Default false. */
  pure?: boolean | undefined;
  /**
   * Packages that the bundle leaves out because they cannot be bundled (native addons): they must be installed on the
   * workers. Default none.
   */
  external?: readonly string[] | undefined;
  /** How often a flow runs it again after it failed. Needs `retryDelayMs`. Default 0. */
  maxRetries?: number | undefined;
  /** Milliseconds from a failure to the next try of a flow. Needs `maxRetries`. */
  retryDelayMs?: number | undefined;
  /** Whether what it threw is worth another try. Default: everything is. */
  retryOn?: ((error: unknown) => boolean) | undefined;
  /** A skipped upstream task skips this one. Default true. */
  skipOnUpstreamSkip?: boolean | undefined;
  /** A result is taken for the result of equal calls for so many milliseconds. Default 0: never. */
  cacheForMs?: number | undefined;
  /** Tasks of one cache key share their cached results. Default: the task's name. */
  cacheKey?: string | undefined;
  /** How this run of it is called in logs and pages. Default: the task's name. */
  taskRunName?: string | undefined;
  /** Labels; `resource:GPU=1` asks for resources. */
  tags?: readonly string[] | undefined;
  /** How many values it returns, where its reference is taken apart in a flow. */
  nout?: number | undefined;
}

export type Check = (value: unknown) => string | undefined;

/** Every option by name: its check returns what the value should have been, or undefined when it is fine. */
export type OptionChecks = Readonly<Record<string, Check>>;

export const isText: Check = (value) =>
  typeof value === "string" && value !== "" ? undefined : "a string that is not empty";
const lengthUpTo = (charsMax: number): string => `1 to ${charsMax.toLocaleString("en")} characters`;
const textUpTo =
  (charsMax: number): Check =>
  (value) =>
    typeof value === "string" && value !== "" && value.length <= charsMax
      ? undefined
      : `a string of ${lengthUpTo(charsMax)}`;
/** Of what the scheduler knows by its name. */
export const isName: Check = textUpTo(givenNameCharsMax);
export const isKey: Check = textUpTo(givenKeyCharsMax);
export const isFlag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");
export const isFunction: Check = (value) => (typeof value === "function" ? undefined : "a function");
const isNumber: Check = (value) => (Number.isFinite(value) ? undefined : "a number");
export const isCount: Check = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : "a whole number from 0 to 2^53 - 1";
export const isNumberOfSome: Check = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 1 ? undefined : "a whole number from 1 to 2^53 - 1";
export const isAmount: Check = (value) =>
  Number.isFinite(value) && Number(value) >= 0 ? undefined : "a number of milliseconds, 0 or more";
export const isNames: Check = (value) =>
  Array.isArray(value) && value.length <= listLengthMax && value.every((one) => isName(one) === undefined)
    ? undefined
    : `an array of at most ${listLengthMax.toLocaleString("en")} strings of ${lengthUpTo(givenNameCharsMax)}`;
export const isTexts: Check = (value) =>
  Array.isArray(value) && value.every((one) => isText(one) === undefined) ? undefined : "an array of strings";
export const isReason: Check = (value) =>
  typeof value === "string" && value.length <= textCharsMax
    ? undefined
    : `a string of at most ${textCharsMax.toLocaleString("en")} characters`;
export const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string) ? undefined : values.map((one) => `"${one}"`).join(" or ");
const isQuantities: Check = (value) =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(value).every(([name, one]) => isName(name) === undefined && Number.isFinite(one) && one >= 0)
    ? undefined
    : `an object of numbers, 0 or more, such as { GPU: 1 }, by names of ${lengthUpTo(givenNameCharsMax)}`;
export const isAnything: Check = () => undefined;
export const isFunctions: Check = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === "function") ? undefined : "an array of functions";

export const placementChecks: OptionChecks = {
  retries: isCount,
  priority: isNumber,
  resources: isQuantities,
  workers: isNames,
  allowOtherWorkers: isFlag,
  timeoutMs: isAmount,
};

export const submitChecks: OptionChecks = { ...placementChecks, key: isKey, pure: isFlag, run: isName };

export const taskChecks: OptionChecks = {
  ...placementChecks,
  pure: isFlag,
  external: isTexts,
  maxRetries: isCount,
  retryDelayMs: isAmount,
  retryOn: isFunction,
  trigger: isFunction,
  skipOnUpstreamSkip: isFlag,
  cacheForMs: isAmount,
  cacheValidator: isFunction,
  cacheKey: isText,
  stateHandlers: isFunctions,
  onFailure: isFunction,
  taskRunName: isText,
  tags: isTexts,
  nout: isCount,
};

/**
 * Refuses unknown and unusable options, all of them in one error.
 * @throws ConfigurationError BAD_OPTION
 */
export function checkOptions(where: string, options: object | undefined, checks: OptionChecks): void {
  if (options === undefined) return;
  const problems: string[] = [];
  if (typeof options !== "object" || options === null) problems.push("the options are not an object");
  else {
    for (const [name, value] of Object.entries(options)) {
      if (value === undefined) continue;
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      const wanted = check === undefined ? `is unknown; known are ${Object.keys(checks).join(", ")}` : check(value);
      if (wanted === undefined) continue;
      problems.push(check === undefined ? `${name} ${wanted}` : `${name} should be ${wanted}, not ${shown(value)}`);
    }
  }
  if (problems.length > 0) {
    throw new ConfigurationError("BAD_OPTION", `bad options for ${where}: ${problems.join("; ")}`, {
      details: { problems },
    });
  }
}

/** Of a value that is refused. */
const shownCharsMax = 100;

function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax)}…`;
  } catch {
    return Object.prototype.toString.call(value);
  }
}
