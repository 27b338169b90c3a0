import { ConfigurationError } from "../protocol/errors.ts";
import { isFailed, isSkipped, isSuccessful, paused, type State, skipped, triggerFailed } from "./states.ts";

/** What a trigger may look at besides the upstream states. */
export interface TriggerContext {
  /** Somebody resumed this task after it was paused. */
  readonly resumed: boolean;
}

/**
 * Decides from the states of a task's upstream tasks (a mapped one counts as its children) whether the task runs: true
 * runs it, false makes it TriggerFailed, and a state ends or pauses it with that state.
 */
export type Trigger = (upstream: readonly State[], context: TriggerContext) => boolean | State;

/** A trigger of Muster's own as data: this is how it reaches a worker. */
export interface TriggerSpec {
  readonly name: TriggerName;
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}

type TriggerName =
  | "allSuccessful"
  | "allFinished"
  | "allFailed"
  | "anySuccessful"
  | "anyFailed"
  | "someSuccessful"
  | "someFailed"
  | "manualOnly"
  | "notAllSkipped"
  | "resourceCleanup";

/** How many upstream tasks must have ended so. A number below 1 is a share of all of them. */
export interface TriggerBounds {
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}

const specs = new WeakMap<Trigger, TriggerSpec>();

const named = (name: TriggerName, trigger: Trigger, bounds: TriggerBounds = {}): Trigger => {
  specs.set(trigger, { name, ...bounds });
  return trigger;
};

/** How this trigger is named to a worker, if it is one of Muster's own. */
export function triggerSpec(trigger: Trigger): TriggerSpec | undefined {
  return specs.get(trigger);
}

/** The trigger that a spec names. */
export function triggerOf(spec: TriggerSpec): Trigger {
  if (spec.name === "someFailed") return someFailed(spec);
  if (spec.name === "someSuccessful") return someSuccessful(spec);
  return plainTriggers[spec.name];
}

const unless = (wanted: boolean, name: TriggerName, found: string): boolean | State =>
  wanted || triggerFailed(`The trigger "${name}" did not let it run: ${found}.`);

const list = (states: readonly State[], wanted: (state: State) => boolean): string =>
  `${states.filter(wanted).length} of ${states.length} upstream tasks`;

/** Runs if every upstream task succeeded (a skipped one counts as a success). The default. */
export const allSuccessful: Trigger = named("allSuccessful", (upstream) =>
  unless(
    upstream.every(isSuccessful),
    "allSuccessful",
    `${list(upstream, (state) => !isSuccessful(state))} did not succeed`,
  ),
);

/** Runs once every upstream task has ended, however it ended. */
export const allFinished: Trigger = named("allFinished", () => true);

/** The same as `allFinished`. */
export const alwaysRun: Trigger = allFinished;

/** Runs if every upstream task failed. */
export const allFailed: Trigger = named("allFailed", (upstream) =>
  unless(upstream.every(isFailed), "allFailed", `${list(upstream, (state) => !isFailed(state))} did not fail`),
);

/** Runs if at least one upstream task succeeded, or there is none. */
export const anySuccessful: Trigger = named("anySuccessful", (upstream) =>
  unless(upstream.length === 0 || upstream.some(isSuccessful), "anySuccessful", "no upstream task succeeded"),
);

/** Runs if at least one upstream task failed, or there is none. */
export const anyFailed: Trigger = named("anyFailed", (upstream) =>
  unless(upstream.length === 0 || upstream.some(isFailed), "anyFailed", "no upstream task failed"),
);

/**
 * Runs if so many upstream tasks succeeded. `atLeast` defaults to 1.
 * @throws ConfigurationError BAD_OPTION
 */
export function someSuccessful(bounds: TriggerBounds = {}): Trigger {
  return counting("someSuccessful", isSuccessful, "succeeded", bounds);
}

/**
 * Runs if so many upstream tasks failed. `atLeast` defaults to 1.
 * @throws ConfigurationError BAD_OPTION
 */
export function someFailed(bounds: TriggerBounds = {}): Trigger {
  return counting("someFailed", isFailed, "failed", bounds);
}

/** Pauses the task until somebody resumes it. */
export const manualOnly: Trigger = named(
  "manualOnly",
  (_upstream, { resumed }) => resumed || paused('The trigger "manualOnly" waits for somebody to resume the task.'),
);

/** Runs if every upstream task succeeded and not all of them were skipped; if all were, it is skipped, too. */
export const notAllSkipped: Trigger = named("notAllSkipped", (upstream) => {
  if (upstream.length > 0 && upstream.every(isSkipped)) return skipped("Every upstream task was skipped.");
  const found = `${list(upstream, (state) => !isSuccessful(state))} did not succeed`;
  return unless(upstream.every(isSuccessful), "notAllSkipped", found);
});

/** For the cleanup of a resource, whose first upstream task is the setup: runs whatever became of the others. */
export const resourceCleanup: Trigger = named("resourceCleanup", ([setup]) => {
  if (setup === undefined) return true;
  if (isSkipped(setup)) return skipped("There is nothing to clean up: the setup was skipped.");
  return unless(isSuccessful(setup), "resourceCleanup", "the setup did not succeed, so there is nothing to clean up");
});

const plainTriggers: Readonly<Record<Exclude<TriggerName, "someSuccessful" | "someFailed">, Trigger>> = {
  allSuccessful,
  allFinished,
  allFailed,
  anySuccessful,
  anyFailed,
  manualOnly,
  notAllSkipped,
  resourceCleanup,
};

function counting(
  name: "someSuccessful" | "someFailed",
  wanted: (state: State) => boolean,
  verb: string,
  { atLeast = 1, atMost }: TriggerBounds,
): Trigger {
  for (const [bound, value] of Object.entries({ atLeast, atMost: atMost ?? 0 })) {
    if (!Number.isFinite(value) || value < 0 || (value > 1 && !Number.isInteger(value))) {
      throw new ConfigurationError(
        "BAD_OPTION",
        `${name}: ${bound} should be a number of tasks, or a share between 0 and 1, not ${value}`,
      );
    }
  }
  return named(
    name,
    (upstream) => {
      const count = upstream.filter(wanted).length;
      const enough = count >= absolute(atLeast, upstream.length);
      const tooMany = atMost !== undefined && count > absolute(atMost, upstream.length);
      const bounds = `at least ${atLeast}${atMost === undefined ? "" : ` and at most ${atMost}`} were asked for`;
      return unless(enough && !tooMany, name, `${count} of ${upstream.length} upstream tasks ${verb}, and ${bounds}`);
    },
    { atLeast, atMost },
  );
}

/** A bound below 1 is a share. */
function absolute(bound: number, total: number): number {
  return bound < 1 ? bound * total : bound;
}
