import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeOwnedDirectory, removeOrphanedDirectories } from "../../worker/owned-directory.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(os.tmpdir(), "muster-owned-"));
});
afterEach(() => rm(parent, { recursive: true }));

it("leaves what a live process owns, what others made, and what lies elsewhere", async () => {
  const mine = await makeOwnedDirectory(parent, "spill");
  await mkdir(join(parent, "spill-of-somebody"));
  await mkdir(join(parent, "code-abc"));
  const before = await readdir(parent);
  await removeOrphanedDirectories(parent, "spill");
  await removeOrphanedDirectories(join(parent, "no-such-directory"), "spill");
  expect(await readdir(parent)).toEqual(before);
  expect(before).toHaveLength(3);
  expect(mine.startsWith(join(parent, "spill-"))).toBe(true);
});

it("removes what a process that has ended left, with everything in it", async () => {
  const module = new URL("../../worker/owned-directory.ts", import.meta.url).href;
  const program = `const { makeOwnedDirectory } = await import(${JSON.stringify(module)});
    await makeOwnedDirectory(${JSON.stringify(parent)}, "spill"); process.kill(process.pid, "SIGKILL");`;
  spawnSync(process.execPath, ["--input-type=module", "-e", program]);
  const [left = ""] = await readdir(parent);
  expect(left).toMatch(/^spill-/);
  await writeFile(join(parent, left, "1.value"), "x");
  await removeOrphanedDirectories(parent, "spill");
  expect(await readdir(parent)).toEqual([]);
});

it("knows a process from an earlier one of the same number", async () => {
  const name = (await makeOwnedDirectory(parent, "spill")).slice(parent.length + 1);
  const [prefix, place, pid, , random] = name.split("-");
  await mkdir(join(parent, [prefix, place, pid, "1", random].join("-")));
  await removeOrphanedDirectories(parent, "spill");
  expect(await readdir(parent)).toEqual([name]);
});
