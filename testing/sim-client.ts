import { type FnId, type FutureId, fnId, futureId } from "../protocol/ids.ts";
import type {
  ClientToScheduler,
  ScatterPlace,
  SchedulerToClient,
  TaskRequest,
  TaskSpec,
} from "../protocol/messages.ts";
import type { PeerAnswer } from "./peer-network.ts";
import { decodeDigest, encodeArgs, type Script } from "./script.ts";
import { SimFuture } from "./sim-future.ts";
import type { SimScheduler } from "./sim-scheduler.ts";
import { SimSession } from "./sim-session.ts";
import type { Surroundings } from "./surroundings.ts";
import type { SimSessionOptions } from "./swarm.ts";
import { objectionTo } from "./verdict.ts";

type Reply = SchedulerToClient & { readonly op: "reply" };

/** What a request is without its number. */
type Ask<Message> = Message extends { readonly request: number } ? Omit<Message, "request"> : never;

export interface SimClientOptions extends Partial<SimSessionOptions> {
  /** Where it is, as the network knows it. Default: a place of its own, called as the client is. */
  readonly place?: string;
  /** The key of the task whose code it serves. */
  readonly parent?: string;
  /** Runs it when the process that the client is in gets to it. Default: at once. */
  readonly receive?: (action: () => void) => void;
  /** A future changed, or its value came. */
  readonly onChange?: () => void;
  /** Its session ended; not called when that was the caller's own wish. */
  readonly onEnd?: () => void;
}

/** A client that speaks to the scheduler as the real one does, and checks everything that it is told. */
export class SimClient {
  readonly name: string;
  readonly futures: Map<FutureId, SimFuture> = new Map();
  /** Requests without an answer yet, and what they were. */
  readonly requests: Map<number, { readonly op: string; readonly onReply: (reply: Reply) => void }> = new Map();
  /** False once its session has ended; one whose connection is lost for the moment counts as connected. */
  connected: boolean = true;
  readonly detaches: boolean;
  /** Where it is, as the network knows it. */
  readonly place: string;
  readonly #around: Surroundings;
  readonly #options: SimClientOptions;
  readonly #session: SimSession;
  readonly #fns: Map<string, FnId> = new Map();
  readonly #submissions: Map<number, readonly SimFuture[]> = new Map();
  /** Requests that were open when the connection was back. */
  readonly #askedAgain: Set<number> = new Set();
  #eager = false;
  #wished = false;
  #refused = false;
  #lastFuture = 0;
  #lastRequest = 0;
  #lastSubmission = 0;

