import { Client } from "../../client/client.ts";
import { LocalCluster } from "../../cluster/local/index.ts";
import type { ClusterEvent } from "../../protocol/record.ts";
import { expectResult, type Shape } from "../shapes/shape.ts";
import { sleep } from "../shapes/tasks.ts";

const sleepMs = 50;

/** An adaptive cluster goes from no workers to two and back. */
export const scaleUp: Shape = {
  name: "scale-up",
  family: "scale-up",
  summary:
    "200 × 50 ms on an adaptive cluster, 0 → 2 → 0 workers: when the first begins, and how long workers had no task",
  figures: [
    { name: "first task ms", better: "lower" },
    { name: "wasted worker-s", better: "lower" },
  ],
  size: 200,
  quickSize: 10,
  repetitions: 3,
  on: "its own clusters",
  async measure(_bed, size) {
    await using cluster = await LocalCluster.start({ nWorkers: 0, threadsPerWorker: 1 });
    await using client = await Client.connect(cluster);
    cluster.adapt({ minimum: 0, maximum: 2 });
    const shift = new Shift(size);
    const stopWatching = await client.watch({}, (events) => shift.take(events));
    const submittedMs = Date.now();
    const futures = Array.from({ length: size }, (_, i) => client.submit(sleep, [sleepMs, i]));
    const values = await client.gather(futures);
    for (const [i, value] of values.entries()) expectResult("scale-up", value, i);
    for (const future of futures) future.release();
    await shift.over;
    await stopWatching();
    return {
      "first task ms": shift.firstStartMs - submittedMs,
      "wasted worker-s": (shift.presentMs - shift.busyMs) / 1_000,
    };
  },
};

/** From the first worker that joined to the last that left. */
class Shift {
  readonly over: Promise<void>;
  firstStartMs: number = Number.POSITIVE_INFINITY;
  presentMs = 0;
  busyMs = 0;
  readonly #joinedMs = new Map<string, number>();
  #attemptsLeft: number;
  #end!: () => void;

  constructor(attempts: number) {
    this.#attemptsLeft = attempts;
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  take(events: readonly ClusterEvent[]): void {
    for (const event of events) {
      if (event.kind === "attempt") {
        this.firstStartMs = Math.min(this.firstStartMs, event.startMs);
        this.busyMs += event.endMs - event.startMs;
        this.#attemptsLeft -= 1;
      } else if (event.kind === "worker" && event.change === "joined") {
        this.#joinedMs.set(event.worker, event.atMs);
      } else if (event.kind === "worker" && (event.change === "left" || event.change === "lost")) {
        this.presentMs += event.atMs - (this.#joinedMs.get(event.worker) ?? event.atMs);
        this.#joinedMs.delete(event.worker);
      }
    }
    if (this.#attemptsLeft <= 0 && this.#joinedMs.size === 0) this.#end();
  }
}
