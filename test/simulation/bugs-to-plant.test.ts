import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { plant, plantedBugs } from "./bugs-to-plant.ts";

const sourceOf = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

test.each(plantedBugs)("the line that this bug breaks is where it is looked for: $what", (bug) => {
  const source = sourceOf(bug.file);
  expect(plant(bug, source)).not.toBe(source);
});
