import { type TaskId, taskId } from "../../protocol/ids.ts";
import type { AttemptEvent, ClusterEvent } from "../../protocol/record.ts";
import type { ReportMeta } from "../../report/report-data.ts";

export interface GeneratedRunOptions {
  readonly tasks: number;
  readonly workers?: number;
  readonly slots?: number;
  readonly seed?: number;
  /** Part of the attempts that fail, and are tried again. */
  readonly failing?: number;
}

export const epochMs = 1_767_225_600_000;

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const stages = ["load", "parse", "clean", "join", "aggregate", "score", "write"] as const;

/**
 * What a cluster would tell of a run of chains of tasks through seven stages, with everything that can happen: failures,
 * transfers, disk use, workers that come and are lost, logs and profiles.
 */
export function generatedRun(options: GeneratedRunOptions): { events: ClusterEvent[]; meta: ReportMeta } {
  const { tasks, workers: workerCount = 4, slots = 2, seed = 1, failing = 0.004 } = options;
  const random = dice(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const events: ClusterEvent[] = [];
  const workerName = (index: number): string => `worker-${index}`;
  const describe = (index: number) => ({
    worker: workerName(index),
    slots,
    host: `host-${index % 3}`,
    pid: 1_000 + index,
    memoryLimitBytes: 2 ** 32,
    version: "0.1.0",
    nodeVersion: "26.1.0",
  });
  for (let index = 0; index < workerCount; index++) {
    const atMs = epochMs + index * 40;
    const live = index + 1;
    events.push({
      kind: "scaling",
      decision: { atMs, live: index, requested: workerCount, target: workerCount, reason: `${tasks} tasks are queued` },
    });
    events.push({ kind: "worker", atMs, change: "joined", reason: live === 1 ? "first" : "", ...describe(index) });
  }
  events.push({ kind: "submitted", atMs: epochMs, run: "nightly", tasks });
  const freeMs = Array.from(
    { length: workerCount * slots },
    (_, slot) => epochMs + Math.floor(slot / slots) * 40 + random() * 5,
  );
  // So many chains go on side by side.
  const width = tasks < 1_000 ? 10 : workerCount * slots * 4;
  const workerOf: number[] = [];
  const endOf: number[] = [];
  for (let id = 1; id <= tasks; id++) {
    const stage = stages[Math.floor((id - 1) / width) % stages.length] as string;
    const deps: TaskId[] = stage === "load" ? [] : [taskId(id - width)];
    let slot = 0;
    for (let other = 1; other < freeMs.length; other++) {
      if ((freeMs[other] as number) < (freeMs[slot] as number)) slot = other;
    }
    const worker = Math.floor(slot / slots);
    workerOf[id] = worker;
    let startMs = Math.max(freeMs[slot] as number, deps.length > 0 ? (endOf[id - width] as number) : 0) + random() * 3;
    const from = workerOf[id - width];
    const bytes = Math.floor(10 ** (2 + random() * 5));
    if (deps.length > 0 && from !== undefined && from !== worker) {
      const took = 1 + random() * 4;
      const span = { startMs, endMs: startMs + took };
      events.push({ kind: "transfer", worker: workerName(worker), from: workerName(from), tasks: 1, bytes, ...span });
      startMs += took;
    }
    const described = {
      kind: "attempt",
      task: taskId(id),
      key: `${stage}-${id.toString(16).padStart(6, "0")}`,
      name: stage,
      run: "nightly",
      worker: workerName(worker),
      deps,
    } as const;
    const tooks = random() < failing ? [random() * 20, 5 + random() * 40] : [2 + random() ** 4 * 200];
    tooks.forEach((took, index) => {
      const isLast = index === tooks.length - 1;
      const end: Pick<AttemptEvent, "fate" | "bytes" | "message"> = isLast
        ? { fate: "done", bytes, message: "" }
        : { fate: "failed", bytes: 0, message: `Error: row ${pick(1_000)} of "${stage}" has no date` };
      events.push({ ...described, attempt: index + 1, startMs, endMs: startMs + took, ...end });
      startMs += took;
    });
    freeMs[slot] = startMs;
    endOf[id] = startMs;
    if (id % 500 === 0) {
      const span = { startMs: startMs - 30, endMs: startMs - 10 };
      const direction = id % 1_000 === 0 ? "read" : "write";
      events.push({ kind: "disk", worker: workerName(worker), direction, bytes: 2 ** 24, ...span });
    }
    if (id % 100 === 0) {
      const text = `${stage}: ${pick(10_000)} rows read`;
      const task = { worker: workerName(worker), run: "nightly", key: described.key, attempt: 1 };
      events.push({
        kind: "log",
        line: {
          atMs: startMs,
          level: id % 1_000 === 0 ? "warn" : "info",
          source: "task",
          stream: "log",
          text,
          ...task,
        },
      });
    }
  }
  const endMs = Math.max(epochMs + 1, ...freeMs);
  events.push(...vitals(endMs, workerCount, random), ...profiles(workerCount));
  const last = workerCount - 1;
  if (workerCount > 1) {
    const reason = "its connection was lost for 30s";
    events.push({ kind: "worker", atMs: endMs, change: "lost", reason, ...describe(last) });
  }
  const meta: ReportMeta = {
    title: "nightly",
    outcome: "succeeded",
    state: "Success",
    message: "All reference tasks succeeded.",
    startMs: epochMs,
    endMs,
    address: "ws://127.0.0.1:8786",
    host: "host-0",
    version: "0.1.0",
    nodeVersion: "26.1.0",
  };
  return { events, meta };
}

function vitals(endMs: number, workers: number, random: () => number): ClusterEvent[] {
  const processes = ["scheduler", ...Array.from({ length: workers }, (_, index) => `worker-${index}`)];
  const stepMs = Math.max(200, (endMs - epochMs) / 200);
  return processes.flatMap((process, index) => {
    const events: ClusterEvent[] = [];
    for (let atMs = epochMs; atMs < endMs; atMs += stepMs) {
      const phase = (atMs - epochMs) / (endMs - epochMs);
      events.push({
        kind: "vitals",
        process,
        atMs,
        cpuPercent: (index === 0 ? 12 : 150) * (0.7 + random() * 0.3),
        memoryBytes: 2 ** 27 * (1 + phase + 0.1 * random()),
        storedBytes: index === 0 ? 0 : 2 ** 26 * phase,
        eventLoopDelayMs: 1 + random() ** 6 * 30,
        sentBytes: 1e5 * random(),
        receivedBytes: 1e5 * random(),
      });
    }
    return events;
  });
}

function profiles(workers: number): ClusterEvent[] {
  const frames = [
    { name: "runTask", place: "slot.js:40", parent: -1, selfMs: 20 },
    { name: "parse", place: "flow.ts:12", parent: 0, selfMs: 340 },
    { name: "JSON.parse", place: "", parent: 1, selfMs: 900 },
    { name: "score", place: "flow.ts:30", parent: 0, selfMs: 700 },
    { name: "dot", place: "vector.ts:8", parent: 3, selfMs: 1_400 },
    { name: "normalise", place: "vector.ts:22", parent: 3, selfMs: 260 },
  ];
  const own = [
    { name: "onMessage", place: "server.js:90", parent: -1, selfMs: 40 },
    { name: "decode", place: "frame.js:20", parent: 0, selfMs: 120 },
    { name: "handle", place: "core.js:60", parent: 0, selfMs: 300 },
  ];
  return [
    ...Array.from(
      { length: workers },
      (_, index) => ({ kind: "profile", process: `worker-${index}`, frames }) as const,
    ),
    { kind: "profile", process: "scheduler", frames: own },
  ];
}
