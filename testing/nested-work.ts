import type { Execution } from "../worker/core/effects.ts";
import type { Script } from "./script.ts";
import { SimClient } from "./sim-client.ts";
import type { SimFuture } from "./sim-future.ts";
import type { SimScheduler } from "./sim-scheduler.ts";
import type { Surroundings } from "./surroundings.ts";

/** As long as the real client tries to connect. */
const connectMs = 10_000;

export interface NestedHost {
  readonly scheduler: SimScheduler;
  /** The worker that the task runs on. */
  readonly place: string;
  /** The worker's process: jobs are numbered anew in each, and no two clients may go by one name. */
  readonly instance: string;
  /** Runs it when the worker's process gets to it. */
  readonly receive: (action: () => void) => void;
  /** The task waits for what it submitted, or waits no longer. */
  readonly onWaiting: (waiting: boolean) => void;
  /** With why its code throws, if it does. */
  readonly onEnd: (failure: string | undefined) => void;
}

/** What a task does that submits tasks: connects a client from within its slot, submits, waits for the ends, and goes on. */
export class NestedWork {
  readonly #around: Surroundings;
  readonly #host: NestedHost;
  readonly #execution: Execution;
  readonly #script: Script;
  #client: SimClient | undefined;
  #round = -1;
  /** Those of this round that the code still holds. */
  #awaited: SimFuture[] = [];
  #waiting = false;
  #over = false;

  constructor(around: Surroundings, host: NestedHost, execution: Execution, script: Script) {
    this.#around = around;
    this.#host = host;
    this.#execution = execution;
    this.#script = script;
    this.#connect();
  }

  get client(): SimClient | undefined {
    return this.#client;
  }

  /** The task ends, or its code is told to; `silently`: with its machine. */
  close(silently: boolean = false): void {
    this.#over = true;
    this.#client?.disconnect(silently ? "silent" : "goodbye");
  }

  #connect(): void {
    const { network } = this.#around;
    const { place, instance, scheduler, receive } = this.#host;
    const { key, attempt, job } = this.#execution;
    this.#later(connectMs, () => {
      if (this.#client === undefined) this.#end("no scheduler answered its client");
    });
    this.#later(2 * network.delayMs(), () =>
      network.whenOpen(place, "scheduler", () =>
        receive(() => {
          if (this.#over) return;
          this.#around.watch.count("tasks that submitted tasks");
          this.#client = new SimClient(this.#around, scheduler, `${key}#${attempt} in job ${job} of ${instance}`, {
            place,
            receive,
            parent: key,
            onChange: () => this.#look(),
            onEnd: () => this.#end("its client lost the scheduler"),
          });
          this.#client.fetchAll();
          this.#next();
        }),
      ),
    );
  }

  #next(): void {
    const { dice } = this.#around;
    this.#round++;
    const scripts = this.#script.options.rounds[this.#round];
    if (this.#over || this.#client === undefined) return;
    if (scripts === undefined) return this.#end(undefined);
    const { run } = this.#execution;
    this.#awaited = this.#client.submit(scripts, run === undefined ? {} : { run });
    // The real code tells in the next turn of its event loop that it waits.
    this.#later(dice.exponential(0.2), () => {
      if (this.#awaited.length > 0) this.#wait(true);
    });
    if (this.#script.options.careless) this.#later(dice.exponential(20), () => this.#drop());
  }

  /** Cancels some, drops others, and submits what it cancelled again. */
  #drop(): void {
    const { dice } = this.#around;
    const client = this.#client;
    if (client?.connected !== true) return;
    const held = this.#awaited.filter((future) => future.held);
    if (held.length === 0) return;
    const future = dice.pick(held);
    const needed = held.some(({ script }) => script !== future.script && script.ancestry().has(future.script));
    if (dice.chance(0.7)) client.cancel([future], { force: dice.chance(0.7) });
    if (needed || dice.chance(0.3)) return this.#look();
    client.release([future]);
    const isAlone = future.script.options.deps.length === 0;
    if (isAlone && dice.chance(0.5)) this.#awaited.push(...client.submit([future.script]));
    this.#look();
  }

  /** Whether the round is over. */
  #look(): void {
    if (this.#over) return;
    const { careless } = this.#script.options;
    const failed = this.#awaited.find(({ status }) => status !== "pending" && status !== "finished");
    if (failed !== undefined && !careless) return this.#end(`"${failed.key}" ended as ${failed.status}`);
    this.#awaited = this.#awaited.filter((future) => future.status === "pending" || isOnItsWay(future));
    if (this.#awaited.length > 0) return;
    this.#wait(false);
    this.#later(this.#around.dice.exponential(1), () => this.#next());
  }

  #wait(waiting: boolean): void {
    if (this.#over || waiting === this.#waiting) return;
    this.#waiting = waiting;
    this.#around.watch.count(waiting ? "slots lent" : "slots taken back");
    this.#host.onWaiting(waiting);
  }

  #end(failure: string | undefined): void {
    if (this.#over) return;
    this.#wait(false);
    this.close();
    this.#host.onEnd(failure);
  }

  #later(delayMs: number, action: () => void): void {
    this.#around.time.schedule(delayMs, () =>
      this.#host.receive(() => {
        if (!this.#over) action();
      }),
    );
  }
}

const isOnItsWay = (future: SimFuture): boolean => future.status === "finished" && !future.verified;
