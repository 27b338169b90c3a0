import { createHash, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ClusterError } from "../protocol/errors.ts";
import { logTee } from "../protocol/log-tee.ts";
import type { Logger } from "../protocol/logger.ts";
import type { SchedulerToWorker } from "../protocol/messages.ts";
import { PeerLinks, type PeerStore } from "../protocol/transfer.ts";
import { encodedBytes } from "../protocol/value.ts";
import { version } from "../protocol/version.ts";
import { Vitals } from "../protocol/vitals.ts";
import { BundleRequests } from "./agent/bundle-requests.ts";
import type { JobLabel } from "./agent/job-labels.ts";
import { LogRelay } from "./agent/log-relay.ts";
import { MemoryMonitor } from "./agent/memory-monitor.ts";
import { PeerServer } from "./agent/peer-server.ts";
import { Profiling } from "./agent/profiling.ts";
import { SchedulerLink } from "./agent/scheduler-link.ts";
import { Shell } from "./agent/shell.ts";
import { SlotRunner } from "./agent/slot-runner.ts";
import { WorkerCore } from "./core/core.ts";
import type { WorkerEnd } from "./core/effects.ts";
import type { CoreMessage } from "./core/events.ts";
import { memoryFractions } from "./core/memory-pressure.ts";
import { CodeCache } from "./executor/code-cache.ts";
import type { OutputLine } from "./executor/slot-job.ts";
import { makeTemporaryDirectory, removeOrphanedDirectories } from "./owned-directory.ts";
import { ResultStore } from "./store/result-store.ts";
import { spillPrefix } from "./store/spill-files.ts";
import { type ResolvedWorkerOptions, resolveWorkerOptions, type WorkerOptions } from "./worker-options.ts";

const codeCacheBytesMax = 2 ** 30;

/** Where to look, so that a test can make a process seem as large as it likes. */
export interface WorkerSources {
  /** What the process and those that it started use. Default: asks the system. */
  readonly memoryBytes?: (() => number) | undefined;
}

/** How a worker ended by itself or was stopped. */
export interface WorkerEnding {
  /** "lost": no scheduler was found again in time, or it refused this worker; `error` says which. */
  readonly end: WorkerEnd | "lost";
  readonly reason: string;
  readonly error?: unknown;
}

/**
 * A worker in this process: sockets, results, heartbeat and slots. User code runs in the slots, never on the thread of this
 * object. An open worker keeps the process alive.
 */
