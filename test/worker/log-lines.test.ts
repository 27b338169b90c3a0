import { expect, test } from "vitest";
import { LogLines } from "../../worker/log-lines.ts";

test("lines are bounded, the newest stay", () => {
  const lines = new LogLines(3);
  for (let i = 0; i < 100; i++) lines.add(`line ${i}`);
  expect(lines.last()).toEqual(["line 97", "line 98", "line 99"]);
});
