import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { taskId } from "../../protocol/ids.ts";
import type { AttemptEvent, ClusterEvent, WorkerChangeEvent } from "../../protocol/record.ts";
import { Recorder } from "../../report/recorder.ts";
import { fates, type ReportData } from "../../report/report-data.ts";
import { epochMs, generatedRun } from "./generated-run.ts";

const meta = { ...generatedRun({ tasks: 0 }).meta, startMs: epochMs, endMs: epochMs + 1_000 };

function attempt(fields: Partial<AttemptEvent> = {}): AttemptEvent {
  return {
    kind: "attempt",
    task: taskId(1),
    attempt: 1,
    key: "key",
    name: "name",
    run: "run",
    worker: "w0",
    deps: [],
    startMs: epochMs,
    endMs: epochMs + 10,
    fate: "done",
    bytes: 5,
    message: "",
    ...fields,
  };
}

function worker(
  change: WorkerChangeEvent["change"],
  atMs: number,
  fields: Partial<WorkerChangeEvent> = {},
): WorkerChangeEvent {
  return {
    kind: "worker",
    atMs: epochMs + atMs,
    worker: "w0",
    change,
    reason: "",
    slots: 2,
    host: "host",
    pid: 7,
    memoryLimitBytes: 100,
    version: "0.1.0",
    nodeVersion: "v26.0.0",
    ...fields,
  };
}

function report(events: readonly ClusterEvent[], limits = {}): ReportData {
  const recorder = new Recorder(limits);
  recorder.add(events);
  return recorder.snapshot(meta);
}

/** The attempts as one object each, in the order of their tasks and attempts. */
function rowsOf({ attempts, workers, names }: ReportData) {
  return Array.from({ length: attempts.count }, (_, row) => ({
    task: attempts.task[row] as number,
    attempt: attempts.attempt[row] as number,
    key: attempts.key.at(row),
    name: names[attempts.name[row] as number]?.name,
    worker: workers[attempts.worker[row] as number]?.name,
    fate: fates[attempts.fate[row] as number],
    startMs: attempts.startMs[row] as number,
    endMs: attempts.endMs[row] as number,
    bytes: attempts.bytes[row],
    message: attempts.message.at(row),
    lane: attempts.lane[row] as number,
  })).sort((a, b) => a.task - b.task || a.attempt - b.attempt);
}

const anyAttempts = fc.array(
  fc.record({
    name: fc.constantFrom("load", "parse", "<b>"),
    worker: fc.constantFrom("w0", "w1", "w2"),
    fate: fc.constantFrom(...fates),
    startMs: fc.nat(2_000).map((ms) => epochMs + ms / 4),
    tookMs: fc.nat(400).map((ms) => ms / 4),
    bytes: fc.nat(1_000),
    retried: fc.boolean(),
    deps: fc.array(fc.nat(30), { maxLength: 3 }),
  }),
  { maxLength: 60 },
);

