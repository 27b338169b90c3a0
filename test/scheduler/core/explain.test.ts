import { expect, test } from "vitest";
import type { Explanation } from "../../../protocol/explanation.ts";
import { futureId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, heartbeat, plain, spec } from "./bench.ts";

const first = (assignments: readonly Assignment[]): Assignment => assignments[0] as Assignment;
const boom = { code: "TASK_FAILED", message: "boom", retryable: false } as const;

function explain(bench: Bench, of: number | string, client = 1): Explanation {
  bench.told(client);
  const asked = typeof of === "string" ? { key: of } : { future: futureId(of) };
  bench.say({ op: "explain", request: 77, ...asked }, client);
  const [reply] = bench.told(client);
  if (reply?.op !== "reply" || reply.request !== 77) throw new Error("there was no reply");
  return reply.value as Explanation;
}

function start(bench: Bench, worker: number, { task, attempt }: Assignment): void {
  bench.answer(worker, { op: "started", task, attempt });
}

function failAttempt(bench: Bench, worker: number, { task, attempt }: Assignment, message = "boom"): void {
  const error = { ...boom, message };
  bench.answer(worker, { op: "failed", task, attempt, error, blame: "task", startMs: 0, endMs: 1 });
}

test("unknown: says so, and which keys begin so", () => {
  const bench = new Bench().client();
  bench.submit([spec(1)]);
  expect(explain(bench, "inc")).toEqual({
    key: "inc",
    state: "unknown",
    paragraph:
      'The scheduler knows no task "inc": none was submitted under this key since the scheduler started, or nobody needs its result any more, and its record is gone. Known keys that begin so: "inc-1-p".',
    waitsFor: [],
    waitsForCount: 0,
    reasons: [],
    attempts: [],
    attemptsForgotten: 0,
    holders: [],
    bytes: 0,
  });
});

test("no worker is connected", () => {
  const bench = new Bench().client();
  bench.submit([spec(1)]);
  bench.nowMs = 5000;
  expect(explain(bench, 1)).toMatchObject({
    key: "inc-1-p",
    state: "no-worker",
    run: "r",
    sinceMs: 5000,
    paragraph:
      'The task "inc-1-p" is ready to run, and has waited for a place on a worker for 5s. No worker is connected. It starts once one comes.',
    reasons: [{ code: "no-workers" }],
    attempts: [],
  });
});

test("no worker could ever run it: names what is missing", () => {
  const bench = new Bench()
    .client()
    .worker(1, { resources: { GPU: 1 } })
    .worker(2);
  bench.submit([spec(1), spec(2, [], { request: 1 }), spec(3, [], { request: 2 }), spec(4, [], { request: 3 })], {
    requests: [
      { ...plain, resources: { GPU: 2 } },
      { ...plain, resources: { TPU: 1 } },
      { ...plain, workers: ["big"] },
      { ...plain, workers: ["w2"], resources: { GPU: 1 } },
    ],
  });
  const stem = (future: number): string =>
    `The task "inc-${future}-p" is ready to run, and has waited for a place on a worker for 0ms. `;
  const end = " It can never start before a worker comes that suits it.";
  expect([1, 2, 3, 4].map((future) => explain(bench, future).paragraph)).toEqual([
    `${stem(1)}It asks for GPU=2, and no connected worker has that (the most is GPU=1).${end}`,
    `${stem(2)}It asks for TPU=1, and no connected worker has that (none has any TPU).${end}`,
    `${stem(3)}It may run only on "big", and no worker of that name, address or host is connected.${end}`,
    `${stem(4)}It asks for GPU=1, and no worker that it may run on has that (none has any GPU).${end}`,
  ]);
  expect(explain(bench, 1).reasons).toMatchObject([
    { code: "unsuited", details: { missing: { GPU: { asked: 2, most: 1 } } } },
  ]);
});

test("queued: slots, resources, the run's cap, what comes before it and the worker it waits for", () => {
  const bench = new Bench().client().worker(1, { slots: 2, resources: { GPU: 1 } });
  const requests = [plain, { ...plain, resources: { GPU: 1 } }];
  bench.submit([spec(1, [], { request: 1 }), spec(2, [], { request: 1 })], { requests });
  expect(explain(bench, 2)).toMatchObject({
    state: "queued",
    paragraph:
      'The task "inc-2-p" is ready to run, and has waited for a place on a worker for 0ms. It asks for GPU=1, and that is taken now: w1 has 0 of 1 GPU free, in use by "inc-1-p".',
    reasons: [{ code: "resources-busy" }],
  });
  bench.submit([spec(3), spec(4), spec(5), spec(6), spec(7)]);
  bench.submit([spec(8), spec(9)], { run: "other" });
  expect(explain(bench, 7)).toMatchObject({
    paragraph:
      'The task "inc-7-p" is ready to run, and has waited for a place on a worker for 0ms. All 2 slots of w1, the one worker that could run it now, are taken. 3 tasks of its own run "r" come before it. Slots are shared with 1 other run: "other" (2 queued).',
    reasons: [{ code: "slots-busy" }, { code: "behind" }],
  });
});

