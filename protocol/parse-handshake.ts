import { z } from "zod";
import type { Hello, Refusal, Welcome, WorkerRegistration } from "./messages.ts";
import { amount, amounts, flag, list, name, parserOf, text, uint, wireError } from "./parse-fields.ts";

const registration: z.ZodType<WorkerRegistration> = z.object({
  name: name.refine((value) => value !== "", "must not be empty"),
  address: name,
  host: name,
  pid: uint,
  slots: z.int().min(1).max(10_000),
  executor: z.literal(["threads", "processes"]),
  memoryLimitBytes: amount,
  resources: amounts,
  version: name,
  nodeVersion: name,
  predecessor: z
    .object({
      pid: uint,
      exitCode: z.int().nullable(),
      signal: name.nullable(),
      lastLogLines: list(text),
      reason: text.optional(),
      running: list(name).optional(),
    })
    .optional(),
  instance: name.optional(),
  resuming: flag.optional(),
});

const hello: z.ZodType<Hello> = z
  .object({
    op: z.literal("hello"),
    protocol: uint,
    role: z.literal(["client", "worker", "peer"]),
    token: name,
    name,
    registration: registration.optional(),
    session: z.object({ id: name, resuming: flag, detach: flag }).optional(),
    observer: flag.optional(),
  })
  .refine((value) => (value.role === "worker") === (value.registration !== undefined), {
    path: ["registration"],
    message: "must be there with role worker, and only then",
  });

const answer: z.ZodType<Welcome | Refusal> = z.discriminatedUnion("op", [
  z.object({ op: z.literal("welcome"), protocol: uint, version: name, id: uint, heartbeatMs: amount }),
  z.object({ op: z.literal("refusal"), error: wireError }),
]);

/** The first message of who dials, once its protocol version is known to be ours. @throws ProtocolError BAD_FRAME */
export const parseHello: (message: unknown) => Hello = parserOf("of the handshake", hello);

/** The first message of who listens. @throws ProtocolError BAD_FRAME */
export const parseHelloAnswer: (message: unknown) => Welcome | Refusal = parserOf("of the handshake", answer);

/** The protocol version a first message claims, whatever else may have changed in the handshake since. */
export function protocolOf(message: unknown): number | undefined {
  const claimed = z.object({ op: z.literal("hello"), protocol: uint }).safeParse(message);
  return claimed.success ? claimed.data.protocol : undefined;
}
