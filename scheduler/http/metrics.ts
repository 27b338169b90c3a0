import { Gauge, Registry } from "prom-client";
import type { ClusterEvent, VitalsEvent } from "../../protocol/record.ts";
import type { Desk } from "../server/desk.ts";
import { EventCounters } from "./event-counters.ts";

/** What Prometheus scrapes: counters of what happened, and gauges that are read when somebody asks. */
export class Metrics {
  readonly contentType: string;
  readonly #desk: Desk;
  readonly #registry: Registry = new Registry();
  readonly #counters: EventCounters;
  readonly #gauges: ReturnType<typeof createGauges>;
  /** Of each process that is there, the latest. */
  readonly #vitals: Map<string, VitalsEvent> = new Map();

  constructor(desk: Desk) {
    this.#desk = desk;
    this.contentType = this.#registry.contentType;
    this.#counters = new EventCounters(this.#registry);
    this.#gauges = createGauges(this.#registry);
  }

  add(event: ClusterEvent): void {
    this.#counters.add(event);
    if (event.kind === "vitals") this.#vitals.set(event.process, event);
    if (event.kind === "worker" && (event.change === "left" || event.change === "lost"))
      this.#vitals.delete(event.worker);
  }

  /** @throws ClusterError CLOSED */
  async text(): Promise<string> {
    const { tasks, runs, workers, clients, startedAt } = await this.#desk.ask({ kind: "info" });
    const gauges = this.#gauges;
    // A worker that is gone must not be reported any more.
    this.#registry.getMetricsAsArray().forEach((metric) => {
      if (metric instanceof Gauge) metric.reset();
    });
    gauges.started.set(Date.parse(startedAt) / 1_000);
    gauges.clients.set(clients);
    gauges.runs.set(runs.length);
    for (const [state, count] of Object.entries(tasks)) gauges.tasks.set({ state }, count);
    for (const status of ["running", "paused", "retiring", "disconnected"])
      gauges.workers.set({ status }, workers.filter((worker) => worker.status === status).length);
    for (const { name: worker, ...info } of workers) {
      gauges.slots.set({ worker }, info.slots);
      gauges.assigned.set({ worker }, info.assigned);
      gauges.running.set({ worker }, info.running);
      gauges.results.set({ worker }, info.stored);
      gauges.stored.set({ worker }, info.storedBytes);
      gauges.memoryLimit.set({ worker }, info.memoryLimitBytes);
    }
    for (const [name, vitals] of this.#vitals) {
      const labels = name === "scheduler" ? {} : { worker: name };
      const of = name === "scheduler" ? gauges.own : gauges.each;
      of.cpu.set(labels, vitals.cpuPercent / 100);
      of.memory.set(labels, vitals.memoryBytes);
      of.delay.set(labels, vitals.eventLoopDelayMs / 1_000);
    }
    return this.#registry.metrics();
  }
}

function createGauges(registry: Registry) {
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name: `muster_${name}`, help, labelNames, registers: [registry] });
  const process = (whose: string, ...labels: string[]) => ({
    cpu: gauge(`${whose}_cpu_cores`, "CPU that the process used in its last interval, in cores", ...labels),
    memory: gauge(`${whose}_memory_bytes`, "Memory that the process holds", ...labels),
    delay: gauge(`${whose}_event_loop_delay_seconds`, "Mean delay of its event loop in its last interval", ...labels),
  });
  return {
    started: gauge("scheduler_start_time_seconds", "When the scheduler started, in Unix epoch time"),
    clients: gauge("scheduler_clients", "Clients that are connected, or may be back"),
    runs: gauge("scheduler_runs", "Runs that have tasks"),
    tasks: gauge("scheduler_tasks", "Tasks that are on the books, by state", "state"),
    workers: gauge("scheduler_workers", "Workers, by status", "status"),
    slots: gauge("worker_slots", "How many tasks the worker runs at once", "worker"),
    assigned: gauge("worker_tasks_assigned", "Tasks that were sent to the worker and have not ended", "worker"),
    running: gauge("worker_tasks_running", "Tasks that run on the worker", "worker"),
    results: gauge("worker_results", "Results that the worker holds", "worker"),
    stored: gauge("worker_stored_bytes", "The size of those results", "worker"),
    memoryLimit: gauge("worker_memory_limit_bytes", "The worker's memory limit; 0: none", "worker"),
    own: process("scheduler"),
    each: process("worker", "worker"),
  };
}
