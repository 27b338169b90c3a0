import { formatBytes } from "../../protocol/units.ts";
import { memoryFractions } from "../core/memory-pressure.ts";
import { processTreeBytes } from "../process-memory.ts";

const sampleMs = 200;

export interface MemoryWatchOptions {
  readonly pid: number;
  /** 0: no limit, and nothing is watched. */
  readonly limitBytes: number;
  /** Default: what the process and all that it has started hold, where the system tells. */
  readonly read?: ((pid: number) => number | undefined) | undefined;
  /** Told once, with a sentence about the process. */
  readonly onExceeded: (reason: string) => void;
}

/** Watches from outside that a worker's process does not outgrow its limit. Its timer keeps no process alive. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    if (options.limitBytes > 0) this.#timer = setInterval(() => this.#sample(), sampleMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const { pid, limitBytes, read = processTreeBytes, onExceeded } = this.#options;
    const bytes = read(pid);
    if (bytes === undefined || bytes <= limitBytes * memoryFractions.end) return;
    this.stop();
    onExceeded(
      `its process used ${formatBytes(bytes)}, more than ${memoryFractions.end * 100} % of its memory limit of ${formatBytes(limitBytes)}, and was stopped by its nanny`,
    );
  }
}
