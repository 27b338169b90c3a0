import type { ClusterInfo } from "../../protocol/cluster-info.ts";
import type { Logger } from "../../protocol/logger.ts";

const intervalMs = 1_000;

/** Logs the workers that came and went since it last looked, once a second. */
export class WorkerWatch {
  readonly #info: () => Promise<ClusterInfo>;
  readonly #log: Logger;
  #known: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(info: () => Promise<ClusterInfo>, log: Logger) {
    this.#info = info;
    this.#log = log;
  }

  async start(): Promise<void> {
    try {
      const { workers } = await this.#info();
      const names = new Set(workers.map((worker) => worker.name));
      for (const name of names) if (!this.#known.has(name)) this.#log.info({ worker: name }, `worker ${name} came`);
      for (const name of this.#known) if (!names.has(name)) this.#log.info({ worker: name }, `worker ${name} went`);
      this.#known = names;
    } catch (error) {
      // The connection's own trouble ends the run by other ways; the watch only has nothing to tell this time.
      this.#log.debug({ err: error }, "the workers could not be looked at");
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.start(), intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
