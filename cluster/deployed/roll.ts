import { setTimeout as delay } from "node:timers/promises";
import type { LoadInfo, WorkerLoad } from "../../protocol/cluster-info.ts";

const intervalMs = 100;

interface Waiting {
  readonly name: string;
  readonly joined: (worker: WorkerLoad) => void;
  readonly failed: (error: unknown) => void;
}

/** Who is registered with the scheduler: asks it, as long as somebody waits for a worker. */
export class Roll {
  readonly #load: () => Promise<LoadInfo>;
  readonly #waiting = new Set<Waiting>();
  #calling = false;

  constructor(load: () => Promise<LoadInfo>) {
    this.#load = load;
  }

  /** Resolves once a worker of that name is registered; rejects when `signal` is aborted, or the scheduler cannot be asked. */
  joined(name: string, signal: AbortSignal): Promise<WorkerLoad> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { name, joined: resolve, failed: reject };
      const giveUp = (): void => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
      };
      if (signal.aborted) return giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(waiting);
      void this.#call();
    });
  }

  async #call(): Promise<void> {
    if (this.#calling) return;
    this.#calling = true;
    try {
      while (this.#waiting.size > 0) {
        const { workers } = await this.#load();
        for (const waiting of this.#waiting) {
          const worker = workers.find(({ name, status }) => name === waiting.name && status !== "disconnected");
          if (worker === undefined) continue;
          this.#waiting.delete(waiting);
          waiting.joined(worker);
        }
        if (this.#waiting.size > 0) await delay(intervalMs);
      }
    } catch (error) {
      for (const waiting of this.#waiting) waiting.failed(error);
      this.#waiting.clear();
    } finally {
      this.#calling = false;
    }
  }
}
