import type { TaskId } from "../protocol/ids.ts";
import type { EncodedValue, SchedulerToWorker, WorkerRegistration, WorkerToScheduler } from "../protocol/messages.ts";
import { heartbeatMs } from "../scheduler/core/heartbeat.ts";
import { WorkerCore } from "../worker/core/core.ts";
import type { Execution, WorkerEffect, WorkerEnd } from "../worker/core/effects.ts";
import type { ArrivedValue, CoreMessage, WorkerEvent } from "../worker/core/events.ts";
import { connect, type LinkEnd } from "./link.ts";
import type { PeerServer } from "./peer-network.ts";
import { resultBytesOf } from "./script.ts";
import type { SimScheduler } from "./sim-scheduler.ts";
import { SimSlots } from "./sim-slots.ts";
import { type SimDisk, SimStore } from "./sim-store.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Undo } from "./virtual-time.ts";

/** As long as a real connection keeps back what need not be told at once. */
const waitMsMax = 5;

type Welcomed = SchedulerToWorker | { readonly op: "welcome" };

export interface SimProcessOptions {
  readonly registration: WorkerRegistration;
  readonly scheduler: SimScheduler;
  /** How probable it is that a bundle does not come. */
  readonly codeFailures: () => number;
  readonly slowness: number;
  readonly disk: SimDisk;
  /** It ended: by the core's decision, or by a crash. */
  readonly onEnd: (end: WorkerEnd | "crash") => void;
}

/** One life of a worker: the real core in a shell that does what the real one does, with everything around it simulated. */
export class SimProcess implements PeerServer {
  readonly name: string;
  readonly core: WorkerCore;
  readonly slots: SimSlots;
  alive: boolean = true;
  frozen: boolean = false;
  alwaysBusy: boolean = false;
  slowness: number;
  readonly store: SimStore;
  /** Whether the scheduler has welcomed it, and it has not lost the scheduler since. */
  connected: boolean = false;
  link: LinkEnd<WorkerToScheduler, Welcomed> | undefined;
  readonly #around: Surroundings;
  readonly #options: SimProcessOptions;
  readonly #inbox: (() => void)[] = [];
  readonly #events: WorkerEvent[] = [];
  #handling = false;
  /** What goes with the next that is to be told soon. */
  readonly #unsent: WorkerToScheduler[] = [];
  #pressedBytes = 0;
  /** By job: gives back the inputs that it was lent. */
  readonly #loans: Map<number, () => void> = new Map();
  /** Jobs whose inputs are being read from disk: no slot knows of them yet. */
  readonly #unstarted: Map<number, Execution> = new Map();
  readonly #deathListeners: Set<() => void> = new Set();
  #wake: Undo = () => {};
  #wasConnected = false;

  constructor(around: Surroundings, options: SimProcessOptions) {
    const { name, slots, resources } = options.registration;
    this.#around = around;
    this.#options = options;
    this.name = name;
    this.slowness = options.slowness;
    const { workerReconnectMs, canTakeBack } = around.swarm;
    this.core = new WorkerCore({ slots, resources, reconnectMs: workerReconnectMs, canTakeBack });
    this.store = new SimStore(around, {
      disk: options.disk,
      receive: (action) => this.receive(action),
      onUnreadable: (task) => this.handle({ kind: "unreadable", tasks: [task] }),
    });
    const process = this;
    this.slots = new SimSlots(around, {
      name,
      instance: options.registration.instance ?? name,
      slots,
      resources,
      get slowness() {
        return process.slowness;
      },
      get slotsKept() {
        return process.#slotsKept;
      },
      scheduler: options.scheduler,
      receive: (action) => this.receive(action),
      tell: (event) => this.receive(() => this.handle(event)),
      crash: () => this.crash(false),
    });
    around.peers.listen(options.registration.address, this);
    this.#dial();
  }

  receive(action: () => void): void {
    if (!this.alive) return;
    if (this.frozen) this.#inbox.push(action);
    else action();
  }

  /** As SIGSTOP does: nothing is handled, and nothing is lost. */
  freeze(): void {
    this.frozen = true;
  }

