import { Counter, type Registry } from "prom-client";
import { assertNever } from "../../protocol/errors.ts";
import type { TaskId } from "../../protocol/ids.ts";
import type { ClusterEvent } from "../../protocol/record.ts";

const unluckyMax = 100_000;

/** Counts what happens on the cluster from the start of the scheduler on, so that no counter ever goes down. */
export class EventCounters {
  /** Tasks whose last attempt came to nothing, and that have not ended. */
  readonly #unlucky: Set<TaskId> = new Set();
  readonly #add: (event: ClusterEvent) => void;

  constructor(registry: Registry) {
    const counter = (name: string, help: string, ...labelNames: string[]) =>
      new Counter({ name: `muster_${name}_total`, help, labelNames, registers: [registry] });
    const submitted = counter("scheduler_tasks_submitted", "Tasks that were accepted");
    const ended = counter("scheduler_tasks_ended", "Tasks that ended without a result, by how", "state");
    const attempts = counter(
      "scheduler_attempts",
      "Attempts that had begun and are over, by what became of them",
      "fate",
    );
    const attemptSeconds = counter("scheduler_attempts_seconds", "How long those attempts ran", "fate");
    const retried = counter(
      "scheduler_retries",
      "Those of them whose task had failed before, or been lost with its worker",
    );
    const joined = counter("scheduler_workers_joined", "Workers that registered");
    const gone = counter("scheduler_workers_gone", "Workers that went: by will, or lost", "how");
    const ownNetwork = counter("scheduler_network_bytes", "What went over the scheduler's sockets", "direction");
    const network = counter("worker_network_bytes", "What went over the sockets of all workers", "direction");
    const transfers = counter("worker_transfers", "Transfers of results between workers");
    const transferBytes = counter("worker_transfer_bytes", "What was transferred between workers");
    const diskBytes = counter("worker_disk_bytes", "Results that workers wrote to disk or read back", "direction");
    for (const fate of ["done", "failed", "cancelled", "lost"]) attempts.inc({ fate }, 0);
    for (const how of ["left", "lost"]) gone.inc({ how }, 0);
    for (const state of ["failed", "cancelled"]) ended.inc({ state }, 0);

    this.#add = (event) => {
      switch (event.kind) {
        case "submitted":
          return submitted.inc(event.tasks);
        case "attempt":
          attempts.inc({ fate: event.fate });
          // By a worker's clock, which may have been set back meanwhile.
          attemptSeconds.inc({ fate: event.fate }, Math.max(0, event.endMs - event.startMs) / 1_000);
          if (this.#unlucky.delete(event.task)) retried.inc();
          return event.fate === "failed" || event.fate === "lost" ? this.#remember(event.task) : undefined;
        case "task-end":
          this.#unlucky.delete(event.task);
          return ended.inc({ state: event.state });
        case "worker":
          if (event.change === "joined") joined.inc();
          if (event.change === "left" || event.change === "lost") gone.inc({ how: event.change });
          return;
        case "vitals": {
          const counted = event.process === "scheduler" ? ownNetwork : network;
          counted.inc({ direction: "sent" }, event.sentBytes);
          return counted.inc({ direction: "received" }, event.receivedBytes);
        }
        case "transfer":
          transfers.inc();
          return transferBytes.inc(event.bytes);
        case "disk":
          return diskBytes.inc({ direction: event.direction }, event.bytes);
        case "scaling":
        case "log":
        case "profile":
        case "dropped":
          return;
        default:
          assertNever(event);
      }
    };
  }

  add(event: ClusterEvent): void {
    this.#add(event);
  }

  /** Of a task that nobody wants any more, no end is told: the oldest is forgotten. */
  #remember(task: TaskId): void {
    this.#unlucky.add(task);
    const [oldest] = this.#unlucky;
    if (this.#unlucky.size > unluckyMax && oldest !== undefined) this.#unlucky.delete(oldest);
  }
}
