import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { HostOptions, SlotHost, SlotListener } from "../../../worker/executor/slot-host.ts";
import { isJobEnd, type JobEnd } from "../../../worker/executor/slot-job.ts";
import { createSlotPool, type SlotEvent, type SlotJob, type SlotPool } from "../../../worker/executor/slot-pool.ts";
import { FakeThread } from "./fake-thread.ts";

const { open } = vi.hoisted(() => ({
  open: { thread: (_listener: SlotListener): SlotHost => expect.unreachable("no world is there yet") },
}));
vi.mock("../../../worker/executor/thread-host.ts", () => ({
  openThread: (_: HostOptions, listener: SlotListener) => open.thread(listener),
}));

const slots = 2;
const graceMs = 100;

type Pick = (below: number) => number;

/** What has been asked for a job that was handed over and is not answered. */
interface Open {
  readonly brief: boolean;
  cancelled: boolean;
}

/**
 * Threads that do what random numbers tell them, under a real pool. It fails when a job is answered twice, unasked or wrongly,
 * or begins when it is nobody's any more.
 */
class World {
  readonly open = new Map<number, Open>();
  readonly begun = new Set<number>();
  readonly ended = new Set<number>();
  /** They were in a thread that ended before anything had begun there. */
  readonly suspected = new Set<number>();
  readonly story: string[] = [];
  /** It may have ended before, and be heard of now. */
  cancelling: number | undefined;
  threads: FakeThread[] = [];
  pool!: SlotPool;
  jobs = 0;

  static async start(): Promise<World> {
    const world = new World();
    open.thread = (listener) => {
      const thread = new FakeThread(listener);
      world.threads.push(thread);
      return thread;
    };
    const onEvent = (event: SlotEvent): void => world.hear(event);
    const pool = createSlotPool({ kind: "threads", slots, worker: { name: "", address: "" }, graceMs, onEvent });
    for (const thread of world.threads) thread.deliver();
    world.pool = await pool;
    return world;
  }

  hear(event: SlotEvent): void {
    if (isJobEnd(event)) this.answered(event);
    if (event.kind !== "stalled") return;
    this.story.push(`stalled ${event.job}: ${event.behind}`);
    for (const job of event.behind) {
      expect(this.open.delete(job), `job ${job} is given back\n${this.story.join("\n")}`).toBe(true);
      const running = this.threads.filter((thread) => thread.running?.id === job);
      expect(running, `job ${job} is given back while it runs\n${this.story.join("\n")}`).toEqual([]);
      expect(this.ended.has(job), `job ${job} is given back after its end\n${this.story.join("\n")}`).toBe(false);
    }
  }

  answered(end: JobEnd): void {
    const { kind, job } = end;
    this.story.push(`${kind} ${job}`);
    const told = this.story.join("\n");
    const asked = this.open.get(job);
    expect(asked, `job ${job} is answered\n${told}`).toBeDefined();
    this.open.delete(job);
    if (kind === "stuck") return;
    if (kind === "cancelled" || job !== this.cancelling)
      expect(kind === "cancelled", `job ${job} is cancelled\n${told}`).toBe(asked?.cancelled);
    const mayHaveEnded = this.begun.has(job) || this.suspected.has(job) || kind === "cancelled";
    expect(mayHaveEnded, `job ${job} has ended, and never began\n${told}`).toBe(true);
  }

  submit(brief: boolean): void {
    const id = ++this.jobs;
    const fn = { bundle: "b", name: "", entry: "call" } as const;
    const job: SlotJob = { id, key: "", attempt: 1, fn, codePath: "/b", args: [], inputs: [], timeoutMs: 0, brief };
    this.open.set(id, { brief, cancelled: false });
    this.story.push(`submit ${id}${brief ? ", brief" : ""}`);
    if (this.pool.free > 0) this.pool.run(job);
    else if (!brief || !this.pool.runAhead(job)) this.open.delete(id);
  }

