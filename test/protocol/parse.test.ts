import { describe, expect, test } from "vitest";
import {
  parseClientToScheduler,
  parsePeerAnswer,
  parsePeerRequest,
  parseSchedulerToClient,
  parseSchedulerToWorker,
  parseWorkerToScheduler,
} from "../../protocol/parse.ts";
import { validMessages } from "./valid-messages.ts";

describe("every message there is", () => {
  for (const [direction, { parse, messages }] of Object.entries(validMessages)) {
    test(`${direction}: passes as it is`, () => {
      for (const message of messages) expect(parse(message)).toEqual(message);
    });

    test(`${direction}: without any one of its fields, or with a wrong one, is refused or still right`, () => {
      for (const message of messages) {
        for (const field of Object.keys(message)) {
          if (optional.has(`${String(message["op"])}.${field}`)) continue;
          const { [field]: _gone, ...without } = message;
          expect(() => parse(without), `${String(message["op"])} without ${field}`).toThrow(
            expect.objectContaining({ code: "BAD_FRAME" }),
          );
          if (anything.has(`${String(message["op"])}.${field}`)) continue;
          expect(
            () => parse({ ...message, [field]: () => 1 }),
            `${String(message["op"])} with a wrong ${field}`,
          ).toThrow(expect.objectContaining({ code: "BAD_FRAME" }));
        }
      }
    });
  }
});

const optional = new Set([
  "submit.parent",
  "watch.run",
  "logs.run",
  "logs.worker",
  "logs.key",
  "logs.level",
  "who-has.futures",
  "retire-workers.idleOnly",
  "explain.future",
  "explain.key",
  "reply.value",
  "reply.error",
  "bundle.error",
  "run-reply.value",
  "run-reply.error",
]);
const anything = new Set(["reply.value"]);

describe("what is wrong is said", () => {
  const spec = { future: 1, fn: 1, args: [new Uint8Array(1)], deps: [], request: 0, wanted: true };
  const submit = { op: "submit", submission: 1, run: "r", prefix: "p", requests: [], tasks: [spec] };
  const done = { op: "done", task: 1, attempt: 1, bytes: 1, startMs: 1, endMs: 2 };
  test.each([
    ["no object", parseWorkerToScheduler, 5, "a message from a worker has no op"],
    ["null", parsePeerRequest, null, "has no op"],
    ["an op of another direction", parseSchedulerToWorker, done, 'the message "done" to a worker is malformed: op'],
    [
      "a negative number",
      parseWorkerToScheduler,
      { ...done, task: -1 },
      'the message "done" from a worker is malformed: task',
    ],
    ["a fraction", parseWorkerToScheduler, { ...done, bytes: 0.5 }, "bytes: "],
    ["an unsafe integer", parseWorkerToScheduler, { ...done, task: 2 ** 60 }, "task: "],
    ["NaN", parseWorkerToScheduler, { ...done, startMs: Number.NaN }, "startMs: "],
    [
      "a deep field",
      parseClientToScheduler,
      { ...submit, tasks: [spec, { ...spec, args: ["x"] }] },
      "tasks[1].args[0]: must be bytes",
    ],
    ["a value without bytes", parseClientToScheduler, { ...submit, tasks: [{ ...spec, args: [] }] }, "tasks[0].args"],
    ["a long name", parseClientToScheduler, { ...submit, run: "x".repeat(65_537) }, "run: "],
    [
      "a bundle that is no hash",
      parseWorkerToScheduler,
      { op: "get-bundle", hash: "../../etc/passwd" },
      "hash: must be a sha256",
    ],
    [
      "a reply that nests too deep",
      parseSchedulerToClient,
      { op: "reply", request: 1, value: nest(100) },
      "value: must not nest",
    ],
    [
      "shards that are no bytes",
      parsePeerAnswer,
      { op: "shard", request: 1, task: 1, chunkBytes: [1], chunk: 0, offset: 0, bytes: [1], last: true },
      "bytes: must be bytes",
    ],
  ])("%s", (_, parse: (message: unknown) => unknown, message, problem) => {
    expect(() => parse(message)).toThrow(
      expect.objectContaining({ code: "BAD_FRAME", message: expect.stringContaining(problem) }),
    );
  });

  test("a chain of causes without end", () => {
    let error: Record<string, unknown> = { code: "TASK_FAILED", message: "m", retryable: false };
    for (let depth = 0; depth < 50_000; depth++) error = { ...error, cause: error };
    expect(() => parseSchedulerToClient({ op: "failed", future: 1, error })).toThrow(
      expect.objectContaining({ code: "BAD_FRAME" }),
    );
  });

  test("what nobody asked for is dropped", () => {
    expect(parseWorkerToScheduler({ ...done, extra: 1 })).toEqual(done);
  });
});

function nest(levels: number): unknown {
  return levels === 0 ? 1 : [nest(levels - 1)];
}
