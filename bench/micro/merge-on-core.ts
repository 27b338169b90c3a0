import { clientId, fnId, futureId, workerId } from "../../protocol/ids.ts";
import type { Assignment, TaskRequest, TaskSpec, WorkerRegistration } from "../../protocol/messages.ts";
import { SchedulerCore } from "../../scheduler/core/core.ts";
import type { SchedulerEffect, SchedulerEvent } from "../../scheduler/core/events.ts";

const request: TaskRequest = {
  retries: 0,
  priority: 0,
  resources: {},
  workers: [],
  allowOtherWorkers: false,
  timeoutMs: 0,
};

const registrationOf = (name: string): WorkerRegistration => ({
  name,
  address: `ws://${name}:1`,
  host: "127.0.0.1",
  pid: 1,
  slots: 1,
  executor: "threads",
  memoryLimitBytes: 0,
  resources: {},
  version: "0",
  nodeVersion: "v0",
});

const client = clientId(1);
const workers = [workerId(2), workerId(3)];

/** A merge of so many tasks through a scheduler's core without sockets, with two workers that answer at once. */
export function mergeOnCore(tasks: number): void {
  const core = new SchedulerCore({ version: "0", startedAt: "2026-01-01T00:00:00Z" });
  const inbox: SchedulerEvent[] = [
    { kind: "client-connected", client, name: "client" },
    ...workers.map(
      (worker): SchedulerEvent => ({
        kind: "worker-connected",
        worker,
        registration: registrationOf(`w${worker}`),
      }),
    ),
    {
      kind: "client-message",
      client,
      message: { op: "define-fn", fn: fnId(1), ref: { bundle: "b", name: "inc", entry: "call" } },
    },
    {
      kind: "client-message",
      client,
      message: { op: "submit", submission: 1, run: "r", prefix: "p", requests: [request], tasks: specsOf(tasks) },
    },
  ];
  let finished = false;
  // What is pushed meanwhile is looped over, too.
  for (const event of inbox) {
    for (const effect of core.handle(event, 0)) {
      const answer = answerTo(effect);
      if (answer !== undefined) inbox.push(answer);
      if (effect.kind === "to-client" && effect.message.op === "finished") finished = true;
    }
  }
  if (!finished) throw new Error("the merge did not finish");
}

function specsOf(tasks: number): TaskSpec[] {
  const leaves = Array.from({ length: tasks - 1 }, (_, i) => futureId(i));
  const leaf = { fn: fnId(1), args: [], deps: [], request: 0, wanted: false };
  return [
    ...leaves.map((future): TaskSpec => ({ ...leaf, future })),
    { ...leaf, future: futureId(tasks), deps: leaves, wanted: true },
  ];
}

function answerTo(effect: SchedulerEffect): SchedulerEvent | undefined {
  if (effect.kind !== "to-worker" || effect.message.op !== "compute") return undefined;
  const { task, attempt }: Assignment = effect.message;
  return {
    kind: "worker-message",
    worker: effect.worker,
    message: { op: "done", task, attempt, bytes: 8, startMs: 0, endMs: 0 },
  };
}
