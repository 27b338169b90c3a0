import type { ClusterInfo, LoadInfo, WorkerInfo } from "../../protocol/cluster-info.ts";
import type { FutureId } from "../../protocol/ids.ts";
import type { WhoHas } from "../../protocol/messages.ts";
import { protocolVersion } from "../../protocol/version.ts";
import type { ClientRecord } from "./client-record.ts";
import { addressesOf } from "./enter.ts";
import type { Run } from "./run.ts";
import type { SchedulerState } from "./state.ts";
import { isPlaceable } from "./suitability.ts";
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

export function clusterInfo(state: SchedulerState): ClusterInfo {
  const tasks = { waiting: 0, queued: 0, "no-worker": 0, processing: 0, memory: 0, erred: 0, released: 0 };
  const waiting = new Map<Run, number>();
  for (const task of state.tasks.values()) {
    const { kind } = task.state;
    if (kind === "waiting" || kind === "queued") waiting.set(task.run, (waiting.get(task.run) ?? 0) + 1);
    if (kind === "queued" && !isPlaceable(state, task.placement)) tasks["no-worker"]++;
    else tasks[kind]++;
  }
  return {
    version: state.options.version,
    protocol: protocolVersion,
    startedAt: state.options.startedAt,
    workers: Array.from(state.workers.values(), workerInfo),
    runs: Array.from(state.runs.values(), (run) => ({
      run: run.name,
      waiting: waiting.get(run) ?? 0,
      running: run.processing,
      finished: run.finished,
      failed: run.failed,
    })),
    clients: clientsServed(state),
    tasks,
  };
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
    unplaceable: state.noWorkerWatch.unplacedTasks,
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

function workerInfo(worker: WorkerRecord): WorkerInfo {
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
