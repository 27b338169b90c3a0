import { expect, test } from "vitest";
import { cancelled, failed, type State, skipped, success, triggerFailed } from "../../flow/states.ts";
import * as triggers from "../../flow/triggers.ts";

const kinds = { s: success(), k: skipped(), f: failed(), t: triggerFailed(), c: cancelled() };
const upstream = (letters: string): State[] => [...letters].map((letter) => kinds[letter as keyof typeof kinds]);

/** "run", or the type of the state that it ends in. */
function verdict(trigger: triggers.Trigger, letters: string, resumed = false): string {
  const said = trigger(upstream(letters), { resumed });
  return said === true ? "run" : said === false ? "false" : said.type;
}

test.each<[string, triggers.Trigger, Record<string, string>]>([
  [
    "allSuccessful",
    triggers.allSuccessful,
    { "": "run", ss: "run", sk: "run", sf: "TriggerFailed", sc: "TriggerFailed", t: "TriggerFailed" },
  ],
  ["allFinished", triggers.allFinished, { "": "run", sf: "run", tc: "run" }],
  ["alwaysRun", triggers.alwaysRun, { ff: "run" }],
  [
    "allFailed",
    triggers.allFailed,
    { "": "run", ff: "run", ft: "run", fs: "TriggerFailed", fk: "TriggerFailed", fc: "TriggerFailed" },
  ],
  ["anySuccessful", triggers.anySuccessful, { "": "run", fs: "run", fk: "run", ff: "TriggerFailed" }],
  ["anyFailed", triggers.anyFailed, { "": "run", sf: "run", ss: "TriggerFailed", sc: "TriggerFailed" }],
  ["notAllSkipped", triggers.notAllSkipped, { "": "run", kk: "Skipped", ks: "run", kf: "TriggerFailed", ss: "run" }],
  ["resourceCleanup", triggers.resourceCleanup, { sf: "run", s: "run", fs: "TriggerFailed", kf: "Skipped" }],
  ["someFailed()", triggers.someFailed(), { ss: "TriggerFailed", sf: "run", ff: "run" }],
  ["someFailed(2)", triggers.someFailed({ atLeast: 2 }), { sf: "TriggerFailed", fft: "run" }],
  [
    "someFailed(at most 1)",
    triggers.someFailed({ atLeast: 0, atMost: 1 }),
    { ss: "run", sf: "run", ff: "TriggerFailed" },
  ],
  ["someSuccessful(half)", triggers.someSuccessful({ atLeast: 0.5 }), { sf: "run", sff: "TriggerFailed", sk: "run" }],
])("%s", (_name, trigger, table) => {
  for (const [letters, expected] of Object.entries(table)) {
    expect([letters, verdict(trigger, letters)]).toEqual([letters, expected]);
  }
});

test("manualOnly waits for somebody", () => {
  expect(verdict(triggers.manualOnly, "s")).toBe("Paused");
  expect(verdict(triggers.manualOnly, "f", true)).toBe("run");
});

test("a trigger that says no tells what it found", () => {
  const state = triggers.allSuccessful(upstream("sff"), { resumed: false });
  expect(state).toMatchObject({ message: expect.stringContaining("2 of 3 upstream tasks did not succeed") });
});

test("a trigger of ours is found again by its spec", () => {
  const { atLeast, name, atMost } = triggers.triggerSpec(triggers.someFailed({ atLeast: 0.3, atMost: 2 })) ?? {};
  expect([name, atLeast, atMost]).toEqual(["someFailed", 0.3, 2]);
  expect(triggers.triggerOf({ name: "allFailed" })).toBe(triggers.allFailed);
  expect(verdict(triggers.triggerOf({ name: "someFailed", atLeast: 2 }), "sf")).toBe("TriggerFailed");
  expect(triggers.triggerSpec(() => true)).toBeUndefined();
});

test("bounds that are no numbers of tasks are refused", () => {
  expect(() => triggers.someFailed({ atLeast: 1.5 })).toThrow("atLeast");
  expect(() => triggers.someSuccessful({ atMost: -1 })).toThrow("atMost");
});
