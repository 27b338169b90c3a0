import { z } from "zod";
import type { TaskView } from "../../protocol/cluster-view.ts";
import type { TaskFilter } from "../core/view-tasks.ts";
import type { LogQuery } from "../server/log-book.ts";
import { HttpError } from "./http-error.ts";

// What requests may ask for; everything else is refused with the names that are known.

const name = z.string().min(1).max(2_000);
const number = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `give a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.int().min(least).max(most));

const states = ["waiting", "queued", "no-worker", "processing", "memory", "erred", "released"] as const;
const everyState: readonly TaskView["state"][] = states;

export const noQuery: z.ZodType<object> = z.strictObject({});

export const runQuery: z.ZodType<{ readonly run?: string | undefined }> = z.strictObject({ run: name.optional() });

export const tasksQuery: z.ZodType<TaskFilter> = z.strictObject({
  run: name.optional(),
  state: z.literal(everyState).optional(),
  name: name.optional(),
  key: name.optional(),
  after: number(0, Number.MAX_SAFE_INTEGER).default(0),
  limit: number(1, 500).default(100),
});

export const eventsQuery: z.ZodType<{ readonly from?: number | undefined; readonly limit: number }> = z.strictObject({
  from: number(0, Number.MAX_SAFE_INTEGER).optional(),
  limit: number(1, 5_000).default(1_000),
});

export const logsQuery: z.ZodType<LogQuery> = z.strictObject({
  source: z.literal(["scheduler", "worker", "task"]).optional(),
  worker: name.optional(),
  run: name.optional(),
  key: name.optional(),
  level: z.literal(["debug", "info", "warn", "error"]).optional(),
  text: name.optional(),
  limit: number(1, 5_000).default(500),
});

export const cancelBody: z.ZodType<{ readonly reason: string }> = z
  .strictObject({ reason: z.string().max(500).default("") })
  .default({ reason: "" });

export const shareBody: z.ZodType<{ readonly weight: number; readonly slotsMax: number | null }> = z.strictObject({
  weight: z.number().positive().max(1_000_000).default(1),
  slotsMax: z.int().min(1).nullable().default(null),
});

/** @throws HttpError BAD_REQUEST that names every problem */
export function read<Value>(schema: z.ZodType<Value>, given: unknown): Value {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => [...path, message].join(": "));
  throw new HttpError("BAD_REQUEST", `the request is not valid: ${problems.join("; ")}`);
}