  cancel(id: number, force: boolean): void {
    this.story.push(`cancel ${id}${force ? " by force" : ""}`);
    const asked = this.open.get(id);
    if (asked !== undefined) asked.cancelled = true;
    this.cancelling = id;
    this.pool.cancel(id, force);
    this.cancelling = undefined;
  }

  begin(thread: FakeThread): void {
    const before = thread.begun.length;
    thread.begin();
    const job = thread.begun[before];
    if (job === undefined) return;
    this.story.push(`begins ${job}`);
    expect(this.open.has(job), `job ${job} begins\n${this.story.join("\n")}`).toBe(true);
    this.begun.add(job);
  }

  end(thread: FakeThread, how: "small" | "large" | "failed" | "tainted"): void {
    const job = thread.running?.id;
    if (job === undefined) return;
    this.story.push(`ends ${job}, ${how}`);
    this.ended.add(job);
    if (how === "small" || how === "large") thread.finish(how);
    else thread.fail(how === "tainted");
  }

  exit(thread: FakeThread): void {
    this.story.push(`exit with ${thread.running?.id ?? "none"}, behind it ${thread.waiting}`);
    if (thread.begun.length === 0) for (const job of thread.waiting) this.suspected.add(job);
    this.threads = this.threads.filter((other) => other !== thread);
    thread.exit();
  }

  /** One random thing happens. */
  step(pick: Pick): void {
    const thread = this.threads[pick(this.threads.length || 1)];
    // All have ended by themselves, and new ones are started after a while.
    if (thread === undefined) return void vi.advanceTimersByTime(pick(200));
    const [id] = [...this.open.keys()].slice(pick(this.open.size || 1));
    const what = pick(32);
    if (what < 8) this.submit(pick(4) > 0);
    else if (what < 10 && id !== undefined) this.cancel(id, pick(2) === 0);
    else if (what < 16) this.begin(thread);
    else if (what < 20) this.end(thread, pick(3) === 0 ? "large" : "small");
    else if (what < 22) this.end(thread, pick(3) === 0 ? "tainted" : "failed");
    else if (what === 22) thread.wait(pick(2) === 0);
    else if (what < 27) thread.deliver();
    else if (what < 29) vi.advanceTimersByTime(pick(30));
    else if (what === 29) vi.advanceTimersByTime([graceMs, graceMs, 5_000][pick(3)] as number);
    else if (thread.isEnding) this.exit(thread);
    // Those that end without ever having had a job make a slot broken.
    else if (what === 31 && thread.wasUsed) this.exit(thread);
  }

  /** From now on everything works. */
  settle(): void {
    for (let round = 0; round < 1_000; round++) {
      for (const thread of [...this.threads]) {
        this.begin(thread);
        this.end(thread, "small");
        thread.deliver();
        if (thread.isEnding) this.exit(thread);
      }
      vi.advanceTimersByTime(20);
      if (this.open.size === 0 && this.pool.free === slots && this.threads.length === slots) return;
    }
  }

  async stop(): Promise<void> {
    const stopped = this.pool.stop();
    for (const thread of this.threads) thread.exit();
    await stopped;
  }
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "setInterval", "clearInterval"],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

it("answers every job exactly once, whatever its threads do, and has all its slots in the end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(9_999), { minLength: 1, size: "max", maxLength: 1_000 }), async (numbers) => {
      let next = 0;
      const pick: Pick = (below) => (numbers[next++] ?? 0) % below;
      vi.clearAllTimers();
      const world = await World.start();
      while (next < numbers.length) world.step(pick);
      world.settle();
      const left = { open: [...world.open.keys()], free: world.pool.free, threads: world.threads.length };
      expect(left, world.story.join("\n")).toEqual({ open: [], free: slots, threads: slots });
      await world.stop();
      expect(vi.getTimerCount()).toBe(0);
    }),
    // A failure is shrunk for no longer than this.
    { numRuns: 300, interruptAfterTimeLimit: 20_000 },
  );
});
