import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { eventually } from "../eventually.ts";

/** Every process that a test starts inherits this variable, so that it is found even when its parent is gone. */
const marker = "MUSTER_TEST_FAMILY";

/** What is counted in this process. Timers are left out: the test runner's own come and go. */
const watchedResources = new Set(["TCPSocketWrap", "TCPServerWrap", "ProcessWrap"]);

/**
 * For a test file: each of its tests (or all of them together, when they share a cluster) must leave no process, no socket
 * or thread of this process, and no temporary file behind. The file gets a temporary directory of its own, which its
 * processes inherit. Call it before the file's other hooks.
 */
export function watchLeaks(per: "test" | "file" = "test"): void {
  let directory = "";
  let former: string | undefined;
  let resourcesBefore = new Map<string, number>();

  const remember = (): void => {
    resourcesBefore = countResources();
  };
  const check = async (): Promise<void> => {
    const found = (): string[] => [
      ...familyProcesses(directory).map((line) => `process ${line}`),
      ...newResources(resourcesBefore),
      ...readdirSync(directory, { recursive: true }).map((file) => `file ${String(file)}`),
    ];
    await eventually("the end of what was started", () => found().length === 0, 5_000).catch(() => {
      throw new Error(`the ${per} left behind:\n  ${found().join("\n  ")}`);
    });
  };

  beforeAll(() => {
    former = process.env["TMPDIR"];
    directory = mkdtempSync(join(tmpdir(), "leaks-"));
    process.env["TMPDIR"] = directory;
    process.env[marker] = directory;
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
      if (former === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = former;
      delete process.env[marker];
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

/** Live processes of the family, this one left out, as "pid command". */
export function familyProcesses(family: string | undefined = process.env[marker]): string[] {
  const found: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${marker}=${family}\0`)) continue;
      found.push(`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ")}`);
    } catch {
      // It ended meanwhile, or is somebody else's.
    }
  }
  return found;
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