export class Worker implements AsyncDisposable {
  readonly name: string;
  readonly slots: number;
  /** Resolves when everything of it is gone (except a thread that could not be stopped). */
  readonly ended: Promise<WorkerEnding>;
  readonly #options: ResolvedWorkerOptions;
  readonly #sources: WorkerSources;
  readonly #core: WorkerCore;
  readonly #links: PeerLinks;
  readonly #bundles: BundleRequests;
  readonly #profiling: Profiling = new Profiling({
    profile: (order) => this.#runner?.profile(order) ?? 0,
    tell: (frames, last) => this.#link?.send({ op: "profile", frames, last }),
  });
  readonly #lines: LogRelay;
  /** What is logged here goes to the scheduler, too; what tasks write does so with their names. */
  readonly #log: Logger;
  readonly #closers: ((ending: WorkerEnding) => Promise<unknown>)[] = [];
  #link: SchedulerLink | undefined;
  #store!: ResultStore;
  #memory!: MemoryMonitor;
  #shell: Shell | undefined;
  #runner: SlotRunner | undefined;
  #address = "";
  /** Made for this worker, and removed in the end. */
  #temporary: string | undefined;
  #resolveEnded!: (ending: WorkerEnding) => void;
  #ending: WorkerEnding | undefined;

  /**
   * Resolves once the scheduler has registered it.
   * @throws {ClusterError} SCHEDULER_UNREACHABLE after `deathTimeoutMs`, BAD_TOKEN, VERSION_MISMATCH, BAD_OPTION,
   * BAD_ADDRESS, NOT_STARTED (no slot could be started).
   */
  static async start(options: WorkerOptions, sources: WorkerSources = {}): Promise<Worker> {
    const worker = new Worker(resolveWorkerOptions(options), sources);
    try {
      await worker.#open();
    } catch (error) {
      await worker.#end({ end: "stopped", reason: "it could not start" });
      throw error;
    }
    return worker;
  }

  private constructor(options: ResolvedWorkerOptions, sources: WorkerSources) {
    this.#sources = sources;
    const { name, token, tls, slots, resources, executor } = options;
    this.#options = options;
    this.#lines = new LogRelay({ token, send: (message) => this.#link?.send(message) });
    const log = logTee(options.log, (level, text) => this.#lines.add({ level, source: "worker", text }));
    this.#log = log;
    this.name = name;
    this.slots = slots;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#core = new WorkerCore({
      slots,
      resources,
      reconnectMs: options.reconnectMs,
      canTakeBack: options.executor === "threads",
    });
    // The core itself decides whom to ask when a peer is busy.
    this.#links = new PeerLinks({ token, name, tls, busyRetries: 0, sharesMemory: executor === "threads", log });
    this.#closers.push(() => this.#links.close());
    this.#bundles = new BundleRequests((hash) => this.#link?.send({ op: "get-bundle", hash }));
  }

  /** Where others reach its results, `ws://host:port`. */
  get address(): string {
    return this.#address;
  }

  /** Resolves when it has ended as it should; rejects with the error if it lost its scheduler, or a slot was stuck. */
  get closed(): Promise<void> {
    return this.ended.then(({ end, reason, error }) => {
      if (end === "lost") throw error;
      if (end === "stuck")
        throw new ClusterError("INVARIANT_VIOLATION", `Worker ${this.name} cannot go on in this process: ${reason}`);
    });
  }

  /** The keys of the tasks that run now. */
  get runningKeys(): readonly string[] {
    return this.#core.runningKeys();
  }

  /** Tells the scheduler, for a process that is about to be killed, why; what runs may be the cause. Resolves once that is sent. */
  async accuse(reason: string): Promise<void> {
    this.#lines.close();
    this.#link?.send({ op: "goodbye", reason, suspect: true });
    await this.#link?.close(reason);
  }

  /** Ends it: at once, or (drain) after what runs. May be called at any time; every call waits for the same end. */
  async close(options: { readonly drain?: boolean | undefined } = {}): Promise<void> {
    this.#shell?.handle({ kind: "stop", how: options.drain === true ? "drain" : "now", reason: "it was closed" });
    await this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<void> {
    const { address, host, token, tls, name, executor, slots, memoryLimitBytes } = this.#options;
    const log = this.#log;
    const directory = await this.#openDirectory();
    const codes = this.#openCodes(directory);
    this.#openMemory(directory);
    const sharesMemory = executor === "threads";
    const peers = await PeerServer.start({ host, token, tls, store: this.#peerStore(), sharesMemory, log });
    this.#closers.push(() => peers.close());
    this.#address = peers.address;
    const runner = await SlotRunner.start({
      pool: {
        kind: executor,
        slots,
        worker: { name, address: peers.address },
        cluster: { address, token, tls },
        maxHeapBytes: Math.floor((memoryLimitBytes * memoryFractions.heaps) / slots),
        log,
      },
      onEvent: (event) => this.#shell?.handle(event),
      slotsKept: () => this.#shell?.slotsKept ?? 0,
      onOutput: (line, label) => this.#output(line, label),
      onProfile: (frames) => this.#profiling.told(frames),
      log,
    });
    this.#runner = runner;
    // A slot that is stuck never stops; the end of the process is what it needs.
    this.#closers.push(({ end }) => (end === "stuck" ? Promise.resolve() : runner.stop()));
    this.#shell = new Shell({
      core: this.#core,
      store: this.#store,
      links: this.#links,
      code: (bundle) => codes.path(bundle),
      slots: runner,
      send: (message, mayWait) => this.#link?.send(message, mayWait),
      end: (end, reason) => void this.#end({ end, reason }),
      log,
    });
    if (address.startsWith("wss:") && peers.address.startsWith("ws:"))
      log.warn({ worker: name }, "results leave this worker unencrypted: give it a certificate and its key, too");
    await this.#register();
    log.info({ worker: name, address: peers.address, slots }, "worker registered");
  }

  /** Where this worker's files lie. */
  async #openDirectory(): Promise<string> {
    const { localDirectory } = this.#options;
    if (localDirectory !== undefined) {
      await removeOrphanedDirectories(localDirectory, spillPrefix);
      return localDirectory;
    }
    this.#temporary = await makeTemporaryDirectory();
    return this.#temporary;
  }

  #openMemory(directory: string): void {
    const { memoryLimitBytes: limitBytes } = this.#options;
    const log = this.#log;
    const store = new ResultStore({
      targetBytes: limitBytes > 0 ? limitBytes * memoryFractions.target : Number.POSITIVE_INFINITY,
      directory,
      onDisk: (use) => this.#link?.send({ op: "disk", ...use }),
      onUnreadable: (task) => this.#shell?.handle({ kind: "unreadable", tasks: [task] }),
      onSharedFreed: (bytes) => memory.sharedFreed(bytes),
      log,
    });
    const memory = new MemoryMonitor({
      limitBytes,
      read: this.#sources.memoryBytes,
      onSample: (spillBytes) => store.press(spillBytes),
      isBusy: () => this.runningKeys.length > 0,
      collectGarbage: () => this.#runner?.collectGarbage(),
      onPaused: (paused) => this.#shell?.handle({ kind: "memory", paused }),
      log,
    });
    this.#store = store;
    this.#memory = memory;
    this.#closers.push(async () => {
      memory.stop();
      await store.close();
    });
  }

  #openCodes(parent: string): CodeCache {
    const { name } = this.#options;
    // Workers that share a local directory must not share a cache; the same worker finds its own again.
    const directory = join(parent, `code-${createHash("sha256").update(name).digest("hex").slice(0, 16)}`);
    const codes = new CodeCache({ directory, fetch: (hash) => this.#bundles.fetch(hash), maxBytes: codeCacheBytesMax });
    this.#closers.push(async () => {
      this.#bundles.fail(new ClusterError("CLOSED", "The worker ended."));
      await codes.close();
    });
    return codes;
  }

  async #register(): Promise<void> {
    const {
      address,
      token,
      tls,
      name,
      host,
      slots,
      executor,
      memoryLimitBytes,
      resources,
      deathTimeoutMs,
      predecessor,
    } = this.#options;
    const vitals = new Vitals();
    let heartbeat: NodeJS.Timeout | undefined;
    const link = new SchedulerLink({
      address,
      token,
      tls,
      deathTimeoutMs,
      log: this.#log,
      registration: {
        name,
        address: this.#address,
        host,
        pid: process.pid,
        slots,
        executor,
        memoryLimitBytes,
        resources,
        version,
        nodeVersion: process.version,
        predecessor,
        instance: randomUUID(),
      },
      onConnected: (heartbeatMs, resuming) => {
        this.#shell?.handle({ kind: "connected", resuming });
        this.#bundles.askAgain();
        this.#lines.connected(true);
        heartbeat = setInterval(() => {
          const { memoryBytes } = this.#memory;
          link.send({ op: "heartbeat", storedBytes: this.#store.bytes, memoryBytes, ...vitals.read() });
        }, heartbeatMs);
      },
      onMessages: (messages) => this.#received(messages),
      onDisconnected: () => {
        clearInterval(heartbeat);
        // Whoever wanted it says so again.
        this.#profiling.turn(false);
        this.#lines.connected(false);
        this.#shell?.handle({ kind: "disconnected" });
      },
      onGivenUp: (error) =>
        void this.#end({ end: "lost", reason: error instanceof Error ? error.message : String(error), error }),
    });
    this.#link = link;
    this.#closers.push(async ({ reason }) => {
      clearInterval(heartbeat);
      vitals.stop();
      this.#lines.close();
      await link.close(reason);
    });
    await link.connect();
  }

  #received(messages: readonly SchedulerToWorker[]): void {
    const forCore: CoreMessage[] = [];
    for (const message of messages) {
      if (message.op === "bundle") this.#bundles.received(message);
      else if (message.op === "profile") this.#profiling.turn(message.on);
      else forCore.push(message);
    }
    if (forCore.length > 0) this.#shell?.handle({ kind: "messages", messages: forCore });
  }

  #peerStore(): PeerStore {
    return {
      get: (task) => this.#store.serve(task),
      put: (task, value) => this.#shell?.handle({ kind: "put", task, value, bytes: encodedBytes(value) }),
    };
  }

  #output({ job, stream, level, line }: OutputLine, label: JobLabel | undefined): void {
    this.#options.log[level]({ job, key: label?.key }, line);
    this.#lines.add({ level, source: "task", ...label, stream, text: line });
  }

  /** Closes everything at once, so that the goodbye leaves before slots that take their time have stopped. */
  async #end(ending: WorkerEnding): Promise<void> {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#shell?.close();
    this.#profiling.stop();
    const { name } = this.#options;
    const log = this.#log;
    log.info({ worker: name, reason: ending.reason }, "worker ends");
    const outcomes = await Promise.allSettled(this.#closers.map((closer) => closer(ending)));
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        log.warn({ error: outcome.reason }, "something of a worker did not close as it should");
    }
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true }).catch(() => {});
    this.#resolveEnded(ending);
  }
}