  thaw(): void {
    this.frozen = false;
    while (this.#inbox.length > 0 && this.alive && !this.frozen) this.#inbox.shift()?.();
  }

  /** The process ends without a word; with `silently`, not even the system tells the other ends of its sockets. */
  crash(silently: boolean): void {
    if (!this.alive) return;
    this.#around.record.note(this.name, silently ? "is cut off from power" : "crashes");
    this.#die("its process ended", silently);
    this.#options.onEnd("crash");
  }

  /** The connection to the scheduler breaks; the process lives on. */
  loseScheduler(first: "worker" | "scheduler"): void {
    const { link } = this;
    if (first === "scheduler") link?.peer.lose("the connection broke");
    else this.receive(() => link?.lose("the connection broke"));
  }

  /** Its memory is nearly full, and it holds this many bytes too much; 0: there is room again. */
  press(bytes: number): void {
    if (bytes === this.#pressedBytes) return;
    this.#pressedBytes = bytes;
    this.receive(() => {
      this.handle({ kind: "memory", paused: bytes > 0 });
      this.store.press(bytes);
    });
  }

  /** Events that an effect causes at once wait until the effects before them are carried out. */
  handle(event: WorkerEvent): void {
    this.#events.push(event);
    if (this.#handling) return;
    this.#handling = true;
    for (let next = this.#events.shift(); next !== undefined && this.alive; next = this.#events.shift()) {
      if ("job" in next && isEnd(next)) this.#release(next.job);
      this.#handle(next.kind === "slot-stalled" ? { ...next, behind: this.#takeBack(next.behind) } : next);
    }
    this.#events.length = 0;
    this.#handling = false;
  }

  #handle(event: WorkerEvent): void {
    const { time, guard } = this.#around;
    const effects = guard(`worker ${this.name}`, () => this.core.handle(event, time.nowMs));
    const frame: WorkerToScheduler[] = [];
    let job = 0;
    let end: { readonly end: WorkerEnd; readonly reason: string } | undefined;
    for (const effect of effects) {
      if (effect.kind === "send") {
        if (effect.message.op === "started") this.slots.numbered(job, effect.message.task);
        this.#unsent.push(effect.message);
        if (effect.mayWait !== true) frame.push(...this.#unsent.splice(0));
        else if (this.#unsent.length === 1) time.schedule(waitMsMax, () => this.receive(() => this.#sendWaiting()));
      } else if (effect.kind === "end-process") end = effect;
      else {
        if (effect.kind === "execute") job = effect.job;
        this.#perform(effect);
      }
    }
    if (this.connected && frame.length > 0) this.link?.send(frame);
    if (end !== undefined) return this.#end(end);
    if (this.#around.due()) guard(`worker ${this.name}`, () => this.core.checkInvariants());
    this.#wake();
    const wakeMs = this.core.nextWakeupMs();
    if (wakeMs !== undefined)
      this.#wake = time.schedule(wakeMs - time.nowMs, () => this.receive(() => this.handle({ kind: "wake" })));
  }

  read(task: TaskId, onValue: (value: EncodedValue | undefined) => void): void {
    this.store.read(task, onValue);
  }

  put(task: TaskId, value: EncodedValue): void {
    this.handle({ kind: "put", task, value, bytes: resultBytesOf(value) });
  }

  onDeath(listener: () => void): () => void {
    this.#deathListeners.add(listener);
    return () => this.#deathListeners.delete(listener);
  }

  #perform(effect: Exclude<WorkerEffect, { kind: "send" | "end-process" }>): void {
    const { time, peers, dice, network } = this.#around;
    switch (effect.kind) {
      case "execute":
        return this.#execute(effect);
      case "cancel-execution":
        if (this.#unstarted.delete(effect.job)) return this.handle({ kind: "slot-cancelled", job: effect.job });
        return this.slots.cancel(effect.job, effect.force);
      case "store":
        return this.store.put(effect.task, effect.value);
      case "drop":
        return this.store.drop(effect.tasks);
      case "load-code": {
        const { load } = effect;
        const error = { code: "CODE_FAILED", message: "the bundle did not come", retryable: true } as const;
        const failed = network.random && dice.chance(this.#options.codeFailures());
        if (failed) this.#around.watch.codeFailures++;
        const answer: WorkerEvent = failed
          ? { kind: "code-failed", load, error }
          : { kind: "code-ready", load, path: "code" };
        time.schedule(network.delayMs() * 2, () => this.receive(() => this.handle(answer)));
        return;
      }
      case "fetch": {
        const { fetch, address, tasks } = effect;
        this.#around.record.note(this.name, `asks ${address} for ${tasks.length} results`);
        return peers.get(this.name, address, tasks, (answer) =>
          this.receive(() => {
            if (answer.kind === "unreachable") return this.handle({ kind: "fetch-unreachable", fetch });
            if (answer.kind === "busy") return this.handle({ kind: "fetch-busy", fetch, retryMs: answer.retryMs });
            const values = new Map<TaskId, ArrivedValue>();
            for (const [task, value] of answer.values) values.set(task, { value, bytes: resultBytesOf(value) });
            this.handle({ kind: "fetched", fetch, values });
          }),
        );
      }
      case "log":
        return;
    }
  }

  #execute(execution: Execution): void {
    const { job, inputs } = execution;
    let late = false;
    const release = this.store.lend(inputs, (values) => {
      // Unless it was cancelled meanwhile.
      if (late && !this.#unstarted.delete(job)) return;
      const unready = values.some((value) => value === undefined);
      // What is not there although it need not be read is the core's fault, and the slots tell.
      if (late && unready) this.handle({ kind: "slot-unready", job });
      else this.slots.execute(execution, values);
      late = true;
    });
    this.#loans.set(job, release);
    if (late) return;
    late = true;
    this.#unstarted.set(job, execution);
  }

  get #slotsKept(): number {
    let kept = 0;
    for (const { brief, extra } of this.#unstarted.values()) if (brief !== true && !extra) kept++;
    return kept;
  }

  #takeBack(behind: readonly number[]): number[] {
    const reading = [...this.#unstarted.values()].filter(({ brief }) => brief === true).map(({ job }) => job);
    for (const job of reading) this.#unstarted.delete(job);
    const taken = [...behind, ...reading];
    for (const job of taken) this.#release(job);
    return taken;
  }

  #release(job: number): void {
    this.#loans.get(job)?.();
    this.#loans.delete(job);
  }

  /** Says hello to the scheduler, and goes on doing so until one answers. */
  #dial(): void {
    const { network, time, watch } = this.#around;
    const [mine, theirs] = connect<WorkerToScheduler, Welcomed>(network, this.name, "scheduler");
    this.link = mine;
    watch.owns(mine, this.slots);
    mine.listener = {
      onFrame: (frame) => this.receive(() => this.#received(mine, frame)),
      onEnd: (reason) => this.receive(() => this.#disconnected(mine, reason)),
    };
    time.schedule(network.delayMs(), () =>
      network.whenOpen(this.name, "scheduler", () => {
        if (mine.closed) return;
        this.#options.scheduler.acceptWorker(theirs, { ...this.#options.registration, resuming: this.#wasConnected });
      }),
    );
  }

  #received(link: LinkEnd<WorkerToScheduler, Welcomed>, frame: readonly Welcomed[]): void {
    if (this.link !== link) return;
    const messages: CoreMessage[] = [];
    for (const message of frame) {
      if (message.op === "welcome") this.#welcomed(link);
      else if (message.op !== "bundle" && message.op !== "profile") messages.push(message);
    }
    if (messages.length > 0) this.handle({ kind: "messages", messages });
  }

  #welcomed(link: LinkEnd<WorkerToScheduler, Welcomed>): void {
    this.connected = true;
    const resuming = this.#wasConnected;
    this.#wasConnected = true;
    this.handle({ kind: "connected", resuming });
    this.#beat(link);
  }

  #sendWaiting(): void {
    if (this.connected && this.#unsent.length > 0) this.link?.send(this.#unsent.splice(0));
  }

  #beat(link: LinkEnd<WorkerToScheduler, Welcomed>): void {
    if (!this.alive || this.link !== link || !this.connected) return;
    const beat = {
      op: "heartbeat",
      memoryBytes: 0,
      storedBytes: 0,
      cpuPercent: 0,
      eventLoopDelayMs: 0,
      sentBytes: 0,
      receivedBytes: 0,
    } as const;
    link.send([...this.#unsent.splice(0), beat]);
    this.#around.time.schedule(heartbeatMs(1), () => this.receive(() => this.#beat(link)));
  }

  #disconnected(link: LinkEnd<WorkerToScheduler, Welcomed>, reason: string): void {
    if (this.link !== link) return;
    const { time, dice, record, network } = this.#around;
    this.link = undefined;
    this.#unsent.length = 0;
    record.note(this.name, `lost the scheduler: ${reason}`);
    if (this.connected) {
      this.connected = false;
      this.handle({ kind: "disconnected" });
    }
    const pauseMs = network.random ? dice.between(0, 2_000) : 250;
    time.schedule(pauseMs, () => this.receive(() => this.#dial()));
  }

  #end({ end, reason }: { readonly end: WorkerEnd; readonly reason: string }): void {
    this.#around.record.note(this.name, `ends: ${reason}`);
    this.#die(reason, false);
    this.#options.onEnd(end);
  }

  #die(reason: string, silently: boolean): void {
    const { peers } = this.#around;
    const { address } = this.#options.registration;
    this.alive = false;
    this.#wake();
    this.slots.vanish(silently);
    this.#inbox.length = 0;
    this.link?.close(reason, silently);
    peers.stopListening(address, this, silently);
    if (!silently) for (const listener of [...this.#deathListeners]) listener();
    this.#deathListeners.clear();
  }
}

/** Nothing of the job runs any more. */
function isEnd({ kind }: WorkerEvent): boolean {
  return kind === "slot-done" || kind === "slot-failed" || kind === "slot-cancelled" || kind === "slot-unready";
}
