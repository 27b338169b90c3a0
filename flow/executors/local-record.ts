import { hostname } from "node:os";
import { taskId } from "../../protocol/ids.ts";
import type { ClusterEvent } from "../../protocol/record.ts";
import { version } from "../../protocol/version.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import type { TaskOutcome } from "./task-outcome.ts";

/** Unix epoch time, finer than a millisecond: many tasks in this thread take less. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** Takes what happened, for a report. */
export type RecordListener = (events: readonly ClusterEvent[]) => void;

/** A submission, as a report shows it. */
export interface RecordedTask {
  /** Unique in its run. */
  readonly id: number;
  readonly key: string;
  readonly name: string;
  /** The ids of the tasks whose results it takes. */
  readonly deps: readonly number[];
  readonly outcome: Pick<TaskOutcome<unknown>, "settled" | "status" | "error">;
  /** When its function was called, in Unix epoch ms; asked once it has ended. */
  readonly startedMs: () => number | undefined;
}

/** Tells what happens in a run on this machine as a cluster would: this process stands for its one worker. */
export class LocalRecord {
  readonly #tell: RecordListener;
  readonly #worker: string;
  readonly #run: string;

  constructor(
    tell: RecordListener,
    options: { readonly worker: string; readonly slots: number; readonly run: string },
  ) {
    const { worker, slots, run } = options;
    this.#tell = tell;
    this.#worker = worker;
    this.#run = run;
    const own = { host: hostname(), pid: process.pid, version, nodeVersion: process.version };
    const joined = { kind: "worker", atMs: Date.now(), change: "joined", reason: "" } as const;
    tell([{ ...joined, worker, slots, memoryLimitBytes: 0, ...own }]);
  }

  /** From its submission to its end. */
  follow(task: RecordedTask): void {
    this.#tell([{ kind: "submitted", atMs: Date.now(), run: this.#run, tasks: 1 }]);
    const ended = (): void => this.#ended(task);
    task.outcome.settled.then(ended, ended);
  }

  #ended({ id, key, name, deps, outcome, startedMs }: RecordedTask): void {
    const endMs = nowMs();
    const startMs = startedMs();
    const isDone = outcome.status === "finished";
    const { code, message } = isDone ? { code: "", message: "" } : toWireError(outcome.error);
    const state = outcome.status === "cancelled" ? "cancelled" : "failed";
    const common = { task: taskId(id), key, name, run: this.#run };
    const events: ClusterEvent[] = [];
    if (startMs !== undefined) {
      const fate = isDone ? "done" : state;
      const attempt = { attempt: 1, worker: this.#worker, deps: deps.map(taskId), bytes: 0 };
      events.push({ kind: "attempt", ...common, ...attempt, startMs, endMs, fate, message });
    }
    if (!isDone) events.push({ kind: "task-end", ...common, atMs: endMs, state, code, message, origin: key });
    this.#tell(events);
  }
}
