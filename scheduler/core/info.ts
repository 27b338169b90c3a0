import type { ClusterInfo, LoadInfo, RunInfo, WorkerInfo } from "../../protocol/cluster-info.ts";
import type { FutureId } from "../../protocol/ids.ts";
import type { WhoHas } from "../../protocol/messages.ts";
import { protocolVersion } from "../../protocol/version.ts";
import type { ClientRecord } from "./client-record.ts";
import { addressesOf } from "./enter.ts";
import type { Run } from "./run.ts";
import type { SchedulerState } from "./state.ts";
import type { TaskCounts } from "./task-group.ts";
import type { WorkerRecord } from "./worker-record.ts";

export function whoHas(client: ClientRecord, futures: readonly FutureId[] = [...client.futures.keys()]): WhoHas[] {
  const found: WhoHas[] = [];
  for (const future of futures) {
    const task = client.futures.get(future);
    if (task === undefined) continue;
    found.push({ future, task: task.id, key: task.key, bytes: task.resultBytes, addresses: addressesOf(task) });
  }
  return found;
}

/** Costs as much as there are workers, runs, and names of tasks in them; not as many as there are tasks. */
export function clusterInfo(state: SchedulerState): ClusterInfo {
  const unplaceable = state.noWorkerWatch.unplaceable(state);
  const tasks = { waiting: 0, queued: -unplaceable, processing: 0, memory: 0, erred: 0, released: 0 };
  for (const run of state.runs.values()) {
    for (const { counts } of run.groups.values())
      for (const kind of Object.keys(tasks) as (keyof TaskCounts)[]) tasks[kind] += counts[kind];
  }
  return {
    version: state.options.version,
    protocol: protocolVersion,
    startedAt: state.options.startedAt,
    workers: Array.from(state.workers.values(), workerInfo),
    runs: Array.from(state.runs.values(), runInfo),
    clients: clientsServed(state),
    tasks: { ...tasks, "no-worker": unplaceable },
  };
}

export function runInfo({ name: run, groups, processing: running, finished, failed }: Run): RunInfo {
  let waiting = 0;
  for (const { counts } of groups.values()) waiting += counts.waiting + counts.queued;
  return { run, waiting, running, finished, failed };
}

/** Looks at workers and at names of tasks, never at tasks: it is asked every second. */
export function loadInfo(state: SchedulerState): LoadInfo {
  let processing = 0;
  let occupancyMs = 0;
  for (const worker of state.workers.values()) {
    processing += worker.assigned;
    occupancyMs += worker.occupancyMs;
  }
  return {
    workers: Array.from(state.workers.values(), (worker) => ({
      name: worker.name,
      address: worker.address,
      status: worker.status,
      slots: worker.slots,
      assigned: worker.processing.size + worker.stopping.size,
      running: worker.running,
      storedBytes: worker.storedBytes,
      memoryLimitBytes: worker.registration.memoryLimitBytes,
      idleMs: worker.isBusy ? undefined : Math.max(0, state.nowMs - worker.idleSinceMs),
    })),
    queued: state.queued,
    unplaceable: state.noWorkerWatch.unplaceable(state),
    queuedMs: state.backlog.ms,
    processing,
    occupancyMs,
  };
}

/** Without those that only look after the cluster. */
export function clientsServed(state: SchedulerState): number {
  let clients = 0;
  for (const { observer } of state.clients.values()) if (!observer) clients++;
  return clients;
}

export function workerInfo(worker: WorkerRecord): WorkerInfo {
  const { name, address, host, pid, slots, executor, memoryLimitBytes, version, nodeVersion } = worker.registration;
  return {
    name,
    address,
    host,
    pid,
    slots,
    executor,
    status: worker.status,
    resources: worker.resources,
    memoryLimitBytes,
    memoryBytes: worker.memoryBytes,
    storedBytes: worker.storedBytes,
    stored: worker.holds.size,
    assigned: worker.assigned,
    running: worker.running,
    version,
    nodeVersion,
  };
}
