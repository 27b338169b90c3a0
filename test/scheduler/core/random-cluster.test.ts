import fc from "fast-check";
import { expect, test } from "vitest";
import type { Explanation } from "../../../protocol/explanation.ts";
import { futureId, type TaskId } from "../../../protocol/ids.ts";
import type {
  Assignment,
  SchedulerToWorker,
  TaskSpec,
  WorkerRegistration,
  WorkerToScheduler,
} from "../../../protocol/messages.ts";
import { Bench, heartbeat, plain, spec } from "./bench.ts";

/** A worker reduced to what the scheduler can tell of it. A result's value is the text of how it was computed. */
class FakeWorker {
  /** Of its present connection. */
  id: number;
  readonly name: string;
  readonly address: string;
  connected = true;
  /** Ends of attempts that could not be told. */
  owed: WorkerToScheduler[] = [];
  readonly results = new Map<TaskId, string>();
  readonly attempts: Assignment[] = [];
  readonly wantsHolders = new Map<TaskId, readonly string[]>();
  inbox: SchedulerToWorker[] = [];

  constructor(id: number) {
    this.id = id;
    this.name = `w${id}`;
    this.address = `ws://w${id}:1`;
  }

  get hello(): Partial<WorkerRegistration> {
    return {
      name: this.name,
      address: this.address,
      instance: this.name,
      slots: 1 + (Number(this.name.slice(1)) % 2),
      resources: Number(this.name.slice(1)) % 2 === 0 ? { GPU: 1 } : {},
    };
  }
}

class FakeCluster {
  readonly bench = new Bench();
  readonly workers = new Map<number, FakeWorker>();
  #lastWorker = 0;

  join(): void {
    this.#lastWorker++;
    const id = this.#lastWorker;
    const worker = new FakeWorker(id);
    this.workers.set(id, worker);
    this.bench.worker(id, worker.hello);
  }

  say(worker: FakeWorker, message: WorkerToScheduler): void {
    if (worker.connected) this.bench.answer(worker.id, message);
    else if (["done", "failed", "cancelled"].includes(message.op)) worker.owed.push(message);
  }

  /** The connection breaks; what was on its way to the worker is lost, and the last that it said may be. */
  cut(worker: FakeWorker, notice: boolean): void {
    if (!worker.connected) return;
    worker.connected = false;
    worker.inbox = [];
    // Without notice the scheduler learns of it only when the worker is back.
    if (notice) this.bench.cut(worker.id);
    this.bench.toWorker.delete(worker.id);
  }

  back(worker: FakeWorker): void {
    if (worker.connected) return;
    this.bench.toWorker.delete(worker.id);
    this.workers.delete(worker.id);
    this.#lastWorker++;
    worker.id = this.#lastWorker;
    this.workers.set(worker.id, worker);
    this.bench.worker(worker.id, { ...worker.hello, resuming: true });
    const [first, ...rest] = this.bench.sent(worker.id);
    worker.connected = true;
    expect(first).toMatchObject({ op: "resume" });
    if (first?.op !== "resume" || !first.kept) {
      worker.results.clear();
      worker.attempts.length = 0;
      worker.wantsHolders.clear();
      worker.owed = [];
      worker.inbox.push(...rest);
      return;
    }
    expect(rest).toEqual([]);
    for (const message of worker.owed.splice(0)) this.bench.answer(worker.id, message);
    this.bench.answer(worker.id, {
      op: "inventory",
      held: Array.from(worker.results.keys(), (task) => ({ task, bytes: 8 })),
      attempts: worker.attempts.map(({ task, attempt }) => ({ task, attempt, started: false })),
      runs: [],
      status: "running",
    });
    for (const task of worker.wantsHolders.keys())
      this.bench.answer(worker.id, { op: "unreachable-input", task, addresses: [] });
  }

  /** Time passes; whoever is not back by then is given up. */
  wait(ms: number): void {
    this.bench.nowMs += ms;
    for (const { id, connected } of this.workers.values()) if (connected) this.bench.answer(id, heartbeat);
    this.bench.event({ kind: "wake" });
  }

  kill(worker: FakeWorker): void {
    this.workers.delete(worker.id);
    this.bench.lose(worker.id);
    this.bench.toWorker.delete(worker.id);
  }

