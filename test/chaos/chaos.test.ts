import { expect, test } from "vitest";
import { familyProcesses } from "../e2e/family.ts";
import { watchLeaks } from "../e2e/leaks.ts";
import { eventually } from "../eventually.ts";
import { runChaos } from "./run-chaos.ts";

watchLeaks();

test("whatever dies, freezes or is cut off, every result is right and nothing is left", {
  timeout: 400_000,
}, async () => {
  const printed: string[] = [];
  const print = (line: string): unknown => printed.push(line);
  const run = runChaos({ seed: 7, durationMs: 20_000, meanPauseMs: 1_000, patienceMs: 120_000, print });
  const tally = await run.catch((error: unknown) => {
    throw new Error([String(error), ...printed].join("\n"), { cause: error });
  });
  // Whose nanny died last may still be about to end itself.
  await eventually("the last process to end", () => familyProcesses().length === 0, 30_000);
  expect(tally.wrong).toEqual([]);
  expect(tally.killed).toBeGreaterThan(2);
  // How many there can be in this time is a matter of the machine.
  expect(tally.graphs).toBeGreaterThan(0);
});
