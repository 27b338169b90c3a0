import { ClusterError } from "../protocol/errors.ts";
import type { WorkerAnswer } from "../protocol/messages.ts";
import { decodeValue } from "../protocol/value.ts";
import { encodeArguments } from "./arguments.ts";
import type { Functions } from "./functions.ts";
import { Future } from "./future.ts";
import { localError } from "./local-error.ts";
import type { Session } from "./session.ts";
import type { Submittable } from "./task.ts";

/** Runs a function once on each worker, beside what it is doing; the values by worker name. */
export async function runOnWorkers(
  fn: Submittable,
  args: readonly unknown[],
  workers: readonly string[],
  session: Session,
  functions: Functions,
): Promise<Map<string, unknown>> {
  const { args: encoded, deps } = encodeArguments(args, (object) => (object instanceof Future ? object : undefined));
  if (deps.length > 0) {
    throw new ClusterError(
      "UNSENDABLE_VALUE",
      "runOnWorkers works outside scheduling and cannot wait for futures: await them, and pass the values",
    );
  }
  const number = await functions.define(fn);
  const answers = await session.request<WorkerAnswer[]>((request) => ({
    op: "run-on-workers",
    request,
    fn: number,
    args: encoded,
    workers,
  }));
  return new Map(answers.map((answer) => [answer.worker, answerOf(answer)]));
}

function answerOf({ worker, value, error }: WorkerAnswer): unknown {
  if (error === undefined) return value === undefined ? undefined : decodeValue(value);
  const cause = localError(error);
  throw new ClusterError(error.code, `on worker "${worker}": ${cause.message}`, { cause, details: { worker } });
}