  constructor(around: Surroundings, scheduler: SimScheduler, name: string, options: SimClientOptions = {}) {
    this.name = name;
    this.#around = around;
    this.#options = options;
    this.place = options.place ?? name;
    this.detaches = options.detach ?? false;
    this.#session = new SimSession(around, scheduler, {
      name,
      place: this.place,
      reconnectMs: options.reconnectMs ?? 0,
      detach: this.detaches,
      receive: options.receive ?? ((action) => action()),
      onMessage: (message) => this.#received(message),
      onResumed: (kept) => this.#resumed(kept),
      onEnd: () => this.#gone(),
    });
  }

  /** Submits all at once; returns the futures of those that are wanted. Inputs must be among them or held already. */
  submit(
    scripts: readonly Script[],
    options: { readonly run?: string; readonly unwanted?: ReadonlySet<Script> } = {},
  ): SimFuture[] {
    const frame: ClientToScheduler[] = [];
    const requests: TaskRequest[] = [];
    const tasks: TaskSpec[] = [];
    const wanted: SimFuture[] = [];
    const ids = new Map<Script, FutureId>();
    for (const future of this.futures.values()) if (future.held) ids.set(future.script, future.id);
    for (const script of scripts) {
      const { fn, deps, key, retries, priority, resources, workers, allowOtherWorkers, timeoutMs } = script.options;
      const future = new SimFuture(futureId(++this.#lastFuture), script, this.name);
      const isWanted = options.unwanted?.has(script) !== true;
      requests.push({ retries, priority, resources, workers, allowOtherWorkers, timeoutMs });
      tasks.push({
        future: future.id,
        fn: this.#define(fn, frame),
        args: encodeArgs(script),
        deps: deps.map((dep) => ids.get(dep) as FutureId),
        request: requests.length - 1,
        wanted: isWanted,
        ...(key === undefined ? {} : { key }),
      });
      ids.set(script, future.id);
      if (!isWanted) continue;
      this.futures.set(future.id, future);
      wanted.push(future);
    }
    const submission = ++this.#lastSubmission;
    this.#submissions.set(submission, wanted);
    const run = options.run ?? this.name;
    const parent = this.#options.parent === undefined ? {} : { parent: this.#options.parent };
    this.#send([...frame, { op: "submit", submission, run, prefix: this.name, ...parent, requests, tasks }]);
    return wanted;
  }

  release(futures: readonly SimFuture[]): void {
    for (const future of futures) {
      future.state = { status: "released" };
      this.futures.delete(future.id);
    }
    this.#send([{ op: "release", futures: futures.map(({ id }) => id) }]);
  }

  cancel(futures: readonly SimFuture[], options: { readonly force?: boolean } = {}): void {
    this.#around.watch.cancels(
      this.name,
      futures.map(({ script }) => script),
    );
    const reason = `${this.name} said so, ${this.#lastRequest + 1}`;
    this.request({ op: "cancel", futures: futures.map(({ id }) => id), force: options.force ?? true, reason });
  }

  retry(futures: readonly SimFuture[]): void {
    this.request({ op: "retry", futures: futures.map(({ id }) => id) });
  }

  /** Puts values onto workers, then says where they lie. The futures are held from then on. */
  scatter(scripts: readonly Script[], options: { readonly broadcast?: boolean } = {}): void {
    const futures = scripts.map((script) => new SimFuture(futureId(++this.#lastFuture), script, this.name));
    const ask = {
      op: "scatter",
      futures: futures.map(({ id }) => id),
      bytes: scripts.map((script) => script.options.resultBytes),
      workers: [],
      broadcast: options.broadcast ?? false,
    } as const;
    this.request(ask, (reply) => {
      if (reply.error === undefined) this.#putAll(futures, reply.value as ScatterPlace[]);
    });
  }

  /** Asks anything that is answered by a reply. */
  request(ask: Ask<ClientToScheduler>, onReply: (reply: Reply) => void = () => {}): void {
    const request = ++this.#lastRequest;
    this.requests.set(request, { op: ask.op, onReply });
    this.#send([{ ...ask, request } as ClientToScheduler]);
  }

  runOnWorkers(script: Script): void {
    const frame: ClientToScheduler[] = [];
    const fn = this.#define(script.options.fn, frame);
    this.#send(frame);
    this.request({ op: "run-on-workers", fn, args: encodeArgs(script), workers: [] });
  }

  /** Fetches the value from a worker that is said to hold it, and checks it; tells the scheduler if it is not there. */
  fetch(future: SimFuture): void {
    const { state } = future;
    if (state.status !== "finished" || future.fetching || !this.connected) return;
    const { dice, network, peers, time } = this.#around;
    const address = network.random ? dice.pick(state.addresses) : (state.addresses[0] as string);
    future.fetching = true;
    peers.get(this.place, address, [state.task], (answer: PeerAnswer) =>
      this.#told(() => {
        future.fetching = false;
        if (!this.connected || !future.held) return;
        if (answer.kind === "busy") {
          time.schedule(answer.retryMs, () => this.#told(() => this.fetch(future)));
          return;
        }
        const value = answer.kind === "values" ? answer.values.get(state.task) : undefined;
        if (value !== undefined) {
          if (decodeDigest(value) !== future.script.digest)
            this.#around.violated("correctness", `${this.#nameOf(future)} has a wrong value`, future.key);
          future.verified = true;
          this.#options.onChange?.();
        } else if (future.state === state) this.#send([{ op: "missing", future: future.id, address }]);
        else if (this.#eager) this.fetch(future);
      }),
    );
  }

  /** Its connection breaks. One end learns of it now, the other when it arrives there. */
  loseConnection(first: "client" | "scheduler"): void {
    this.#session.lose(first);
  }

  /** Says nothing more and hears nothing more. */
  disconnect(how: "goodbye" | "closed" | "silent" = "closed"): void {
    this.#wished = true;
    this.#session.end(how);
  }

  /** What keeps it from being done: futures without an end or a checked value, requests without an answer. */
  unfinished(): string[] {
    const open: string[] = [];
    for (const future of this.futures.values()) {
      if (future.status === "pending") open.push(`${this.#nameOf(future)} is pending`);
      if (future.status === "finished" && !future.verified)
        open.push(`the value of ${this.#nameOf(future)} was never fetched`);
    }
    for (const [request, { op }] of this.requests)
      open.push(`request ${request} (${op}) of ${this.name} has no answer`);
    return open;
  }

  #gone(): void {
    this.connected = false;
    for (const future of this.futures.values()) future.state = { status: "released" };
    this.futures.clear();
    this.requests.clear();
    if (!this.#wished) this.#options.onEnd?.();
  }

  /** Futures that were dropped meanwhile, or whose release was lost with the connection. */
  #resumed(kept: readonly FutureId[]): void {
    for (const request of this.requests.keys()) this.#askedAgain.add(request);
    const dropped = kept.filter((future) => !this.futures.has(future));
    if (dropped.length > 0) this.#send([{ op: "release", futures: dropped }]);
  }

  #told(action: () => void): void {
    if (this.#options.receive === undefined) action();
    else this.#options.receive(action);
  }

  #received(message: Exclude<SchedulerToClient, { op: "session" }>): void {
    switch (message.op) {
      case "accepted":
        this.#submissions.delete(message.submission);
        return;
      case "rejected": {
        // What builds upon a refused submission is refused, too.
        if (message.error.code !== "KEY_CONFLICT" && !(this.#refused && message.error.code === "UNKNOWN_FUTURE"))
          this.#around.violated("correctness", `a submission was refused: ${message.error.message}`);
        this.#refused = true;
        for (const future of this.#submissions.get(message.submission) ?? []) {
          future.state = { status: "rejected" };
          this.futures.delete(future.id);
        }
        this.#submissions.delete(message.submission);
        this.#options.onChange?.();
        return;
      }
      case "reply": {
        const { onReply } = this.requests.get(message.request) ?? {};
        if (onReply === undefined) {
          // The answer to the first asking crossed the second asking.
          if (this.#askedAgain.delete(message.request)) return;
          this.#around.violated("correctness", `request ${message.request} of ${this.name} was answered twice`);
          return;
        }
        this.requests.delete(message.request);
        return onReply(message);
      }
      case "closing":
        // Told only by a scheduler that is closed.
        return this.#around.violated("correctness", `${this.name} was told "${message.op}"`);
      default:
        return this.#news(message);
    }
  }

  #news(message: Exclude<SchedulerToClient, { op: "accepted" | "rejected" | "reply" | "session" | "closing" }>): void {
    const future = this.futures.get(message.future);
    // Released, while this was on its way.
    if (future === undefined) return;
    if (message.op === "pending") {
      future.state = { status: "pending" };
      return;
    }
    if (message.op === "finished") {
      future.state = { status: "finished", task: message.task, addresses: message.addresses };
      if (message.addresses.length === 0)
        this.#around.violated("correctness", `${this.#nameOf(future)} is finished and lies nowhere`);
      // Whoever waits for a value asks again when it has moved.
      if (this.#eager) this.fetch(future);
      return;
    }
    future.state = { status: message.op, error: message.error };
    const objection = objectionTo(message.error, future.script, this.name, this.#around);
    if (objection !== undefined)
      this.#around.violated("correctness", `${this.#nameOf(future)} ended as ${message.op}: ${objection}`, future.key);
    this.#options.onChange?.();
  }

  /** From now on every value is fetched as soon as it is there. */
  fetchAll(): void {
    this.#eager = true;
    for (const future of this.futures.values()) if (!future.verified) this.fetch(future);
  }

  #putAll(futures: readonly SimFuture[], places: readonly ScatterPlace[]): void {
    const taken: string[][] = futures.map(() => []);
    let waiting = 1;
    const answered = (): void => {
      waiting--;
      if (waiting > 0 || !this.connected) return;
      for (const future of futures) this.futures.set(future.id, future);
      this.request({ op: "scattered", futures: futures.map(({ id }) => id), addresses: taken });
    };
    places.forEach(({ task, addresses }, index) => {
      const value = (futures[index] as SimFuture).script.value;
      for (const address of addresses) {
        waiting++;
        this.#around.peers.put(this.place, address, task, value, (ok) => {
          if (ok) taken[index]?.push(address);
          answered();
        });
      }
    });
    answered();
  }

  #define(name: string, frame: ClientToScheduler[]): FnId {
    let fn = this.#fns.get(name);
    if (fn === undefined) {
      fn = fnId(this.#fns.size + 1);
      this.#fns.set(name, fn);
      // Names that begin with "own" stand for tasks whose code every worker has.
      const bundle = name.startsWith("own") ? "muster" : `bundle of ${name}`;
      frame.push({ op: "define-fn", fn, ref: { bundle, name, entry: "call" } });
    }
    return fn;
  }

  #send(frame: readonly ClientToScheduler[]): void {
    this.#session.send(frame);
  }

  #nameOf({ id, key, script }: SimFuture): string {
    return `future ${id} of ${this.name} (script ${script.id}, key ${key})`;
  }
}
