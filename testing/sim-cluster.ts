import { ClientDriver } from "./client-driver.ts";
import { FaultInjector } from "./fault-injector.ts";
import { Network } from "./network.ts";
import { Operator } from "./operator.ts";
import { PeerNetwork } from "./peer-network.ts";
import { Random } from "./random.ts";
import { SimRecord } from "./record.ts";
import { type Script, ScriptBook, type ScriptOptions } from "./script.ts";
import { SimClient } from "./sim-client.ts";
import { SimScheduler } from "./sim-scheduler.ts";
import { SimWorker } from "./sim-worker.ts";
import type { Surroundings } from "./surroundings.ts";
import {
  type DeedKind,
  drawSwarm,
  type Edition,
  editionLatest,
  type FaultKind,
  type Swarm,
  type TraitKind,
} from "./swarm.ts";
import { SimViolation, type ViolationKind } from "./violation.ts";
import { VirtualTime } from "./virtual-time.ts";
import { Watch } from "./watch.ts";
import { GraphAuthor } from "./workload.ts";

export interface SimClusterOptions {
  /** Decides everything that chance decides. */
  readonly seed: number;
  /** Default: the latest. A seed that found a fault in an earlier edition stands for the same scenario only there. */
  readonly edition?: Edition;
  /** How many workers, named w0, w1, …; or each by its name, for a scripted run. Default 8. */
  readonly workers?:
    | number
    | readonly {
        readonly name: string;
        readonly slots?: number;
        readonly resources?: Readonly<Record<string, number>>;
      }[];
  /** How many tasks the clients of a random run submit at most, all together. Default 300. */
  readonly tasks?: number;
  /** What may go wrong in a random run. Default "all": what the seed switches on. */
  readonly faults?: "all" | "none" | readonly FaultKind[];
  /** What clients do beside submitting and fetching. Default "all": what the seed switches on. */
  readonly deeds?: "all" | "none" | readonly DeedKind[];
  /** What makes single tasks special. Default "all": what the seed switches on. */
  readonly traits?: "all" | "none" | readonly TraitKind[];
  /** Invariants are checked after every so many events of the cores. Default 1. */
  readonly checkEvery?: number;
  /** Ms that a frame takes in a scripted run. Default 1. */
  readonly latencyMs?: number;
}

export interface SimOutcome {
  readonly seed: number;
  readonly virtualMs: number;
  /** Things that happened. */
  readonly steps: number;
  readonly futures: Readonly<Record<string, number>>;
  /** How often rare things happened. */
  readonly seen: Readonly<Record<string, number>>;
}

/** After the faults, everything must have ended within this, or within twice as long for twice as many tasks. */
const settleMsMax = 1_200_000;
const settlingTasks = 300;
/** After the clients are gone, everything must have been forgotten within this. */
const quietMsMax = 300_000;
/** A seed takes some thousand steps, and seldom a hundred thousand: one that takes so many goes round in circles. */
const stepsMax = 500_000;

/**
 * A whole cluster in one thread and in virtual time: the real cores of scheduler and workers, with everything around them
 * simulated. `run` plays a random run that the seed decides; the other methods play a scripted one. Whatever breaks a
 * promise throws a `SimViolation`.
 */
export class SimCluster {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly #around: Surroundings;
  readonly #scheduler: SimScheduler;
  readonly #workers: Map<string, SimWorker> = new Map();
  readonly #clients: SimClient[] = [];
  readonly #book: ScriptBook = new ScriptBook();
  readonly #time: VirtualTime = new VirtualTime();
  readonly #addresses: Map<string, string> = new Map();
  readonly #checkEvery: number;
  #events = 0;
  #healed = false;
  #onClientEnd: (client: SimClient) => void = () => {};