  /** The worker reads one message. */
  read(worker: FakeWorker): boolean {
    if (!worker.connected) return false;
    worker.inbox.push(...this.bench.sent(worker.id));
    const message = worker.inbox.shift();
    if (message === undefined) return false;
    if (message.op === "compute") worker.attempts.push(message);
    else if (message.op === "free") for (const task of message.tasks) worker.results.delete(task);
    else if (message.op === "holders") worker.wantsHolders.delete(message.task);
    if (message.op === "holders") {
      for (const [i, attempt] of worker.attempts.entries()) {
        const inputs = attempt.inputs.map((input) =>
          input.task === message.task ? { ...input, addresses: message.addresses } : input,
        );
        worker.attempts[i] = { ...attempt, inputs };
      }
    }
    if (message.op === "cancel") {
      const index = worker.attempts.findIndex((a) => a.task === message.task && a.attempt === message.attempt);
      if (index >= 0) {
        worker.attempts.splice(index, 1);
        this.say(worker, { op: "cancelled", task: message.task, attempt: message.attempt });
      }
    }
    return true;
  }

  /** The worker tries to make the attempt at `index`: fetches what it lacks, or computes. */
  work(worker: FakeWorker, index: number, outcome: "ok" | "throw" | "blameless"): boolean {
    const attempt = worker.attempts[index];
    if (attempt === undefined) return false;
    for (const input of attempt.inputs) {
      if (worker.results.has(input.task)) continue;
      if (worker.wantsHolders.has(input.task)) return false;
      const peer = [...this.workers.values()].find(
        (other) => input.addresses.includes(other.address) && other.results.has(input.task),
      );
      if (peer === undefined) {
        worker.wantsHolders.set(input.task, input.addresses);
        this.say(worker, { op: "unreachable-input", task: input.task, addresses: input.addresses });
      } else {
        worker.results.set(input.task, peer.results.get(input.task) as string);
        this.say(worker, { op: "stored", task: input.task, bytes: 8 });
      }
      return true;
    }
    worker.attempts.splice(index, 1);
    const id = { task: attempt.task, attempt: attempt.attempt };
    this.say(worker, { op: "started", ...id });
    if (outcome === "ok") {
      const inputs = attempt.inputs.map((input) => worker.results.get(input.task));
      worker.results.set(attempt.task, `${attempt.key}(${inputs.join()})`);
      this.say(worker, { op: "done", ...id, bytes: 8, startMs: 0, endMs: 3 });
    } else {
      const error = { code: "TASK_FAILED", message: "boom", retryable: false } as const;
      const blame = outcome === "throw" ? "task" : "infrastructure";
      this.say(worker, { op: "failed", ...id, error, blame, startMs: 0, endMs: 3 });
    }
    return true;
  }
}

/** A graph by construction: task i depends on lower ones only. */
const graphs = fc.integer({ min: 1, max: 25 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, i) =>
      fc.record({
        deps: i === 0 ? fc.constant<number[]>([]) : fc.subarray([...Array(i).keys()], { maxLength: Math.min(3, i) }),
        wanted: fc.boolean(),
        gpu: fc.boolean(),
      }),
    ),
  ),
);

const steps = fc.array(
  fc.record({
    what: fc.constantFrom(
      "read",
      "read",
      "work",
      "work",
      "work",
      "throw",
      "blameless",
      "kill",
      "join",
      "release",
      "cancel",
      "retry",
      "cut",
      "back",
      "wait",
    ),
    a: fc.nat(1000),
    b: fc.nat(1000),
  }),
  { maxLength: 120 },
);

function expected(tasks: readonly TaskSpec[], index: number): string {
  const inputs = (tasks[index]?.deps ?? []).map((dep) => expected(tasks, dep - 1));
  return `inc-${index + 1}-p(${inputs.join()})`;
}

/** The request under which tasks are explained. */
const explained = 99;

