import type { ProcessEnd } from "../protocol/messages.ts";
import { SimProcess } from "./sim-process.ts";
import type { SimScheduler } from "./sim-scheduler.ts";
import type { SimDisk } from "./sim-store.ts";
import type { Surroundings } from "./surroundings.ts";

export interface SimWorkerOptions {
  readonly name: string;
  readonly slots: number;
  readonly resources: Readonly<Record<string, number>>;
}

export interface SimHost {
  readonly scheduler: SimScheduler;
  readonly codeFailures: () => number;
  /** The address that a new process of this worker gets. */
  readonly address: (name: string) => string;
  /** How long its nanny takes to start another process. */
  readonly restartMs: () => number;
}

const soundDisk: SimDisk = { accessMs: 1, failures: 0 };

/** A worker by its name: one process after another, as its nanny starts them. */
export class SimWorker {
  readonly name: string;
  process: SimProcess;
  /** Set once it was told to end for good; `revive` starts it again. */
  stopped: boolean = false;
  /** Of its machine: it outlives the process. */
  readonly disk: SimDisk = { ...soundDisk };
  readonly #around: Surroundings;
  readonly #options: SimWorkerOptions;
  readonly #host: SimHost;
  #pid = 0;
  #starting = false;

  constructor(around: Surroundings, host: SimHost, options: SimWorkerOptions) {
    this.#around = around;
    this.#host = host;
    this.#options = options;
    this.name = options.name;
    this.process = this.#start(host.address(this.name), undefined);
  }

  get resources(): Readonly<Record<string, number>> {
    return this.#options.resources;
  }

  /** Kills its process; the nanny starts another. */
  crash(options: { readonly silently?: boolean } = {}): void {
    this.process.crash(options.silently ?? false);
  }

  freeze(): void {
    if (!this.process.alive || this.process.frozen) return;
    this.#around.record.note(this.name, "freezes");
    this.process.freeze();
  }

  thaw(): void {
    if (!this.process.frozen) return;
    this.#around.record.note(this.name, "thaws");
    this.process.thaw();
  }

  /** Asks it to end by its own will, as its host or nanny may. */
  stop(how: "drain" | "now"): void {
    this.process.receive(() => this.process.handle({ kind: "stop", how, reason: "it was closed" }));
  }

  /** Breaks its connection to the scheduler. One end learns of it now, the other when it arrives there. */
  disconnect(first: "worker" | "scheduler" = "worker"): void {
    this.process.loseScheduler(first);
  }

  /** Answers "busy" to every peer until told otherwise. */
  beBusy(busy: boolean): void {
    this.process.alwaysBusy = busy;
  }

  /** How much longer than usual tasks and disks take there. */
  slowDown(factor: number): void {
    this.process.slowness = factor;
  }

  /** Its disk takes so long for each access, and fails so probably; without a number as it should. */
  wear({ accessMs = soundDisk.accessMs, failures = soundDisk.failures }: Partial<SimDisk>): void {
    this.disk.accessMs = accessMs;
    this.disk.failures = failures;
  }

  /** Its process holds this many bytes more than it should; 0: it does not. */
  press(bytes: number): void {
    this.process.press(bytes);
  }

  /** Whether a task of this key runs there now. */
  runs(key: string): boolean {
    for (const job of this.process.slots.running.values()) if (job.execution.key === key) return true;
    return false;
  }

  /** Starts a process if there is none, whatever became of the last one. */
  revive(address: string = this.#host.address(this.name)): void {
    if (this.process.alive) return;
    this.stopped = false;
    this.process = this.#start(address, undefined);
  }

  #start(address: string, predecessor: ProcessEnd | undefined): SimProcess {
    const { slots, resources } = this.#options;
    this.#pid++;
    this.#starting = false;
    this.#around.record.note(this.name, `starts at ${address}`);
    return new SimProcess(this.#around, {
      scheduler: this.#host.scheduler,
      codeFailures: this.#host.codeFailures,
      slowness: 1,
      disk: this.disk,
      registration: {
        name: this.name,
        instance: `${this.name}/${this.#pid}`,
        address,
        host: "sim",
        pid: this.#pid,
        slots,
        executor: "threads",
        memoryLimitBytes: 0,
        resources,
        version: "sim",
        nodeVersion: "sim",
        predecessor,
      },
      onEnd: (end) => this.#ended(end),
    });
  }

  #ended(end: "stopped" | "restart" | "stuck" | "crash"): void {
    if (end === "stopped") {
      this.stopped = true;
      return;
    }
    if (this.#starting) return;
    this.#starting = true;
    const predecessor: ProcessEnd = {
      pid: this.#pid,
      exitCode: end === "crash" ? null : 1,
      signal: null,
      lastLogLines: [],
    };
    this.#around.time.schedule(this.#host.restartMs(), () => {
      if (this.#starting && !this.process.alive) this.process = this.#start(this.#host.address(this.name), predecessor);
    });
  }
}
