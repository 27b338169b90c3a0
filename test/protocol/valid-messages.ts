import type { WireError } from "../../protocol/errors.ts";
import { fnId, futureId, taskId } from "../../protocol/ids.ts";
import type {
  ClientToScheduler,
  EncodedValue,
  PeerAnswer,
  PeerRequest,
  SchedulerToClient,
  SchedulerToWorker,
  Shard,
  WorkerToScheduler,
} from "../../protocol/messages.ts";
import {
  parseClientToScheduler,
  parsePeerAnswer,
  parsePeerRequest,
  parseSchedulerToClient,
  parseSchedulerToWorker,
  parseWorkerToScheduler,
} from "../../protocol/parse.ts";
import type { ClusterEvent } from "../../protocol/record.ts";

// One of every message, in full. The types make a new or changed message show itself here.

const args: EncodedValue = [new Uint8Array([1]), new Uint8Array(20_000).fill(2)];
const bytes = new Uint8Array([1, 2, 3]);
const hash = "ab".repeat(32);
const ref = { bundle: hash, name: "inc", entry: "call" };
const cause: WireError = { code: "TASK_FAILED", message: "deep", retryable: false, name: "RangeError", stack: "at x" };
const error: WireError = { code: "TASK_FAILED", message: "m", retryable: true, details: { a: [1, { b: 2 }] }, cause };
const futures = [futureId(1), futureId(2)];
const task = taskId(7);
const future = futureId(1);
const fn = fnId(3);
const shard: Shard = { task, chunkBytes: [3], chunk: 0, offset: 0, bytes, last: true };

const events: readonly ClusterEvent[] = [
  { kind: "submitted", atMs: 1.7e12, run: "r", tasks: 3 },
  {
    kind: "attempt",
    task,
    attempt: 1,
    key: "inc-1",
    name: "inc",
    run: "r",
    worker: "w",
    deps: [task],
    startMs: 1.7e12,
    endMs: 1.7e12 + 0.5,
    fate: "done",
    bytes: 8,
    message: "",
  },
  {
    kind: "task-end",
    task,
    key: "inc-1",
    name: "inc",
    run: "r",
    atMs: 1.7e12,
    state: "failed",
    code: "TASK_FAILED",
    message: "it threw",
    origin: "inc-0",
  },
  { kind: "transfer", worker: "w", from: "v", tasks: 2, bytes: 1e6, startMs: 1, endMs: 2 },
  { kind: "disk", worker: "w", direction: "read", bytes: 9, startMs: 1, endMs: 2 },
  {
    kind: "worker",
    atMs: 1,
    worker: "w",
    change: "joined",
    reason: "",
    slots: 2,
    host: "h",
    pid: 7,
    memoryLimitBytes: 0,
    version: "1.0.0",
    nodeVersion: "v26.0.0",
  },
  {
    kind: "vitals",
    process: "scheduler",
    atMs: 1,
    cpuPercent: 150.5,
    memoryBytes: 1,
    storedBytes: 2,
    eventLoopDelayMs: 0.5,
    sentBytes: 3,
    receivedBytes: 4,
  },
  { kind: "scaling", decision: { atMs: 1, live: 1, requested: 2, target: 3, reason: "because" } },
  {
    kind: "log",
    line: {
      atMs: 1,
      level: "info",
      source: "task",
      worker: "w",
      run: "r",
      key: "k",
      attempt: 1,
      stream: "stdout",
      text: "hi",
    },
  },
  { kind: "profile", process: "w", frames: [{ name: "f", place: "a.ts:1", parent: -1, selfMs: 3 }] },
  { kind: "dropped", atMs: 1, what: "log lines", count: 5 },
];

type Each<Union extends { op: string }> = { readonly [Op in Union["op"]]: Extract<Union, { op: Op }> };

const fromClient: Each<ClientToScheduler> = {
  submit: {
    op: "submit",
    submission: 1,
    run: "run",
    prefix: "p",
    parent: "fib-1-q",
    requests: [
      { retries: 1, priority: -1, resources: { GPU: 0.5 }, workers: ["w"], allowOtherWorkers: true, timeoutMs: 5 },
    ],
    tasks: [{ future, fn, args, deps: futures, request: 0, key: "k", wanted: true }],
  },
  goodbye: { op: "goodbye", reason: "bye" },
  "define-fn": { op: "define-fn", fn, ref },
  "has-bundles": { op: "has-bundles", request: 1, hashes: [hash] },
  "put-bundle": { op: "put-bundle", request: 1, hash, part: 0, parts: 1, bytes },
  release: { op: "release", futures },
  cancel: { op: "cancel", request: 1, futures, force: true, reason: "because" },
  retry: { op: "retry", request: 1, futures },
  "who-has": { op: "who-has", request: 1, futures },
  missing: { op: "missing", future, address: "ws://a:1" },
  explain: { op: "explain", request: 1, future, key: "inc-1" },
  info: { op: "info", request: 1 },
  load: { op: "load", request: 1 },
  scaling: { op: "scaling", decision: { atMs: 1.7e12, live: 1, requested: 2, target: 3, reason: "because" } },
  "wait-for-workers": { op: "wait-for-workers", request: 1, count: 2 },
  scatter: { op: "scatter", request: 1, futures, bytes: [1, 2], workers: [], broadcast: false },
  scattered: { op: "scattered", request: 1, futures, addresses: [["ws://a:1"], []] },
  "run-on-workers": { op: "run-on-workers", request: 1, fn, args, workers: [] },
  "cancel-run": { op: "cancel-run", request: 1, run: "r", force: true, reason: "because" },
  "share-run": { op: "share-run", request: 1, run: "r", weight: 2, slotsMax: 3 },
  copy: { op: "copy", request: 1, futures, copies: 2 },
  rebalance: { op: "rebalance", request: 1 },
  "retire-workers": { op: "retire-workers", request: 1, names: ["w"], idleOnly: true },
  watch: { op: "watch", request: 1, run: "r", kept: true, profile: false },
  logs: { op: "logs", request: 1, run: "r", worker: "w", key: "k", level: "warn", limit: 100 },
  unwatch: { op: "unwatch", request: 2, watch: 1 },
  restart: { op: "restart", request: 1 },
};

