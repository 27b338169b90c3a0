import { readdirSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { eventually } from "../eventually.ts";
import { Family } from "./family.ts";

/** What is counted in this process. Timers are left out: the test runner's own come and go. */
const watchedResources = new Set(["TCPSocketWrap", "TCPServerWrap", "ProcessWrap"]);

/**
 * For a test file: each of its tests (or all of them together, when they share a cluster) must leave no process, no socket
 * or thread of this process, and no temporary file behind. The file gets a temporary directory of its own, which its
 * processes inherit. Call it before the file's other hooks.
 */
export function watchLeaks(per: "test" | "file" = "test"): void {
  let family: Family;
  let resourcesBefore = new Map<string, number>();

  const remember = (): void => {
    resourcesBefore = countResources();
  };
  const check = async (): Promise<void> => {
    const found = (): string[] => [...family.members(), ...newResources(resourcesBefore)];
    await eventually("the end of what was started", () => found().length === 0, 5_000).catch(() => {
      throw new Error(`the ${per} left behind:\n  ${found().join("\n  ")}`);
    });
  };

  beforeAll(() => {
    family = new Family();
    if (per === "file") remember();
  });
  if (per === "test") {
    beforeEach(remember);
    afterEach(check);
  }
  afterAll(async () => {
    try {
      if (per === "file") await check();
    } finally {
      family.end();
    }
  });
}

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (name: string): unknown => counts.set(name, (counts.get(name) ?? 0) + 1);
  process
    .getActiveResourcesInfo()
    .filter((resource) => watchedResources.has(resource))
    .forEach(count);
  // Threads are no such resource, but the system knows the names that we gave to ours.
  for (const task of readdirSync("/proc/self/task")) {
    const name = readFileSync(`/proc/self/task/${task}/comm`, "utf8").trim();
    if (name.startsWith("muster")) count(`thread "${name}"`);
  }
  return counts;
}

function newResources(before: ReadonlyMap<string, number>): string[] {
  return [...countResources()]
    .filter(([name, count]) => count > (before.get(name) ?? 0))
    .map(([name, count]) => `${count - (before.get(name) ?? 0)} × ${name}`);
}