/** Events of tasks that take results only of earlier ones; a retried one is the next attempt of the task before. */
function eventsOf(drawn: typeof anyAttempts extends fc.Arbitrary<infer T> ? T : never): AttemptEvent[] {
  let task = 0;
  let number = 0;
  return drawn.map(({ tookMs, retried, deps, ...fields }) => {
    if (retried && task > 0) number++;
    else {
      task++;
      number = 1;
    }
    const own = [...new Set(deps.filter((dep) => dep > 0 && dep < task))].map(taskId);
    const message = fields.fate === "done" ? "" : `${task} came to nothing`;
    const endMs = fields.startMs + tookMs;
    return attempt({ ...fields, task: taskId(task), attempt: number, key: `k${task}`, deps: own, endMs, message });
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("what is recorded", () => {
  test("is what a naive reading of the events gives", () => {
    fc.assert(
      fc.property(anyAttempts, (drawn) => {
        const events = eventsOf(drawn);
        const data = report(events);
        expect(rowsOf(data).map(({ lane: _, ...row }) => row)).toEqual(
          events.map(({ kind: _, run: __, deps: ___, startMs, endMs, ...row }) => ({
            ...row,
            startMs: startMs - epochMs,
            endMs: endMs - epochMs,
          })),
        );
        const took = ({ startMs, endMs }: AttemptEvent): number => endMs - startMs;
        expect(data.totals).toMatchObject({
          attempts: events.length,
          retries: events.length - new Set(events.map(({ task }) => task)).size,
          done: new Set(events.filter(({ fate }) => fate === "done").map(({ task }) => task)).size,
        });
        expect(data.totals.computingMs).toBeCloseTo(sum(events.map(took)), 6);
        for (const row of data.names) {
          const own = events.filter(({ name }) => name === row.name);
          const durations = own
            .filter(({ fate }) => fate === "done")
            .map(took)
            .sort((a, b) => a - b);
          expect([row.done, row.failed, row.cancelled, row.lost]).toEqual(
            fates.map((fate) => own.filter((event) => event.fate === fate).length),
          );
          expect(row.bytes).toBe(sum(own.map(({ bytes }) => bytes)));
          expect(row.totalMs).toBeCloseTo(sum(own.map(took)), 6);
          if (durations.length === 0) expect([row.minMs, row.maxMs, row.medianMs]).toEqual([NaN, NaN, NaN]);
          else {
            expect([row.minMs, row.maxMs]).toEqual([durations[0], durations.at(-1)]);
            const middle = (durations.length - 1) / 2;
            const median = ((durations[Math.floor(middle)] as number) + (durations[Math.ceil(middle)] as number)) / 2;
            expect(row.medianMs).toBeCloseTo(median, 6);
          }
        }
      }),
    );
  });

  test("lies in lanes in which nothing overlaps, no more of them than run at once", () => {
    fc.assert(
      fc.property(anyAttempts, (drawn) => {
        const data = report(eventsOf(drawn));
        const rows = rowsOf(data);
        for (const { name, lanes } of data.workers) {
          const own = rows.filter((row) => row.worker === name);
          const overlapping = own.map(
            (row) => own.filter((other) => other.startMs <= row.startMs && other.endMs > row.startMs).length,
          );
          // What takes no time takes a lane, too.
          expect(lanes).toBeLessThanOrEqual(Math.max(1, ...overlapping.map((count) => count + 1)));
          for (let lane = 0; lane < lanes; lane++) {
            const sorted = own
              .filter((row) => row.lane === lane)
              .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
            sorted.slice(1).forEach((row, index) => {
              expect((sorted[index] as typeof row).endMs - row.startMs).toBeLessThanOrEqual(1);
            });
          }
        }
      }),
    );
  });

  test("has the critical path that trying every chain gives", () => {
    fc.assert(
      fc.property(anyAttempts, (drawn) => {
        const events = eventsOf(drawn);
        const data = report(events);
        const last = new Map<number, AttemptEvent>();
        for (const { task } of events) {
          const done = events.filter((event) => event.task === task && event.fate === "done");
          // Of several results of one task the one drawn last counts: by worker, lane, and start.
          const chosen = rowsOf(data).filter((row) => row.task === task && row.fate === "done");
          if (done.length === 1 && chosen.length === 1) last.set(task, done[0] as AttemptEvent);
        }
        fc.pre(events.filter(({ fate }) => fate === "done").length === last.size);
        const longest = (task: number): number => {
          const event = last.get(task);
          if (event === undefined) return 0;
          return event.endMs - event.startMs + Math.max(0, ...event.deps.map(longest));
        };
        expect(data.criticalPath.computingMs).toBeCloseTo(Math.max(0, ...[...last.keys()].map(longest)), 6);
        const durations = Array.from(
          data.criticalPath.rows,
          (row) => (data.attempts.endMs[row] as number) - (data.attempts.startMs[row] as number),
        );
        expect(sum(durations)).toBeCloseTo(data.criticalPath.computingMs, 6);
      }),
    );
  });
});

describe("limits", () => {
  test("rows go, totals stay, and what went is said", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 120 }), (attemptsMax, count) => {
        const events = Array.from({ length: count }, (_, index) =>
          attempt({ task: taskId(index + 1), startMs: epochMs + index, endMs: epochMs + index + 1 }),
        );
        const data = report(events, { attemptsMax });
        const dropped = data.dropped.find(({ what }) => what === "attempts")?.count ?? 0;
        expect(data.attempts.count).toBeLessThanOrEqual(attemptsMax);
        expect(data.attempts.count + dropped).toBe(count);
        // The last are kept.
        expect(rowsOf(data).map(({ task }) => task)).toEqual(events.slice(dropped).map(({ task }) => task));
        expect(data.totals).toMatchObject({ attempts: count, done: count, computingMs: count });
        expect(sum(data.names.map(({ done }) => done))).toBe(count);
      }),
    );
  });

  test("dependencies past the limit are counted, and those of attempts that go make room", () => {
    const chain = Array.from({ length: 9 }, (_, index) =>
      attempt({ task: taskId(index + 1), deps: index === 0 ? [] : [taskId(index)] }),
    );
    expect(report(chain, { depsMax: 3 }).dropped).toContainEqual(
      expect.objectContaining({ what: "dependencies", count: 5 }),
    );
    expect(report(chain, { attemptsMax: 2, depsMax: 3 }).dropped.map(({ what }) => what)).toEqual(["attempts"]);
  });

  test("a long series is merged and keeps its means and maxima", () => {
    const events = Array.from(
      { length: 100 },
      (_, index): ClusterEvent => ({
        kind: "vitals",
        process: "scheduler",
        atMs: epochMs + index * 1_000,
        cpuPercent: index % 2 === 0 ? 10 : 30,
        memoryBytes: index,
        storedBytes: 0,
        eventLoopDelayMs: 2,
        sentBytes: 500,
        receivedBytes: 0,
      }),
    );
    const [series] = report(events, { vitalsMax: 8 }).vitals;
    expect(series?.atMs.length).toBeLessThanOrEqual(8);
    expect(new Set(series?.cpuPercent)).toEqual(new Set([20]));
    expect(Math.max(...(series?.memoryBytes ?? []))).toBe(99);
    expect(
      Array.from(series?.sentBytesPerS ?? [])
        .slice(1, -1)
        .every((rate) => rate === 500),
    ).toBe(true);
  });

  test("what was left out elsewhere is passed on", () => {
    const events = ["events", "log lines", "events"].map(
      (what) => ({ kind: "dropped", atMs: epochMs, what, count: 4 }) as ClusterEvent,
    );
    expect(report(events).dropped).toMatchObject([
      { what: "events", count: 8 },
      { what: "log lines", count: 4 },
    ]);
  });
});

