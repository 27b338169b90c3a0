import { z } from "zod";
import type { PeerAnswer, PeerRequest } from "./messages.ts";
import { amount, bulk, bytes, flag, list, type Parse, parserOf, taskId, uint } from "./parse-fields.ts";

const shard = {
  request: uint,
  task: taskId,
  chunkBytes: list(uint),
  shared: list(uint).optional(),
  chunk: uint,
  offset: uint,
  bytes,
  last: flag,
};

const request: z.ZodType<PeerRequest> = z.discriminatedUnion("op", [
  z.object({ op: z.literal("get"), request: uint, tasks: bulk(taskId) }),
  z.object({ op: z.literal("put"), ...shard }),
]);

const answer: z.ZodType<PeerAnswer> = z.discriminatedUnion("op", [
  z.object({ op: z.literal("shard"), ...shard }),
  z.object({ op: z.literal("absent"), request: uint, task: taskId }),
  z.object({ op: z.literal("busy"), request: uint, retryMs: amount }),
  z.object({ op: z.literal("put-done"), request: uint, task: taskId }),
]);

/** @throws ProtocolError BAD_FRAME */
export const parsePeerRequest: Parse<PeerRequest> = parserOf("from a peer", request);

/** @throws ProtocolError BAD_FRAME */
export const parsePeerAnswer: Parse<PeerAnswer> = parserOf("of a peer's answer", answer, ["shard"]);
