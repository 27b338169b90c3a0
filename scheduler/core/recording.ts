import type { WireError } from "../../protocol/errors.ts";
import type { WorkerToScheduler } from "../../protocol/messages.ts";
import type {
  AttemptEvent,
  ClusterEvent,
  ProfileFrame,
  ScalingDecision,
  WorkerChangeEvent,
} from "../../protocol/record.ts";
import { never } from "./attempts.ts";
import type { SchedulerState } from "./state.ts";
import type { Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

// What reports and the dashboard are made from. Nothing is built while nobody records, and nothing here changes anything.

/** An attempt that ran and is being stopped: all that is to be told of it, but when it ended. */
export type StoppedAttempt = Omit<AttemptEvent, "endMs">;

function record(state: SchedulerState, event: ClusterEvent): void {
  state.effects.push({ kind: "record", event });
}

/** Unix epoch time of a moment of the core's clock. */
const epoch = (state: SchedulerState, atMs: number = state.nowMs): number => state.options.epochMs + atMs;

export function recordSubmitted(state: SchedulerState, run: string, tasks: number): void {
  if (state.recording) record(state, { kind: "submitted", atMs: epoch(state), run, tasks });
}

/** The worker says how it ended, and when by its own clock. */
export function recordEnded(
  state: SchedulerState,
  task: Task,
  worker: WorkerRecord,
  end: Pick<AttemptEvent, "fate" | "bytes" | "message" | "startMs" | "endMs">,
): void {
  if (state.recording) record(state, { ...described(task, worker), ...end });
}

/** It ended while its worker was cut off, and the worker's word of that was lost: its result alone tells of it. */
export function recordFound(state: SchedulerState, task: Task, worker: WorkerRecord, bytes: number): void {
  if (!state.recording) return;
  const startMs = epoch(state, task.startedMs === never ? task.assignedMs : task.startedMs);
  record(state, { ...described(task, worker), fate: "done", bytes, message: "", startMs, endMs: epoch(state) });
}

/** It ran on a worker that is gone. */
export function recordLost(state: SchedulerState, task: Task, worker: WorkerRecord, message: string): void {
  if (!state.recording || task.startedMs === never) return;
  const startMs = epoch(state, task.startedMs);
  record(state, { ...described(task, worker), fate: "lost", bytes: 0, message, startMs, endMs: epoch(state) });
}

/** Undefined for one that never began, and while nobody records. */
export function stoppedAttempt(
  state: SchedulerState,
  task: Task,
  worker: WorkerRecord,
  message: string,
): StoppedAttempt | undefined {
  if (!state.recording || task.startedMs === never) return undefined;
  const startMs = epoch(state, task.startedMs);
  return { ...described(task, worker), fate: "cancelled", bytes: 0, message, startMs };
}

/** Nothing of it runs any more. */
export function recordStopped(state: SchedulerState, attempt: StoppedAttempt | undefined): void {
  if (state.recording && attempt !== undefined) record(state, { ...attempt, endMs: epoch(state) });
}

function described(task: Task, worker: WorkerRecord) {
  return {
    kind: "attempt",
    task: task.id,
    attempt: task.attempts,
    key: task.key,
    name: task.group.name,
    run: task.run.name,
    worker: worker.name,
    deps: task.deps.map(({ id }) => id),
  } as const;
}

export function recordTaskEnd(state: SchedulerState, task: Task, error: WireError, origin: Task): void {
  if (!state.recording) return;
  record(state, {
    kind: "task-end",
    task: task.id,
    key: task.key,
    name: task.group.name,
    run: task.run.name,
    atMs: epoch(state),
    state: error.code === "CANCELLED" ? "cancelled" : "failed",
    code: error.code,
    message: error.message,
    origin: origin.key,
  });
}

type Heartbeat = Extract<WorkerToScheduler, { readonly op: "heartbeat" }>;

export function recordVitals(state: SchedulerState, worker: WorkerRecord, { op: _, ...vitals }: Heartbeat): void {
  if (state.recording) record(state, { kind: "vitals", process: worker.name, atMs: epoch(state), ...vitals });
}

type DiskUse = Extract<WorkerToScheduler, { readonly op: "disk" }>;

export function recordDisk(state: SchedulerState, worker: WorkerRecord, { op: kind, ...use }: DiskUse): void {
  if (state.recording) record(state, { kind, worker: worker.name, ...use });
}

type Transferred = Extract<WorkerToScheduler, { readonly op: "transferred" }>;

export function recordTransfer(state: SchedulerState, worker: WorkerRecord, transferred: Transferred): void {
  if (!state.recording) return;
  const { address, tasks, bytes, startMs, endMs } = transferred;
  record(state, { kind: "transfer", worker: worker.name, from: nameAt(state, address), tasks, bytes, startMs, endMs });
}

function nameAt(state: SchedulerState, address: string): string {
  for (const worker of state.workers.values()) if (worker.address === address) return worker.name;
  return address;
}

export function recordScaling(state: SchedulerState, decision: ScalingDecision): void {
  if (state.recording) record(state, { kind: "scaling", decision });
}

export function recordProfile(state: SchedulerState, worker: WorkerRecord, frames: readonly ProfileFrame[]): void {
  if (state.recording) record(state, { kind: "profile", process: worker.name, frames });
}

export function recordWorker(
  state: SchedulerState,
  worker: WorkerRecord,
  change: WorkerChangeEvent["change"],
  reason: string = "",
): void {
  if (state.recording) record(state, workerChange(state, worker, change, reason));
}

/** Whoever begins to record later is told of those that are there already. */
export function recordPresent(state: SchedulerState): void {
  for (const worker of state.workers.values())
    record(state, workerChange(state, worker, "joined", "it was there before"));
}

function workerChange(
  state: SchedulerState,
  { name, registration }: WorkerRecord,
  change: WorkerChangeEvent["change"],
  reason: string,
): WorkerChangeEvent {
  const { slots, host, pid, memoryLimitBytes, version, nodeVersion } = registration;
  return {
    kind: "worker",
    atMs: epoch(state),
    worker: name,
    change,
    reason,
    slots,
    host,
    pid,
    memoryLimitBytes,
    version,
    nodeVersion,
  };
}