describe("workers", () => {
  test("time of slots counts from coming to going, within the run", () => {
    const data = report([
      worker("joined", -500),
      worker("disconnected", 200),
      worker("back", 300),
      worker("joined", 600, { worker: "w1", slots: 1 }),
      worker("lost", 800, { reason: "killed" }),
      attempt({ startMs: epochMs, endMs: epochMs + 400 }),
    ]);
    expect(data.totals).toMatchObject({
      slotMs: 2_000,
      idleMs: 1_600,
      utilisation: 0.2,
      workersPeak: 2,
      workersLost: 1,
    });
    expect(data.workers).toMatchObject([
      { name: "w0", slots: 2, state: "lost", reason: "killed", busyMs: 400, slotMs: 1_600, lanes: 1 },
      { name: "w1", slots: 1, state: "joined", busyMs: 0, slotMs: 400, lanes: 0 },
    ]);
    expect(Array.from(data.fleet.live)).toEqual([1, 1, 1, 2, 1]);
    expect(data.totals.versions).toEqual(["muster 0.1.0, node 26.0.0"]);
  });

  test("a slot that is lent holds more lanes than there are slots, and is used once", () => {
    const waiting = attempt({ endMs: epochMs + 1_000 });
    const inner = attempt({ task: taskId(2), startMs: epochMs + 100, endMs: epochMs + 900 });
    const data = report([worker("joined", 0, { slots: 1 }), waiting, inner]);
    expect(data.workers[0]).toMatchObject({ slots: 1, lanes: 2 });
    expect(data.totals).toMatchObject({ computingMs: 1_800, idleMs: 0, utilisation: 1 });
  });

  test("come in the order of their numbers", () => {
    const events = ["w10", "w2", "w1"].map((name) => worker("joined", 0, { worker: name }));
    expect(report(events).workers.map(({ name }) => name)).toEqual(["w1", "w2", "w10"]);
  });
});