test("queued: waits for the worker where its inputs lie", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  bench.done(1, first(bench.assigned(1)));
  bench.submit(Array.from({ length: 4 }, (_, i) => spec(i + 2, [1])));
  expect(explain(bench, 5)).toMatchObject({
    paragraph:
      'The task "inc-5-p" is ready to run, and has waited for a place on a worker for 0ms. The only slot of w1, the one worker that could run it now, is taken. It waits for w1, which holds 8 B of the 8 B of its inputs; another worker takes it when fetching them costs less time than waiting. 1 task of its own run "r" comes before it.',
  });
});

test("queued: its inputs fit into the memory of no worker that has what it asks for", () => {
  const mib = 2 ** 20;
  const small = { memoryLimitBytes: 10 * mib, resources: { GPU: 1 } };
  const bench = new Bench().client().worker(1, { memoryLimitBytes: 100 * mib });
  bench.submit([spec(1), spec(2, [1], { request: 1 })], { requests: [plain, { ...plain, resources: { GPU: 1 } }] });
  bench.worker(2, small).worker(3, { resources: { GPU: 1 } });
  bench.answer(3, { op: "status", status: "paused" });
  const one = first(bench.assigned(1));
  bench.answer(1, { op: "done", task: one.task, attempt: 1, bytes: 11 * mib, startMs: 0, endMs: 1 });
  expect(explain(bench, 2)).toMatchObject({ state: "queued", reasons: [{ code: "not-taking" }] });
  bench.lose(3);
  expect(explain(bench, 2)).toMatchObject({
    state: "no-worker",
    reasons: [
      {
        code: "unsuited",
        message:
          "Its inputs take 11 MiB of memory, more than the limit of any worker that could run it otherwise. It can never start before a worker comes that suits it.",
      },
    ],
  });
});

test("what a paused worker has not begun is given back", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  bench.answer(1, { op: "status", status: "paused" });
  expect(explain(bench, 1).attempts).toMatchObject([
    { fate: "given-back", message: "its worker takes no more tasks", endedAgoMs: 0 },
  ]);
});

test("queued: the workers that could run it take no tasks", () => {
  const bench = new Bench().client().worker(1);
  bench.answer(1, { op: "status", status: "paused" });
  bench.submit([spec(1)]);
  expect(explain(bench, 1)).toMatchObject({
    state: "queued",
    paragraph:
      'The task "inc-1-p" is ready to run, and has waited for a place on a worker for 0ms. Of the workers that could run it, none takes tasks now: w1 is paused.',
  });
  bench.say({ op: "retire-workers", request: 1, names: ["w1"] });
  expect(explain(bench, 1)).toMatchObject({
    state: "no-worker",
    paragraph:
      'The task "inc-1-p" is ready to run, and has waited for a place on a worker for 0ms. Every worker that could run it is leaving (w1). It starts once one comes.',
  });
});

test("waiting: the inputs with their states, and what is at the root of it", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1), spec(2, [1]), spec(3, [2]), spec(4, [], { request: 1 }), spec(5, [2, 3, 4])], {
    requests: [plain, { ...plain, resources: { GPU: 1 } }],
  });
  start(bench, 1, first(bench.assigned(1)));
  bench.nowMs = 1500;
  bench.answer(1, heartbeat);
  expect(explain(bench, 3)).toMatchObject({
    state: "waiting",
    paragraph:
      'The task "inc-3-p" has waited for its inputs for 1.5s. Its only input is not there yet: "inc-2-p" (waiting). At the root of it, the task "inc-1-p" has run on w1 for 1.5s, as attempt 1.',
  });
  expect(explain(bench, 5)).toMatchObject({
    state: "waiting",
    paragraph:
      'The task "inc-5-p" has waited for its inputs for 1.5s. 3 of its 3 inputs are not there yet: "inc-2-p" (waiting), "inc-3-p" (waiting) and "inc-4-p" (no-worker). At the root of it are 2 tasks; for one, the task "inc-4-p" is ready to run, and has waited for a place on a worker for 1.5s. It asks for GPU=1, and no connected worker has that (none has any GPU). It can never start before a worker comes that suits it.',
  });
});

test("processing: on which worker, since when, started or not", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.submit([spec(1), spec(2, [1]), spec(3, [1]), spec(4)]);
  const [one] = bench.assigned(1);
  bench.nowMs = 2000;
  expect(explain(bench, 1)).toMatchObject({
    state: "processing",
    worker: "w1",
    paragraph:
      'The task "inc-1-p" was sent to w1 2s ago, as attempt 1. It has not started there: nothing is known to keep it from that.',
  });
  start(bench, 1, one as Assignment);
  bench.nowMs = 5000;
  expect(explain(bench, 1)).toMatchObject({
    paragraph: 'The task "inc-1-p" has run on w1 for 3s, as attempt 1. Nothing has been heard of w1 for 3s.',
  });
  bench.answer(1, heartbeat);
  bench.done(1, one as Assignment);
  expect(explain(bench, 2)).toMatchObject({
    paragraph:
      'The task "inc-2-p" was sent to w1 0ms ago, as attempt 1. It has not started there: nothing is known to keep it from that.',
  });
});