const toClient: Each<SchedulerToClient> = {
  session: { op: "session", kept: true, futures },
  closing: { op: "closing", reason: "bye" },
  accepted: { op: "accepted", submission: 1 },
  rejected: { op: "rejected", submission: 1, error },
  finished: { op: "finished", future, task, bytes: 5, addresses: ["ws://a:1"] },
  failed: { op: "failed", future, error },
  cancelled: { op: "cancelled", future, error },
  lost: { op: "lost", future, error },
  pending: { op: "pending", future },
  events: { op: "events", watch: 1, events },
  reply: { op: "reply", request: 1, value: { any: ["thing"] }, error },
};

const toWorker: Each<SchedulerToWorker> = {
  compute: {
    op: "compute",
    task,
    attempt: 1,
    key: "inc-1",
    fn,
    args,
    inputs: [{ task, bytes: 1, addresses: ["ws://a:1"] }],
    priority: [0, -1.5, 3],
    timeoutMs: 0,
    resources: {},
    run: "run",
  },
  resume: { op: "resume", kept: true },
  "define-fn": { op: "define-fn", fn, ref: { bundle: "muster", name: "merge", entry: "flow" } },
  free: { op: "free", tasks: [task] },
  cancel: { op: "cancel", task, attempt: 1, force: false, reason: "" },
  "give-back": { op: "give-back", task, attempt: 1 },
  holders: { op: "holders", task, addresses: [] },
  bundle: { op: "bundle", hash, part: 0, parts: 1, bytes, error },
  replicate: { op: "replicate", inputs: [{ task, bytes: 1, addresses: [] }] },
  profile: { op: "profile", on: true },
  run: { op: "run", request: 1, fn, args },
  stop: { op: "stop", how: "drain", restart: false, reason: "" },
};

const fromWorker: Each<WorkerToScheduler> = {
  inventory: {
    op: "inventory",
    held: [{ task, bytes: 8 }],
    attempts: [{ task, attempt: 1, started: true }],
    runs: [1],
    status: "running",
  },
  heartbeat: {
    op: "heartbeat",
    memoryBytes: 1,
    storedBytes: 2,
    cpuPercent: 12.5,
    eventLoopDelayMs: 0.1,
    sentBytes: 5,
    receivedBytes: 6,
  },
  started: { op: "started", task, attempt: 1 },
  unstarted: { op: "unstarted", task, attempt: 1 },
  lent: { op: "lent", task, attempt: 1 },
  returned: { op: "returned", task, attempt: 1 },
  done: { op: "done", task, attempt: 1, bytes: 8, startMs: 1.7e12, endMs: 1.7e12 + 0.5 },
  failed: { op: "failed", task, attempt: 1, error, blame: "task", startMs: 1, endMs: 2 },
  cancelled: { op: "cancelled", task, attempt: 1 },
  kept: { op: "kept", task, attempt: 1 },
  stored: { op: "stored", task, bytes: 1 },
  transferred: { op: "transferred", address: "ws://a:1", tasks: 2, bytes: 8, startMs: 1.7e12, endMs: 1.7e12 + 0.5 },
  dropped: { op: "dropped", task },
  "unreachable-input": { op: "unreachable-input", task, addresses: ["ws://a:1"] },
  "get-bundle": { op: "get-bundle", hash },
  "run-reply": { op: "run-reply", request: 1, value: args, error },
  disk: { op: "disk", direction: "write", bytes: 9, startMs: 1, endMs: 2 },
  profile: { op: "profile", frames: [{ name: "f", place: "a.ts:1", parent: -1, selfMs: 3 }], last: true },
  log: {
    op: "log",
    lines: [
      { atMs: 1, level: "info", source: "worker", text: "hi" },
      { atMs: 1, level: "warn", source: "task", run: "r", key: "k", attempt: 1, stream: "stderr", text: "careful" },
    ],
  },
  status: { op: "status", status: "paused" },
  goodbye: { op: "goodbye", reason: "bye" },
};

const peerRequests: Each<PeerRequest> = {
  get: { op: "get", request: 1, tasks: [task] },
  put: { op: "put", request: 1, ...shard },
};

const peerAnswers: Each<PeerAnswer> = {
  shard: { op: "shard", request: 1, ...shard },
  absent: { op: "absent", request: 1, task },
  busy: { op: "busy", request: 1, retryMs: 10 },
  "put-done": { op: "put-done", request: 1, task },
};

export interface Direction {
  readonly parse: (message: unknown) => unknown;
  readonly messages: readonly Readonly<Record<string, unknown>>[];
}

const direction = (parse: (message: unknown) => unknown, each: object): Direction => ({
  parse,
  messages: Object.values(each),
});

export const validMessages: Readonly<Record<string, Direction>> = {
  "client → scheduler": direction(parseClientToScheduler, fromClient),
  "scheduler → client": direction(parseSchedulerToClient, toClient),
  "scheduler → worker": direction(parseSchedulerToWorker, toWorker),
  "worker → scheduler": direction(parseWorkerToScheduler, fromWorker),
  "peer → peer": direction(parsePeerRequest, peerRequests),
  "peer ← peer": direction(parsePeerAnswer, peerAnswers),
};
