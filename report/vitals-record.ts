import type { VitalsEvent } from "../protocol/record.ts";
import type { VitalsSeries } from "./report-data.ts";

/** What was measured during one step of a series. */
interface Step {
  atMs: number;
  measurements: number;
  cpuSum: number;
  memoryBytes: number;
  storedBytes: number;
  delaySum: number;
  sentBytes: number;
  receivedBytes: number;
}

/** One process's measurements. When there are too many, two neighbours become one, and so do all that come later. */
export class VitalsRecord {
  readonly #process: string;
  readonly #stepsMax: number;
  #steps: Step[] = [];
  #perStep = 1;

  constructor(process: string, stepsMax: number) {
    this.#process = process;
    // Merging needs pairs.
    this.#stepsMax = Math.max(2, stepsMax);
  }

  add(event: VitalsEvent): void {
    const step = {
      atMs: event.atMs,
      measurements: 1,
      cpuSum: event.cpuPercent,
      memoryBytes: event.memoryBytes,
      storedBytes: event.storedBytes,
      delaySum: event.eventLoopDelayMs,
      sentBytes: event.sentBytes,
      receivedBytes: event.receivedBytes,
    };
    const last = this.#steps.at(-1);
    if (last !== undefined && last.measurements < this.#perStep) {
      merge(last, step);
      return;
    }
    if (this.#steps.length >= this.#stepsMax) this.#halve();
    this.#steps.push(step);
  }

  series(startMs: number): VitalsSeries {
    const steps = this.#steps;
    const column = (read: (step: Step, index: number) => number): Float64Array => Float64Array.from(steps, read);
    const elapsedS = (index: number): number => {
      // Nothing was measured before the first, so it is taken to have been as long as the next.
      const at = Math.max(1, index);
      return Math.max(1e-3, ((steps[at]?.atMs ?? 0) - (steps[at - 1]?.atMs ?? 0)) / 1_000);
    };
    const alone = steps.length < 2;
    const rate = (bytes: number, index: number): number => (alone ? bytes : bytes / elapsedS(index));
    return {
      process: this.#process,
      atMs: column(({ atMs }) => atMs - startMs),
      cpuPercent: column(({ cpuSum, measurements }) => cpuSum / measurements),
      memoryBytes: column(({ memoryBytes }) => memoryBytes),
      storedBytes: column(({ storedBytes }) => storedBytes),
      eventLoopDelayMs: column(({ delaySum, measurements }) => delaySum / measurements),
      sentBytesPerS: column(({ sentBytes }, index) => rate(sentBytes, index)),
      receivedBytesPerS: column(({ receivedBytes }, index) => rate(receivedBytes, index)),
    };
  }

  #halve(): void {
    this.#perStep *= 2;
    this.#steps = this.#steps.flatMap((step, index, all) => {
      if (index % 2 === 1) return [];
      const next = all[index + 1];
      if (next !== undefined) merge(step, next);
      return [step];
    });
  }
}

/** A step ends when its last measurement was made. */
function merge(into: Step, next: Step): void {
  into.atMs = next.atMs;
  into.measurements += next.measurements;
  into.cpuSum += next.cpuSum;
  into.memoryBytes = Math.max(into.memoryBytes, next.memoryBytes);
  into.storedBytes = Math.max(into.storedBytes, next.storedBytes);
  into.delaySum += next.delaySum;
  into.sentBytes += next.sentBytes;
  into.receivedBytes += next.receivedBytes;
}