test("processing: waits for tasks that it submitted itself", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  const one = first(bench.assigned(1));
  start(bench, 1, one);
  bench.answer(1, { op: "lent", task: one.task, attempt: 1 });
  expect(explain(bench, 1).paragraph).toBe(
    'The task "inc-1-p" has run on w1 for 0ms, as attempt 1. It waits for tasks that it submitted itself, and lends out its slot meanwhile.',
  );
});

test("a future that was refused is unknown, even if its key stands for somebody else's task", () => {
  const bench = new Bench().client(1).client(2);
  bench.submit([spec(1, [], { key: "k" })], {}, 1);
  bench.submit([spec(1, [], { key: "k", args: [new Uint8Array(1)] })], {}, 2);
  bench.say({ op: "explain", request: 5, future: futureId(1), key: "k" }, 2);
  expect(bench.told(2).at(-1)).toMatchObject({ value: { key: "k", state: "unknown" } });
  expect(explain(bench, "k", 2)).toMatchObject({ key: "k", state: "no-worker" });
});

test("memory: where, of what size, how it came about and for whom it is kept", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1), spec(2, [1]), spec(3, [1])]);
  const one = first(bench.assigned(1));
  start(bench, 1, one);
  bench.nowMs = 1000;
  bench.done(1, one);
  bench.nowMs = 4000;
  expect(explain(bench, 1)).toMatchObject({
    state: "memory",
    paragraph:
      'The task "inc-1-p" has been done for 3s: its result of 8 B lies on w1. Attempt 1 made it on w1 after 1s. It is kept for 1 future and 2 tasks that need it.',
  });
});

test("erred, and each attempt's fate", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1), spec(2, [1])], { requests: [{ ...plain, retries: 1 }] });
  const one = first(bench.assigned(1));
  start(bench, 1, one);
  bench.nowMs = 300;
  failAttempt(bench, 1, one, "not yet");
  const two = first(bench.assigned(1));
  bench.nowMs = 500;
  start(bench, 1, two);
  bench.worker(2);
  bench.nowMs = 800;
  bench.lose(1);
  const three = first(bench.assigned(2));
  start(bench, 2, three);
  bench.nowMs = 1800;
  failAttempt(bench, 2, three);
  bench.nowMs = 3800;
  expect(explain(bench, 1)).toMatchObject({
    state: "erred",
    paragraph:
      'The task "inc-1-p" ended without a result 2s ago, with TASK_FAILED: boom. Attempts that ended: attempt 1 on w1 failed after 300ms (not yet); attempt 2 on w1 was lost with its worker after 300ms (socket closed); attempt 3 on w2 failed after 1s.',
  });
  expect(explain(bench, 2)).toMatchObject({
    state: "erred",
    paragraph:
      'The task "inc-2-p" ended without a result 2s ago, because "inc-1-p", whose result it needs, did, with TASK_FAILED: boom.',
  });
});

test("cancelled before it started", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  bench.say({ op: "cancel", request: 5, futures: [futureId(1)], force: true, reason: "changed my mind" });
  expect(explain(bench, "inc-1-p")).toMatchObject({
    state: "erred",
    paragraph:
      'The task "inc-1-p" ended without a result 0ms ago, with CANCELLED: The task "inc-1-p" was cancelled: changed my mind. Attempts that ended: attempt 1 on w1 was stopped before it started (changed my mind).',
  });
});

test("released", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1, [], { wanted: false }), spec(2, [1])]);
  bench.done(1, first(bench.assigned(1)));
  bench.done(1, first(bench.assigned(1)));
  expect(explain(bench, "inc-1-p")).toMatchObject({
    state: "released",
    paragraph:
      'The task "inc-1-p" has no result now, because nobody needs it. Its record is kept as long as a task that used it may have to be computed again.',
  });
});

test("only the last eight attempts are told one by one", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)], { requests: [{ ...plain, retries: 20 }] });
  for (let i = 0; i < 11; i++) failAttempt(bench, 1, first(bench.assigned(1)));
  const { attempts, attemptsForgotten, paragraph } = explain(bench, 1);
  expect(attempts.map(({ attempt, fate }) => `${attempt} ${fate}`)).toEqual([
    ...[4, 5, 6, 7, 8, 9, 10, 11].map((attempt) => `${attempt} failed`),
    "12 sent",
  ]);
  expect(attemptsForgotten).toBe(3);
  expect(paragraph).toMatch(/attempt 11 on w1 failed before it started \(boom\); 3 older ones are forgotten\.$/);
});

test("a result that was lost is told with the attempt that made it", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.submit([spec(1)]);
  bench.done(1, first(bench.assigned(1)));
  bench.lose(1);
  expect(explain(bench, 1)).toMatchObject({
    paragraph:
      'The task "inc-1-p" was sent to w2 0ms ago, as attempt 2. It has not started there: nothing is known to keep it from that. Attempts that ended: attempt 1 on w1 had a result (its result was lost later, and needed again).',
  });
});
