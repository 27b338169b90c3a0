import type { VitalsEvent } from "../../protocol/record.ts";
import { Vitals } from "../../protocol/vitals.ts";

const intervalMs = 1_000;

/** Tells how the scheduler's own process fares, for as long as somebody wants to know. */
export class OwnVitals {
  readonly #tell: (event: VitalsEvent) => void;
  #vitals: Vitals | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (event: VitalsEvent) => void) {
    this.#tell = tell;
  }

  start(): void {
    this.stop();
    const vitals = new Vitals();
    this.#vitals = vitals;
    this.#timer = setInterval(() => {
      const memoryBytes = process.memoryUsage.rss();
      this.#tell({
        kind: "vitals",
        process: "scheduler",
        atMs: Date.now(),
        memoryBytes,
        storedBytes: 0,
        ...vitals.read(),
      });
    }, intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#vitals?.stop();
  }
}
