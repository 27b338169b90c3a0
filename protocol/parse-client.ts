import { z } from "zod";
import type { ClientToScheduler, SchedulerToClient, TaskRequest, TaskSpec } from "./messages.ts";
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
  futureId,
  hash,
  keyPart,
  list,
  name,
  type Parse,
  parserOf,
  shallow,
  taskId,
  text,
  uint,
  wireError,
} from "./parse-fields.ts";
import { clusterEvents, logLevel, scalingDecision } from "./parse-record.ts";

const taskRequest: z.ZodType<TaskRequest> = z.object({
  retries: uint,
  priority: finite,
  resources: amounts,
  workers: list(name),
  allowOtherWorkers: flag,
  timeoutMs: amount,
});

const taskSpec: z.ZodType<TaskSpec> = z.object({
  future: futureId,
  fn: fnId,
  args: encodedValue,
  deps: bulk(futureId),
  request: uint,
  key: name.optional(),
  wanted: flag,
});

/** A run without any weight would never be served, and one of boundless weight nobody else. */
const weight: z.ZodType<number> = z.number().gt(0).lte(1e6);

const toScheduler: z.ZodType<ClientToScheduler> = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("submit"),
    submission: uint,
    run: name,
    prefix: keyPart,
    parent: name.optional(),
    requests: bulk(taskRequest),
    tasks: bulk(taskSpec),
  }),
  z.object({ op: z.literal("goodbye"), reason: text }),
  z.object({ op: z.literal("define-fn"), fn: fnId, ref: fnRef }),
  z.object({ op: z.literal("has-bundles"), request: uint, hashes: list(hash) }),
  z.object({ op: z.literal("put-bundle"), request: uint, hash, part: uint, parts: uint, bytes }),
  z.object({ op: z.literal("release"), futures: bulk(futureId) }),
  z.object({ op: z.literal("cancel"), request: uint, futures: bulk(futureId), force: flag, reason: text }),
  z.object({ op: z.literal("cancel-run"), request: uint, run: name, force: flag, reason: text }),
  z.object({ op: z.literal("share-run"), request: uint, run: name, weight, slotsMax: uint }),
  z.object({ op: z.literal("retry"), request: uint, futures: bulk(futureId) }),
  z.object({ op: z.literal("who-has"), request: uint, futures: bulk(futureId).optional() }),
  z.object({ op: z.literal("missing"), future: futureId, address: name }),
  z.object({ op: z.literal("explain"), request: uint, future: futureId.optional(), key: name.optional() }),
  z.object({ op: z.literal("info"), request: uint }),
  z.object({ op: z.literal("load"), request: uint }),
  z.object({
    op: z.literal("scaling"),
    decision: scalingDecision,
  }),
  z.object({ op: z.literal("wait-for-workers"), request: uint, count: uint }),
  z.object({
    op: z.literal("scatter"),
    request: uint,
    futures: bulk(futureId),
    bytes: bulk(uint),
    workers: list(name),
    broadcast: flag,
  }),
  z.object({ op: z.literal("scattered"), request: uint, futures: bulk(futureId), addresses: bulk(list(name)) }),
  z.object({ op: z.literal("run-on-workers"), request: uint, fn: fnId, args: encodedValue, workers: list(name) }),
  z.object({ op: z.literal("retire-workers"), request: uint, names: list(name), idleOnly: flag.optional() }),
  z.object({ op: z.literal("copy"), request: uint, futures: bulk(futureId), copies: uint }),
  z.object({ op: z.literal("rebalance"), request: uint }),
  z.object({ op: z.literal("watch"), request: uint, run: name.optional(), kept: flag, profile: flag }),
  z.object({
    op: z.literal("logs"),
    request: uint,
    run: name.optional(),
    worker: name.optional(),
    key: name.optional(),
    level: logLevel.optional(),
    limit: uint,
  }),
  z.object({ op: z.literal("unwatch"), request: uint, watch: uint }),
  z.object({ op: z.literal("restart"), request: uint }),
]);

const toClient: z.ZodType<SchedulerToClient> = z.discriminatedUnion("op", [
  z.object({ op: z.literal("session"), kept: flag, futures: bulk(futureId) }),
  z.object({ op: z.literal("closing"), reason: text }),
  z.object({ op: z.literal("accepted"), submission: uint }),
  z.object({ op: z.literal("rejected"), submission: uint, error: wireError }),
  z.object({ op: z.literal("finished"), future: futureId, task: taskId, bytes: uint, addresses: list(name) }),
  z.object({ op: z.literal("failed"), future: futureId, error: wireError }),
  z.object({ op: z.literal("cancelled"), future: futureId, error: wireError }),
  z.object({ op: z.literal("lost"), future: futureId, error: wireError }),
  z.object({ op: z.literal("pending"), future: futureId }),
  z.object({ op: z.literal("events"), watch: uint, events: clusterEvents }),
  z.object({ op: z.literal("reply"), request: uint, value: shallow.optional(), error: wireError.optional() }),
]);

/** @throws ProtocolError BAD_FRAME */
export const parseClientToScheduler: Parse<ClientToScheduler> = parserOf("from a client", toScheduler, [
  "submit",
  "release",
]);

/** @throws ProtocolError BAD_FRAME */
export const parseSchedulerToClient: Parse<SchedulerToClient> = parserOf("to a client", toClient, ["finished"]);
