import { monitorEventLoopDelay } from "node:perf_hooks";
import { traffic } from "./traffic.ts";

export interface Readings {
  /** Of one core; several busy threads make it more than 100. */
  readonly cpuPercent: number;
  readonly eventLoopDelayMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Measures this process between one heartbeat and the next. */
export class Vitals {
  readonly #delay: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({ resolution: 20 });
  #cpu: NodeJS.CpuUsage = process.cpuUsage();
  #sinceMs: number = performance.now();
  #traffic: typeof traffic = { ...traffic };

  constructor() {
    this.#delay.enable();
  }

  /** Since the last call. */
  read(): Readings {
    const nowMs = performance.now();
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsedMs = Math.max(1, nowMs - this.#sinceMs);
    const delayNs = this.#delay.mean;
    this.#cpu = process.cpuUsage();
    this.#sinceMs = nowMs;
    this.#delay.reset();
    const { sentBytes, receivedBytes } = this.#traffic;
    this.#traffic = { ...traffic };
    return {
      sentBytes: traffic.sentBytes - sentBytes,
      receivedBytes: traffic.receivedBytes - receivedBytes,
      cpuPercent: ((user + system) / 1_000 / elapsedMs) * 100,
      eventLoopDelayMs: Number.isFinite(delayNs) ? delayNs / 1e6 : 0,
    };
  }

  stop(): void {
    this.#delay.disable();
  }
}
