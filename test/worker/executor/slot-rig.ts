import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeValue } from "../../../protocol/value.ts";
import { isJobEnd, type JobEnd } from "../../../worker/executor/slot-job.ts";
import {
  createSlotPool,
  type SlotEvent,
  type SlotJob,
  type SlotPool,
  type SlotPoolOptions,
} from "../../../worker/executor/slot-pool.ts";

export const kinds: readonly ["threads", "processes"] = ["threads", "processes"];

export { isJobEnd as isEnd } from "../../../worker/executor/slot-job.ts";

/** A pool under test with all that it said, and a directory for the bundles that it runs. */
export class SlotRig {
  readonly pool: SlotPool;
  readonly events: SlotEvent[];
  readonly #directory: string;
  readonly #waiting: Set<() => void>;
  #bundles = 0;
  #jobs = 0;

  private constructor(pool: SlotPool, events: SlotEvent[], waiting: Set<() => void>, directory: string) {
    this.pool = pool;
    this.events = events;
    this.#waiting = waiting;
    this.#directory = directory;
  }

  static async start(options: Partial<SlotPoolOptions> & Pick<SlotPoolOptions, "kind">): Promise<SlotRig> {
    const events: SlotEvent[] = [];
    const waiting = new Set<() => void>();
    const pool = await createSlotPool({
      slots: 1,
      worker: { name: "anna", address: "ws://127.0.0.1:1" },
      onEvent(event) {
        events.push(event);
        for (const check of [...waiting]) check();
      },
      ...options,
    });
    return new SlotRig(pool, events, waiting, await mkdtemp(join(tmpdir(), "muster-slot-")));
  }

  async close(): Promise<void> {
    await this.pool.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Writes a module as a bundle's file; what is returned names its default export, or the task of that name. */
  async bundle(source: string, name: string = ""): Promise<Pick<SlotJob, "fn" | "codePath">> {
    this.#bundles += 1;
    const codePath = join(this.#directory, `bundle${this.#bundles}.mjs`);
    await writeFile(codePath, source);
    return { fn: { bundle: `hash${this.#bundles}`, name, entry: "call" }, codePath };
  }

  /** Hands a job to the pool; the job's number. */
  submit(
    code: Pick<SlotJob, "fn" | "codePath">,
    args: readonly unknown[] = [],
    options: Partial<SlotJob> = {},
  ): number {
    this.#jobs += 1;
    const id = this.#jobs;
    this.pool.run({
      id,
      key: `job-${id}`,
      attempt: 1,
      args: encodeValue(args),
      inputs: [],
      timeoutMs: 0,
      ...code,
      ...options,
    });
    return id;
  }

  /** The first event, past or to come, that `matches`. The test's own time limit is the deadline. */
  until<E extends SlotEvent>(matches: (event: SlotEvent) => event is E): Promise<E>;
  until(matches: (event: SlotEvent) => boolean): Promise<SlotEvent>;
  until(matches: (event: SlotEvent) => boolean): Promise<SlotEvent> {
    return new Promise((resolve) => {
      let looked = 0;
      const check = (): void => {
        for (; looked < this.events.length; looked++) {
          const event = this.events[looked] as SlotEvent;
          if (!matches(event)) continue;
          this.#waiting.delete(check);
          return resolve(event);
        }
      };
      this.#waiting.add(check);
      check();
    });
  }

  end(job: number): Promise<JobEnd> {
    return this.until((event): event is JobEnd => isJobEnd(event) && event.job === job);
  }

  /** Runs a module's default export to its end. */
  async run(source: string, args: readonly unknown[] = [], options: Partial<SlotJob> = {}): Promise<JobEnd> {
    return this.end(this.submit(await this.bundle(source), args, options));
  }

  line(text: string): Promise<SlotEvent> {
    return this.until((event) => event.kind === "log" && event.line.includes(text));
  }
}
