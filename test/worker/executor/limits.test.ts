import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { availableCores, availableMemoryBytes } from "../../../worker/executor/limits.ts";

const roots: string[] = [];
afterEach(async () => {
  await Promise.all(roots.splice(0).map((root) => rm(root, { recursive: true, force: true })));
});

/** A file system with these files. */
async function machine(files: Record<string, string>): Promise<{ root: string; cores: number; memoryBytes: number }> {
  const root = await mkdtemp(join(os.tmpdir(), "muster-limits-"));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return { root, cores: 8, memoryBytes: 16e9 };
}

describe("limits", () => {
  it("are the machine's where no control group sets any", async () => {
    const sources = await machine({});
    expect([availableCores(sources), availableMemoryBytes(sources)]).toEqual([8, 16e9]);
    expect(availableCores()).toBeGreaterThanOrEqual(1);
    expect(availableMemoryBytes()).toBeGreaterThan(0);
  });

  it("are the strictest of this group and those above it (v2)", async () => {
    const sources = await machine({
      "proc/self/cgroup": "0::/pods/mine\n",
      "sys/fs/cgroup/pods/mine/cpu.max": "max 100000\n",
      "sys/fs/cgroup/pods/mine/memory.max": "4000000000\n",
      "sys/fs/cgroup/pods/cpu.max": "250000 100000\n",
      "sys/fs/cgroup/pods/memory.max": "max\n",
    });
    expect([availableCores(sources), availableMemoryBytes(sources)]).toEqual([2, 4e9]);
  });

  it("are found at the mounted root when the group's own path is the host's, as in a container", async () => {
    const sources = await machine({
      "proc/self/cgroup": "0::/../../elsewhere\n",
      "sys/fs/cgroup/cpu.max": "50000 100000\n",
      "sys/fs/cgroup/memory.max": "1000000\n",
    });
    expect([availableCores(sources), availableMemoryBytes(sources)]).toEqual([1, 1e6]);
  });

  it("are read by controller (v1)", async () => {
    const sources = await machine({
      "proc/self/cgroup": "7:cpu,cpuacct:/mine\n3:memory:/mine\n",
      "sys/fs/cgroup/cpu/mine/cpu.cfs_quota_us": "300000\n",
      "sys/fs/cgroup/cpu/mine/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/mine/memory.limit_in_bytes": "2000000000\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    });
    expect([availableCores(sources), availableMemoryBytes(sources)]).toEqual([3, 2e9]);
  });
});
