import type { Logger } from "../../protocol/logger.ts";
import { formatBytes } from "../../protocol/units.ts";
import { MemoryPressure, memoryFractions } from "../core/memory-pressure.ts";
import { collectGarbage } from "../executor/garbage.ts";
import { processTreeBytes } from "../process-memory.ts";

const sampleMs = 200;
/** How often a worker that is paused looks for garbage: V8 does so by itself only where something runs and allocates. */
const collectEverySamples = 10;
/** So much shared memory may be let go before anybody looks for it. */
const sharedGarbageBytesMax = 256 * 2 ** 20;
/** With a limit, no more than this part of it. */
const sharedGarbageFraction = 1 / 16;

export interface MemoryMonitorOptions {
  /** 0: no limit, and nothing is watched. */
  readonly limitBytes: number;
  /** Default: what this process and all that it has started hold. */
  readonly read?: (() => number) | undefined;
  /** Told with every sample: by how much the process is to become smaller by spilling results; 0: it need not. */
  readonly onSample: (spillBytes: number) => void;
  readonly onPaused: (paused: boolean) => void;
  /** Whether any task runs. */
  readonly isBusy: () => boolean;
  /** Has the slots look for garbage of theirs. */
  readonly collectGarbage: () => void;
  readonly log: Logger;
}

/** Samples the memory of the worker, and acts as the policy says. Its timer keeps no process alive. */
export class MemoryMonitor {
  readonly #options: MemoryMonitorOptions;
  readonly #pressure: MemoryPressure;
  readonly #timer: NodeJS.Timeout | undefined;
  #paused = false;
  #pausedSamples = 0;
  #sharedGarbageBytes = 0;

  constructor(options: MemoryMonitorOptions) {
    this.#options = options;
    this.#pressure = new MemoryPressure(options.limitBytes);
    if (options.limitBytes > 0) this.#timer = setInterval(() => this.#sample(), sampleMs).unref();
  }

  /** Of this process and of all that it has started, where the system tells; else of this process alone. */
  get memoryBytes(): number {
    return this.#options.read?.() ?? processTreeBytes(process.pid) ?? process.memoryUsage.rss();
  }

  /** Shared memory was let go, which V8 does not count: it gives it back only when something else has it look. */
  sharedFreed(bytes: number): void {
    const { limitBytes } = this.#options;
    const most =
      limitBytes > 0 ? Math.min(sharedGarbageBytesMax, limitBytes * sharedGarbageFraction) : sharedGarbageBytesMax;
    this.#sharedGarbageBytes += bytes;
    if (this.#sharedGarbageBytes >= most) this.#collect();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const { memoryBytes } = this;
    const { spillBytes, paused } = this.#pressure.sample(memoryBytes, this.#options.isBusy());
    this.#options.onSample(spillBytes);
    if (paused !== this.#paused) this.#turn(paused, memoryBytes);
    if (!paused || this.#pausedSamples++ % collectEverySamples > 0) return;
    this.#collect();
  }

  #collect(): void {
    this.#sharedGarbageBytes = 0;
    collectGarbage();
    this.#options.collectGarbage();
  }

  #turn(paused: boolean, memoryBytes: number): void {
    const { limitBytes, log, onPaused } = this.#options;
    this.#paused = paused;
    this.#pausedSamples = 0;
    const used = `${formatBytes(memoryBytes)} of its memory limit of ${formatBytes(limitBytes)}`;
    const fields = { memoryBytes, limitBytes };
    if (paused)
      log.warn(
        fields,
        `the worker uses ${used} and takes no more tasks until it uses less than ${memoryFractions.resume * 100} %; give it a higher limit, fewer slots or smaller tasks if this goes on`,
      );
    else log.info(fields, `the worker uses ${used} and takes tasks again`);
    onPaused(paused);
  }
}
