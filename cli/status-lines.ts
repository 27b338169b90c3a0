import type { ClusterInfo } from "../protocol/cluster-info.ts";
import { formatBytes, formatDuration } from "../protocol/units.ts";
import { table } from "./table.ts";

/** What a cluster is doing, for people. */
export function describeStatus(address: string, info: ClusterInfo, nowMs: number): string[] {
  const { tasks, workers, runs } = info;
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  const up = formatDuration(nowMs - Date.parse(info.startedAt));
  const waiting = `${tasks.waiting} waiting for others, ${tasks.queued} for a place`;
  return [
    `${address}  muster ${info.version}, up ${up}, ${count(info.clients, "client")}`,
    `${count(workers.length, "worker")} with ${count(slots, "slot")}`,
    `tasks: ${waiting}, ${tasks.processing} assigned (${running} running), ${tasks.memory} finished, ${tasks.erred} failed`,
    ...(tasks["no-worker"] > 0 ? [`${count(tasks["no-worker"], "task")} that no worker may run`] : []),
    ...(workers.length === 0 ? [`start one: muster worker ${address}`] : ["", ...workerTable(workers)]),
    ...(runs.length === 0 ? [] : ["", ...runTable(runs)]),
  ];
}

function workerTable(workers: ClusterInfo["workers"]): string[] {
  const rows = workers.map((worker) => [
    worker.name,
    worker.address,
    worker.status,
    `${worker.running}/${worker.slots}`,
    String(worker.assigned),
    String(worker.stored),
    worker.memoryLimitBytes > 0
      ? `${formatBytes(worker.memoryBytes)} of ${formatBytes(worker.memoryLimitBytes)}`
      : formatBytes(worker.memoryBytes),
  ]);
  return table(["worker", "address", "status", "running", "assigned", "results", "memory"], rows);
}

function runTable(runs: ClusterInfo["runs"]): string[] {
  const rows = runs.map(({ run, waiting, running, finished, failed }) => [
    run,
    ...[waiting, running, finished, failed].map(String),
  ]);
  return table(["run", "waiting", "assigned", "finished", "failed"], rows);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
