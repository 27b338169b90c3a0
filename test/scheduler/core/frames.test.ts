import { expect, test } from "vitest";
import { clientId, futureId, workerId } from "../../../protocol/ids.ts";
import type { Assignment, ClientToScheduler, WorkerToScheduler } from "../../../protocol/messages.ts";
import { clientEvents, workerEvents } from "../../../scheduler/core/frames.ts";
import { Bench, plain, spec } from "./bench.ts";

const client = clientId(1);
const worker = workerId(1);

const submission = (number: number, future: number, key: string): ClientToScheduler => ({
  op: "submit",
  submission: number,
  run: "r",
  prefix: "p",
  requests: [plain],
  tasks: [spec(future, [], { key })],
});

function saying(bench: Bench, frame: readonly ClientToScheduler[]): void {
  for (const event of clientEvents(client, frame)) bench.event(event);
}

test("what comes by the hundred is one event; what looks at the outcome of others is one of its own", () => {
  const cancel: ClientToScheduler = { op: "cancel", request: 1, futures: [], force: true, reason: "" };
  const kinds = clientEvents(client, [submission(1, 1, "a"), submission(2, 2, "b"), cancel, submission(3, 3, "c")]);
  expect(kinds.map(({ kind }) => kind)).toEqual(["client-messages", "client-message", "client-message"]);
});

test("a frame full of ends is answered with one message that frees, and with what is to be computed next", () => {
  const bench = new Bench().client().worker(1, { slots: 2 });
  bench.submit([spec(1, [], { wanted: false }), spec(2, [], { wanted: false }), spec(3, [1, 2])]);
  const [a, b] = bench.assigned(1) as [Assignment, Assignment];
  const ends = [a, b].flatMap(({ task, attempt }): WorkerToScheduler[] => [
    { op: "started", task, attempt },
    { op: "done", task, attempt, bytes: 8, startMs: 0, endMs: 1000 },
  ]);
  for (const event of workerEvents(worker, ends)) bench.event(event);
  const [sum] = bench.assigned(1) as [Assignment];
  expect(sum.inputs.map(({ task }) => task)).toEqual([a.task, b.task]);
  bench.done(1, sum);
  expect(bench.sent(1)).toEqual([{ op: "free", tasks: expect.arrayContaining([a.task, b.task]) }]);
});

test("a failed task that is released, and submitted anew in the same frame, runs anew", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1, [], { key: "k" })]);
  const [{ task, attempt }] = bench.assigned(1) as [Assignment];
  const error = { name: "Error", code: "TASK_FAILED", message: "no", retryable: false } as const;
  bench.answer(1, { op: "failed", task, attempt, error, blame: "task", startMs: 0, endMs: 1 });
  bench.told();
  saying(bench, [{ op: "release", futures: [futureId(1)] }, submission(2, 2, "k")]);
  expect(bench.told()).toEqual([{ op: "accepted", submission: 2 }]);
  expect(bench.assigned(1)).toHaveLength(1);
});

test("a task that is cancelled, and submitted anew in the same frame, is another task", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1, [], { key: "k" })]);
  const [{ task }] = bench.assigned(1) as [Assignment];
  const cancel: ClientToScheduler = { op: "cancel", request: 1, futures: [futureId(1)], force: true, reason: "" };
  saying(bench, [cancel, submission(2, 2, "k")]);
  const [stopped, ...others] = bench.sent(1);
  expect(stopped).toMatchObject({ op: "cancel", task });
  expect(others).toMatchObject([{ op: "compute", key: "k" }]);
  expect(others).not.toMatchObject([{ task }]);
});
