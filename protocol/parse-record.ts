import { z } from "zod";
import { logLinesMax, logTextCharsMax } from "./log-limits.ts";
import type { LogLevel } from "./logger.ts";
import { amount, bulk, finite, list, name, taskId, text, uint } from "./parse-fields.ts";
import type { ClusterEvent, LogLine, ProfileFrame, ScalingDecision, WorkerLogLine } from "./record.ts";

/** Of one profile: the deepest and widest program that is still worth looking at. */
const framesMax = 20_000;

export const logLevel: z.ZodType<LogLevel> = z.literal(["debug", "info", "warn", "error"]);

export const profileFrames: z.ZodType<readonly ProfileFrame[]> = z
  .array(z.object({ name, place: name, parent: z.int().min(-1), selfMs: amount }))
  .max(framesMax)
  .refine((frames) => frames.every(({ parent }, index) => parent < index), "a frame must come after its caller");

const lineFields = {
  atMs: finite,
  level: logLevel,
  source: z.literal(["scheduler", "worker", "task"]),
  run: name.optional(),
  key: name.optional(),
  attempt: uint.optional(),
  stream: z.literal(["stdout", "stderr", "log"]).optional(),
  text: z.string().max(logTextCharsMax),
};

export const logLine: z.ZodType<LogLine> = z.object({ ...lineFields, worker: name.optional() });

export const workerLogLines: z.ZodType<readonly WorkerLogLine[]> = z
  .array(z.object({ ...lineFields, source: z.literal(["worker", "task"]) }))
  .max(logLinesMax);

export const scalingDecision: z.ZodType<ScalingDecision> = z.object({
  atMs: finite,
  live: uint,
  requested: uint,
  target: uint,
  reason: text,
});

const clusterEvent: z.ZodType<ClusterEvent> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("submitted"), atMs: finite, run: name, tasks: uint }),
  z.object({
    kind: z.literal("attempt"),
    task: taskId,
    attempt: uint,
    key: name,
    name,
    run: name,
    worker: name,
    deps: bulk(taskId),
    startMs: finite,
    endMs: finite,
    fate: z.literal(["done", "failed", "cancelled", "lost"]),
    bytes: amount,
    message: text,
  }),
  z.object({
    kind: z.literal("task-end"),
    task: taskId,
    key: name,
    name,
    run: name,
    atMs: finite,
    state: z.literal(["failed", "cancelled"]),
    code: name,
    message: text,
    origin: name,
  }),
  z.object({
    kind: z.literal("transfer"),
    worker: name,
    from: name,
    tasks: uint,
    bytes: amount,
    startMs: finite,
    endMs: finite,
  }),
  z.object({
    kind: z.literal("disk"),
    worker: name,
    direction: z.literal(["write", "read"]),
    bytes: amount,
    startMs: finite,
    endMs: finite,
  }),
  z.object({
    kind: z.literal("worker"),
    atMs: finite,
    worker: name,
    change: z.literal(["joined", "disconnected", "back", "paused", "running", "retiring", "left", "lost"]),
    reason: text,
    slots: uint,
    host: name,
    pid: uint,
    memoryLimitBytes: amount,
    version: name,
    nodeVersion: name,
  }),
  z.object({
    kind: z.literal("vitals"),
    process: name,
    atMs: finite,
    cpuPercent: amount,
    memoryBytes: amount,
    storedBytes: amount,
    eventLoopDelayMs: amount,
    sentBytes: amount,
    receivedBytes: amount,
  }),
  z.object({ kind: z.literal("scaling"), decision: scalingDecision }),
  z.object({ kind: z.literal("log"), line: logLine }),
  z.object({ kind: z.literal("profile"), process: name, frames: profileFrames }),
  z.object({
    kind: z.literal("dropped"),
    atMs: finite,
    what: z.literal(["events", "log lines"]),
    count: uint,
  }),
]);

export const clusterEvents: z.ZodType<readonly ClusterEvent[]> = list(clusterEvent);