test("transfers are summed by route, and what moved is told by name from the dependencies", () => {
  const one = {
    kind: "transfer",
    worker: "w1",
    from: "w0",
    tasks: 2,
    bytes: 30,
    startMs: epochMs,
    endMs: epochMs + 4,
  } as const;
  const data = report([
    attempt({ name: "load", bytes: 30 }),
    attempt({ task: taskId(2), name: "parse", worker: "w1", deps: [taskId(1)] }),
    attempt({ task: taskId(3), name: "parse", worker: "w1", deps: [taskId(1)] }),
    attempt({ task: taskId(4), name: "parse", worker: "w0", deps: [taskId(1)] }),
    one,
    { ...one, bytes: 12 },
  ]);
  expect(data.moved.routes).toEqual([{ from: 0, to: 1, transfers: 2, tasks: 4, bytes: 42, totalMs: 8 }]);
  expect(data.moved.places).toEqual(["w0", "w1"]);
  expect(data.moved.byName.map(({ name, ...rest }) => ({ name: data.names[name]?.name, ...rest }))).toEqual([
    { name: "load", results: 1, bytes: 30 },
  ]);
  expect(data.totals).toMatchObject({ transferredBytes: 42, transferringMs: 8 });
});

test("profiles are merged by caller, name and place", () => {
  const frames = [
    { name: "a", place: "f:1", parent: -1, selfMs: 1 },
    { name: "b", place: "", parent: 0, selfMs: 2 },
  ];
  const data = report([
    { kind: "profile", process: "w0", frames },
    { kind: "profile", process: "w1", frames: [...frames, { name: "b", place: "f:2", parent: 0, selfMs: 4 }] },
    { kind: "profile", process: "scheduler", frames: frames.slice(0, 1) },
  ]);
  const [tasks, scheduler] = data.profiles;
  expect(tasks).toMatchObject({ kind: "tasks", count: 4, name: ["all", "a", "b", "b"] });
  expect(Array.from(tasks?.totalMs ?? [])).toEqual([10, 10, 4, 4]);
  expect(scheduler).toMatchObject({ kind: "scheduler", count: 2 });
});

describe("the graph", () => {
  test("shows each task when they are few", () => {
    const { events } = generatedRun({ tasks: 70 });
    const { graph } = report(events);
    expect(graph).toMatchObject({ isGrouped: false, omitted: 0 });
    expect(graph.nodes).toHaveLength(70);
    expect(graph.edges).toHaveLength(60);
    expect(graph.nodes.filter(({ onCriticalPath }) => onCriticalPath)).toHaveLength(7);
  });

  test("groups them by name when they are many", () => {
    const { events } = generatedRun({ tasks: 700 });
    const { graph } = report(events);
    expect(graph.isGrouped).toBe(true);
    expect(graph.nodes.map(({ label }) => label).sort()).toEqual([
      "aggregate",
      "clean",
      "join",
      "load",
      "parse",
      "score",
      "write",
    ]);
    expect(graph.edges).toHaveLength(6);
  });
});

test("a snapshot does not change when more comes", () => {
  const { events, meta: own } = generatedRun({ tasks: 200 });
  const recorder = new Recorder();
  recorder.add(events);
  const data = recorder.snapshot(own);
  const before = structuredClone(data);
  recorder.add(events);
  recorder.snapshot(own);
  expect(data).toEqual(before);
});
