import { z } from "zod";
import type { Input, SchedulerToWorker, WorkerToScheduler } from "./messages.ts";
import {
  amount,
  amounts,
  bulk,
  bytes,
  encodedValue,
  finite,
  flag,
  fnId,
  fnRef,
  hash,
  list,
  name,
  type Parse,
  parserOf,
  taskId,
  text,
  uint,
  wireError,
} from "./parse-fields.ts";
import { profileFrames, workerLogLines } from "./parse-record.ts";

const input: z.ZodType<Input> = z.object({ task: taskId, bytes: uint, addresses: list(name) });

const toWorker: z.ZodType<SchedulerToWorker> = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("compute"),
    task: taskId,
    attempt: uint,
    key: name,
    fn: fnId,
    args: encodedValue,
    inputs: bulk(input),
    priority: list(finite),
    timeoutMs: amount,
    resources: amounts,
    run: name,
    alone: flag.optional(),
  }),
  z.object({ op: z.literal("resume"), kept: flag }),
  z.object({ op: z.literal("define-fn"), fn: fnId, ref: fnRef }),
  z.object({ op: z.literal("free"), tasks: bulk(taskId) }),
  z.object({ op: z.literal("cancel"), task: taskId, attempt: uint, force: flag, reason: text }),
  z.object({ op: z.literal("give-back"), task: taskId, attempt: uint }),
  z.object({ op: z.literal("holders"), task: taskId, addresses: list(name) }),
  z.object({ op: z.literal("bundle"), hash, part: uint, parts: uint, bytes, error: wireError.optional() }),
  z.object({ op: z.literal("replicate"), inputs: bulk(input) }),
  z.object({ op: z.literal("profile"), on: flag }),
  z.object({ op: z.literal("run"), request: uint, fn: fnId, args: encodedValue }),
  z.object({ op: z.literal("stop"), how: z.literal(["drain", "now"]), restart: flag, reason: text }),
]);

const toScheduler: z.ZodType<WorkerToScheduler> = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("inventory"),
    held: bulk(z.object({ task: taskId, bytes: uint })),
    attempts: bulk(z.object({ task: taskId, attempt: uint, started: flag })),
    runs: bulk(uint),
    status: z.literal(["running", "paused", "retiring"]),
  }),
  z.object({
    op: z.literal("heartbeat"),
    memoryBytes: amount,
    storedBytes: amount,
    cpuPercent: amount,
    eventLoopDelayMs: amount,
    sentBytes: amount,
    receivedBytes: amount,
  }),
  z.object({ op: z.literal("started"), task: taskId, attempt: uint }),
  z.object({ op: z.literal("unstarted"), task: taskId, attempt: uint }),
  z.object({ op: z.literal("lent"), task: taskId, attempt: uint }),
  z.object({ op: z.literal("returned"), task: taskId, attempt: uint }),
  z.object({
    op: z.literal("done"),
    task: taskId,
    attempt: uint,
    bytes: uint,
    startMs: finite,
    endMs: finite,
  }),
  z.object({
    op: z.literal("failed"),
    task: taskId,
    attempt: uint,
    error: wireError,
    blame: z.literal(["task", "infrastructure"]),
    startMs: finite,
    endMs: finite,
  }),
  z.object({ op: z.literal("cancelled"), task: taskId, attempt: uint }),
  z.object({ op: z.literal("kept"), task: taskId, attempt: uint }),
  z.object({ op: z.literal("stored"), task: taskId, bytes: uint }),
  z.object({
    op: z.literal("transferred"),
    address: name,
    tasks: uint,
    bytes: uint,
    startMs: finite,
    endMs: finite,
  }),
  z.object({ op: z.literal("dropped"), task: taskId }),
  z.object({ op: z.literal("unreachable-input"), task: taskId, addresses: list(name) }),
  z.object({ op: z.literal("get-bundle"), hash }),
  z.object({
    op: z.literal("run-reply"),
    request: uint,
    value: encodedValue.optional(),
    error: wireError.optional(),
  }),
  z.object({
    op: z.literal("disk"),
    direction: z.literal(["write", "read"]),
    bytes: amount,
    startMs: finite,
    endMs: finite,
  }),
  z.object({ op: z.literal("profile"), frames: profileFrames, last: flag }),
  z.object({ op: z.literal("log"), lines: workerLogLines }),
  z.object({ op: z.literal("status"), status: z.literal(["running", "paused", "retiring"]) }),
  z.object({ op: z.literal("goodbye"), reason: text, suspect: flag.optional() }),
]);

/** @throws ProtocolError BAD_FRAME */
export const parseSchedulerToWorker: Parse<SchedulerToWorker> = parserOf("to a worker", toWorker, ["compute", "free"]);

/** @throws ProtocolError BAD_FRAME */
export const parseWorkerToScheduler: Parse<WorkerToScheduler> = parserOf("from a worker", toScheduler, [
  "started",
  "done",
  "stored",
]);