  constructor(options: SimClusterOptions) {
    this.seed = options.seed;
    this.#checkEvery = options.checkEvery ?? 1;
    const dice = new Random(options.seed);
    const { workers = 8 } = options;
    const scripted = typeof workers !== "number";
    const drawn = drawSwarm(dice, {
      edition: scripted ? 1 : (options.edition ?? editionLatest),
      workers: scripted ? workers.length : workers,
      tasks: options.tasks ?? 300,
      faults: options.faults ?? "all",
      deeds: options.deeds ?? "all",
      traits: options.traits ?? "all",
    });
    const latencyMs = options.latencyMs ?? 1;
    this.swarm = scripted
      ? {
          ...drawn,
          workers: workers.map(({ name, slots = 1, resources = {} }) => ({ name, slots, resources })),
          network: { latencyMs, jitterMs: 0, slowFrames: 0 },
          workerTtlMs: 30_000,
          graceMs: 30_000,
        }
      : drawn;
    const network = new Network(this.#time, dice, this.swarm.network);
    network.random = !scripted;
    this.#around = {
      time: this.#time,
      dice,
      network,
      peers: new PeerNetwork(network, dice),
      record: new SimRecord(() => this.#time.nowMs),
      book: this.#book,
      watch: new Watch(),
      swarm: this.swarm,
      due: () => ++this.#events % this.#checkEvery === 0,
      guard: (who, body) => this.#guard(who, body),
      violated: (kind, what, key) => this.#violated(kind, what, key),
    };
    this.#scheduler = new SimScheduler(this.#around, this.swarm);
    for (const worker of this.swarm.workers) this.#workers.set(worker.name, this.#newWorker(worker));
  }

  get nowMs(): number {
    return this.#time.nowMs;
  }

  /** Plays a random run from beginning to end: work and faults, then healing, then everything must end and be forgotten. */
  run(): SimOutcome {
    const { dice, network } = this.#around;
    const author = new GraphAuthor(dice, this.#book, this.swarm);
    const { clients, tasks, phaseMs } = this.swarm;
    const drivers = Array.from({ length: clients }, () => {
      const share = Math.ceil(tasks / clients);
      return new ClientDriver(this.#around, this.#newClient(), author, this.swarm, share, () => this.#connected());
    });
    for (const driver of drivers) driver.goOn(phaseMs);
    const faults = new FaultInjector(this.#around, this.swarm, {
      workers: [...this.#workers.values()],
      loseClient: () => {
        const driver = dice.pick(drivers);
        driver.client.disconnect();
        driver.client = this.#newClient();
      },
      clients: () => [
        ...this.#connected(),
        ...[...this.#workers.values()].flatMap(({ process }) => process.slots.clients()),
      ],
    });
    this.#onClientEnd = (client) => {
      const driver = drivers.find((each) => each.client === client);
      if (driver !== undefined && !this.#healed) driver.client = this.#newClient();
    };
    faults.goOn(phaseMs);
    this.runFor(phaseMs);

    faults.heal();
    this.#healed = true;
    // What is still to be mended by timers of the faults changes nothing any more.
    for (const client of this.#connected()) client.fetchAll();
    this.#settle();
    const futures = this.#tally();
    this.#leave();
    this.#expectQuiet();
    network.heal();
    const seen = Object.fromEntries(this.#around.watch.seen);
    return { seed: this.seed, virtualMs: this.#time.nowMs, steps: this.#time.steps, futures, seen };
  }

  // ── scripted runs ────────────────────────────────────────────────────────────────────────────────────────────────

  client(name: string = `client ${this.#clients.length + 1}`): SimClient {
    return this.#newClient(name);
  }

  worker(name: string): SimWorker {
    const worker = this.#workers.get(name);
    if (worker === undefined) throw new RangeError(`no worker is called ${name}`);
    return worker;
  }

  script(options: ScriptOptions = {}): Script {
    return this.#book.write(options);
  }

  partition(a: string, b: string): void {
    this.#around.record.note("the network", `cuts ${a} from ${b}`);
    this.#around.network.partition(a, b);
  }

  heal(a?: string, b?: string): void {
    this.#around.record.note("the network", "heals");
    this.#around.network.heal(a, b);
  }

  /** The address that the next process of this worker will have. */
  readdress(worker: string, address: string): void {
    this.#addresses.set(worker, address);
  }

  /** Lets time pass until the condition holds. @throws {SimViolation} of kind "liveness" if it does not within `limitMs`. */
  runUntil(condition: () => boolean, limitMs: number = settleMsMax): void {
    const untilMs = this.#time.nowMs + limitMs;
    while (!condition()) {
      if (!this.#step(untilMs)) this.#violated("liveness", `what was waited for did not happen within ${limitMs} ms`);
    }
  }

  runFor(durationMs: number): void {
    const untilMs = this.#time.nowMs + durationMs;
    while (this.#step(untilMs));
  }

  /** All that happened, one line each. */
  transcript(): string {
    return `${this.#around.record.lines().join("\n")}\n`;
  }

  /** What happened to a key across clients, scheduler and workers, in order of virtual time. */
  story(key: string): string {
    return this.#around.record.about(key).join("\n");
  }

  // ── what must hold ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Every future ends, every request is answered; what could run for ever is cancelled by its client. */
  #settle(): void {
    const startMs = this.#time.nowMs;
    const limitMs = settleMsMax * Math.max(1, this.swarm.tasks / settlingTasks);
    const open = (): string[] => this.#connected().flatMap((client) => client.unfinished());
    let nextLookMs = startMs;
    const operator = new Operator(this.#around, [...this.#workers.values()], () => this.#connected());
    while (this.#time.nowMs < startMs + limitMs) {
      if (this.#time.nowMs >= nextLookMs) {
        if (open().length === 0) return;
        nextLookMs = this.#time.nowMs + 200;
        operator.look();
      }
      this.#step(nextLookMs);
    }
    const left = open();
    if (left.length > 0) {
      const key = this.#connected()
        .flatMap((client) => [...client.futures.values()])
        .find(({ status }) => status === "pending")?.key;
      this.#violated("liveness", `${left.length} things never ended: ${left.slice(0, 5).join("; ")}`, key);
    }
  }

  /** Some clients say goodbye, others are just gone. */
  #leave(): void {
    const { dice } = this.#around;
    for (const client of this.#connected())
      client.disconnect(this.swarm.sessions.length > 1 && dice.chance(0.5) ? "goodbye" : "closed");
    // Nobody waits for an hour here.
    const detached = this.#clients.filter(({ detaches }) => detaches);
    if (detached.length === 0) return;
    this.runFor(5_000);
    for (const { name } of detached) this.#scheduler.forgetClient(name);
  }

  #tally(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const client of this.#connected())
      for (const { status } of client.futures.values()) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  /** With the clients gone, nothing may be left anywhere. */
  #expectQuiet(): void {
    const leftovers = (): string[] => {
      const left = this.#scheduler.core.leftovers().map((what) => `scheduler: ${what}`);
      for (const { name, process } of this.#workers.values()) {
        if (!process.alive) continue;
        for (const what of process.core.leftovers()) left.push(`worker ${name}: ${what}`);
        for (const what of process.store.leftovers()) left.push(`worker ${name}: ${what}`);
      }
      return left;
    };
    const untilMs = this.#time.nowMs + quietMsMax;
    let left = leftovers();
    const operator = new Operator(this.#around, [...this.#workers.values()], () => []);
    while (left.length > 0 && this.#time.nowMs < untilMs) {
      this.runFor(500);
      operator.look();
      left = leftovers();
    }
    if (left.length > 0)
      this.#violated("liveness", `with every client gone there is left: ${left.slice(0, 5).join("; ")}`);
  }

  #step(untilMs: number): boolean {
    if (this.#time.steps > stepsMax) this.#violated("liveness", `there is no end in sight after ${stepsMax} steps`);
    return this.#time.step(untilMs);
  }

  #guard<T>(who: string, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof SimViolation) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const key = /task "([^"]+)"/.exec(message)?.[1];
      return this.#violated("crash", `${who} broke: ${message}`, key, error);
    }
  }

  #violated(kind: ViolationKind, what: string, key?: string, cause?: unknown): never {
    const { record } = this.#around;
    const story = key === undefined ? record.last(60) : record.about(key).slice(-120);
    throw new SimViolation(this.seed, kind, this.#time.nowMs, what, story.join("\n"), cause);
  }

  #connected(): SimClient[] {
    return this.#clients.filter((client) => client.connected);
  }

  #newClient(name: string = `client${this.#clients.length + 1}`): SimClient {
    const { sessions } = this.swarm;
    const client: SimClient = new SimClient(this.#around, this.#scheduler, name, {
      ...sessions[this.#clients.length % sessions.length],
      onEnd: () => this.#onClientEnd(client),
    });
    this.#clients.push(client);
    return client;
  }

  #newWorker(worker: Swarm["workers"][number]): SimWorker {
    const { dice, network } = this.#around;
    return new SimWorker(
      this.#around,
      {
        scheduler: this.#scheduler,
        codeFailures: () => (this.swarm.faults.has("code") && !this.#healed ? 0.3 : 0),
        address: (name) => this.#address(name),
        restartMs: () => (network.random ? dice.exponential(500) : 100),
      },
      worker,
    );
  }

  #address(worker: string): string {
    const { dice, network, peers } = this.#around;
    const known = this.#addresses.get(worker) ?? `${worker}:1`;
    if (!network.random) return known;
    const reuse = this.swarm.faults.has("address-reuse");
    for (let tries = 0; ; tries++) {
      const port = reuse ? dice.below(this.swarm.workers.length + 2) : dice.below(1e9);
      const address = reuse ? `sim:${port}` : `${worker}:${port}`;
      if (!peers.isTaken(address)) return address;
      if (tries > 1_000) return `${worker}:spare`;
    }
  }
}
