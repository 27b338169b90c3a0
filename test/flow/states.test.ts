import { expect, test } from "vitest";
import * as states from "../../flow/states.ts";
import { decodeValue, encodeValue } from "../../protocol/value.ts";

const every = {
  Pending: states.pending(),
  Scheduled: states.scheduled("at noon", 5),
  Paused: states.paused(),
  Resume: states.resume(),
  Retrying: states.retrying("again", { delayMs: 5, runCount: 1 }),
  Submitted: states.submitted(),
  Queued: states.queued(),
  Running: states.running(),
  Cancelling: states.cancelling(),
  Looped: states.looped("once more", 2, [1]),
  Success: states.success("done", { rows: new Map([["a", 1n]]) }),
  Cached: states.cached("known", 7),
  Mapped: states.mapped(3),
  Skipped: states.skipped(),
  Failed: states.failed("no", { code: "TASK_FAILED", message: "no", retryable: false }),
  TimedOut: states.timedOut(),
  TriggerFailed: states.triggerFailed(),
  ValidationFailed: states.validationFailed(),
  Cancelled: states.cancelled(),
} satisfies Record<states.StateType, states.State>;

const named = (wanted: (state: states.State) => boolean): string[] =>
  Object.entries(every).flatMap(([name, state]) => (wanted(state) ? [name] : []));

test("each constructor makes the state of its name, with a message", () => {
  for (const [name, state] of Object.entries(every)) {
    expect(state.type).toBe(name);
    expect(state.message).not.toBe("");
  }
});

test("the hierarchy is in the predicates", () => {
  expect(named(states.isPending)).toEqual(["Pending", "Scheduled", "Paused", "Resume", "Retrying"]);
  expect(named(states.isScheduled)).toEqual(["Scheduled", "Paused", "Resume", "Retrying"]);
  expect(named(states.isRunning)).toEqual(["Running", "Cancelling"]);
  expect(named(states.isSuccessful)).toEqual(["Success", "Cached", "Mapped", "Skipped"]);
  expect(named(states.isFailed)).toEqual(["Failed", "TimedOut", "TriggerFailed", "ValidationFailed"]);
  expect(named(states.isFinished)).toEqual([
    "Looped",
    ...named(states.isSuccessful),
    ...named(states.isFailed),
    "Cancelled",
  ]);
  expect(named(states.hasResult)).toEqual(["Success", "Cached"]);
});

test.each(Object.entries(every))("%s travels as it is", (_name, state) => {
  expect(decodeValue(encodeValue(state))).toEqual(state);
});