/** What must be true of any explanation of a task that somebody holds a future for. */
function expectSense({ key, state, paragraph, waitsFor, cause, reasons, attempts, holders, error }: Explanation): void {
  expect(paragraph).toMatch(new RegExp(`^The task "${key}" .+[.]$`));
  expect(paragraph).not.toMatch(/undefined|NaN|null|\[object|-\d+ms/);
  expect(["unknown", "released"]).not.toContain(state);
  expect(waitsFor.length > 0).toBe(state === "waiting");
  expect(cause !== undefined).toBe(state === "waiting");
  if (["waiting", "queued", "no-worker"].includes(state)) expect(reasons).not.toEqual([]);
  expect(holders.length > 0).toBe(state === "memory");
  expect(error !== undefined).toBe(state === "erred");
  const open = attempts.filter(({ endedAgoMs }) => endedAgoMs === undefined);
  expect(open.map(({ fate }) => ["sent", "running"].includes(fate))).toEqual(state === "processing" ? [true] : []);
  for (const { assignedAgoMs, startedAgoMs = assignedAgoMs, endedAgoMs = 0 } of attempts) {
    expect(assignedAgoMs).toBeGreaterThanOrEqual(startedAgoMs);
    expect(startedAgoMs).toBeGreaterThanOrEqual(endedAgoMs);
  }
}

test("whatever dies, fails or is taken back, every future ends, and a finished one has the right result", () => {
  fc.assert(
    fc.property(graphs, steps, (graph, script) => {
      const cluster = new FakeCluster();
      const { bench } = cluster;
      bench.client();
      cluster.join();
      cluster.join();
      const tasks = graph.map((node, i) =>
        spec(
          i + 1,
          node.deps.map((dep) => dep + 1),
          { wanted: node.wanted || i === graph.length - 1, request: node.gpu ? 1 : 0 },
        ),
      );
      const requests = [
        { ...plain, retries: 1 },
        { ...plain, retries: 1, resources: { GPU: 1 } },
      ];
      bench.submit(tasks, { requests });
      const held = tasks.filter((task) => task.wanted).map((task) => task.future);

      for (const { what, a, b } of script) {
        const workers = [...cluster.workers.values()];
        const worker = workers[a % Math.max(1, workers.length)];
        const future = held[a % Math.max(1, held.length)];
        if (future !== undefined && b % 3 === 0) bench.say({ op: "explain", request: explained, future });
        if (what === "join" && workers.length < 5) cluster.join();
        else if (what === "release" && future !== undefined && b % 4 === 0) {
          held.splice(held.indexOf(future), 1);
          bench.say({ op: "release", futures: [future] });
        } else if (what === "cancel" && future !== undefined && b % 4 === 0) {
          bench.say({ op: "cancel", request: 1, futures: [future], force: b % 2 === 0, reason: "test" });
        } else if (what === "retry" && future !== undefined) bench.say({ op: "retry", request: 2, futures: [future] });
        else if (worker === undefined) continue;
        else if (what === "kill" && b % 2 === 0) cluster.kill(worker);
        else if (what === "cut") cluster.cut(worker, b % 3 > 0);
        else if (what === "back") cluster.back(worker);
        else if (what === "wait") cluster.wait([100, 5_000, 40_000][b % 3] ?? 0);
        else if (what === "read") cluster.read(worker);
        else if (what === "work") cluster.work(worker, b % Math.max(1, worker.attempts.length), "ok");
        else if (what === "throw" && b % 3 === 0) cluster.work(worker, 0, "throw");
        else if (what === "blameless" && b % 3 === 0) cluster.work(worker, 0, "blameless");
      }

      // Heal: no more faults, both kinds of worker are there, and all that is left must come to an end.
      for (const worker of [...cluster.workers.values()]) cluster.back(worker);
      cluster.join();
      cluster.join();
      for (let moved = true; moved; ) {
        moved = false;
        for (const worker of cluster.workers.values()) {
          while (cluster.read(worker)) moved = true;
          for (let i = worker.attempts.length - 1; i >= 0; i--) if (cluster.work(worker, i, "ok")) moved = true;
        }
      }
      const last = new Map<number, string>();
      const places = new Map<number, { task: TaskId; addresses: readonly string[] }>();
      for (const message of bench.told()) {
        if (message.op === "reply" && message.request === explained) expectSense(message.value as Explanation);
        if (!("future" in message)) continue;
        last.set(message.future, message.op);
        if (message.op === "finished") places.set(message.future, message);
      }
      for (const future of held) {
        expect(["finished", "failed", "cancelled"], `future ${future}`).toContain(last.get(future));
        if (last.get(future) !== "finished") continue;
        const place = places.get(future);
        const holder = [...cluster.workers.values()].find((worker) => place?.addresses.includes(worker.address));
        // Where the place is out of date a client asks again; the scheduler must know a holder.
        if (holder === undefined || place === undefined) continue;
        expect(holder.results.get(place.task)).toBe(expected(tasks, future - 1));
      }

      // Once the client is gone, nothing is left: no record, no result, no attempt.
      bench.say({ op: "release", futures: held.map((future) => futureId(future)) });
      for (const worker of cluster.workers.values()) while (cluster.read(worker));
      for (const worker of cluster.workers.values()) {
        expect([...worker.results.keys()]).toEqual([]);
        expect(worker.attempts).toEqual([]);
      }
      bench.told();
      bench.say({ op: "info", request: 3 });
      expect(bench.told()).toMatchObject([
        { value: { workers: [...cluster.workers.keys()].map(() => ({ assigned: 0, stored: 0 })), runs: [] } },
      ]);
    }),
    { numRuns: 1000 },
  );
});
