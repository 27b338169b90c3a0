import { readFileSync } from "node:fs";
import os from "node:os";
import { dirname, join } from "node:path";

/** Where to look, so that a test can show a machine that it is not running on. */
export interface LimitSources {
  /** The root of the file system. Default "/". */
  readonly root?: string | undefined;
  readonly cores?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

/** How many cores this process may keep busy: its CPU affinity, cut by the CPU quota of its control groups. At least 1. */
export function availableCores(sources: LimitSources = {}): number {
  const { root = "/", cores = os.availableParallelism() } = sources;
  const quotas = [...groupFiles(root, "", "cpu.max").map(coresOfV2), ...coresOfV1(root)];
  return Math.max(1, Math.floor(least([cores, ...quotas])));
}

/** How many bytes of memory this process and its neighbours in the same control groups may use. */
export function availableMemoryBytes(sources: LimitSources = {}): number {
  const { root = "/", memoryBytes = os.totalmem() } = sources;
  const texts = [...groupFiles(root, "", "memory.max"), ...groupFiles(root, "memory", "memory.limit_in_bytes")];
  // "max" is not a number, and v1 writes about 2^63 for "no limit": neither is the least.
  return least([memoryBytes, ...texts.map((text) => Number(text))]);
}

/** `<quota> <period>` in microseconds, or `max <period>`. */
function coresOfV2(text: string): number {
  const [quota, period] = text.split(" ").map(Number);
  return (quota ?? Number.NaN) / (period ?? Number.NaN);
}

function coresOfV1(root: string): number[] {
  const quotas = groupFiles(root, "cpu", "cpu.cfs_quota_us");
  const periods = groupFiles(root, "cpu", "cpu.cfs_period_us");
  // -1 says that there is no quota.
  return quotas.map((quota, index) => Number(quota) / Number(periods[index])).filter((cores) => cores > 0);
}

/**
 * The contents of a control file in this process's group and in every group above it: each of them limits us. `controller`
 * is "" for cgroup v2, where all files lie in one tree.
 */
function groupFiles(root: string, controller: string, file: string): string[] {
  const group = groupOf(root, controller);
  if (group === undefined) return [];
  const base = join(root, "sys/fs/cgroup", controller);
  const texts: string[] = [];
  // In a container the path may be the host's, of which only the lower end is mounted: the walk ends at the mounted root.
  for (let path = group; ; path = dirname(path)) {
    const text = read(join(base, path, file));
    if (text !== undefined) texts.push(text);
    if (path === "/" || path === ".") return texts;
  }
}

/** The line `0::/path` of v2, or `7:cpu,cpuacct:/path` of v1. */
function groupOf(root: string, controller: string): string | undefined {
  for (const line of read(join(root, "proc/self/cgroup"))?.split("\n") ?? []) {
    const [, controllers, ...path] = line.split(":");
    if (controllers?.split(",").includes(controller)) return path.join(":");
  }
  return undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // A controller that is not there sets no limit.
    return undefined;
  }
}

function least(numbers: readonly number[]): number {
  return Math.min(...numbers.filter((number) => Number.isFinite(number) && number > 0));
}
