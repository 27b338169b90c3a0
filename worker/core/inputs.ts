import type { TaskId } from "../../protocol/ids.ts";
import type { Input } from "../../protocol/messages.ts";
import type { Attempt } from "./attempt.ts";
import type { ArrivedValue } from "./events.ts";
import type { Outbox } from "./outbox.ts";
import { PeerQueue } from "./peer-queue.ts";
import { isOrphan, untriedHolders, type Want } from "./want.ts";

/** Requests to all peers together. */
export const maxFetches: number = 50;

interface Fetch {
  readonly peer: PeerQueue;
  readonly startMs: number;
  readonly wants: readonly Want[];
}

const nobody: readonly Attempt[] = [];

/** A value that came and is still wanted. */
export interface Arrival extends ArrivedValue {
  readonly task: TaskId;
}

/** Brings results from other workers here: which are wanted, by whom, from where, and what is on its way. */
export class Inputs {
  readonly wants: Map<TaskId, Want> = new Map();
  readonly fetches: Map<number, Fetch> = new Map();
  readonly peers: Map<string, PeerQueue> = new Map();
  readonly #outbox: Outbox;
  #fetchNumber = 0;
  #sequence = 0;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** For an attempt, or for the sake of a copy here. One that is made here comes by itself, and is asked of nobody. */
  want(input: Input, wantedBy: Attempt | "replicate", isMadeHere = false): void {
    let want = this.wants.get(input.task);
    const isNew = want === undefined;
    if (want === undefined) {
      want = {
        task: input.task,
        bytes: input.bytes,
        priority: wantedBy === "replicate" ? [Number.POSITIVE_INFINITY] : wantedBy.assignment.priority,
        sequence: this.#sequence++,
        holders: [],
        tried: [],
        dependents: [],
        replicate: false,
        state: { kind: "queued" },
      };
      this.wants.set(input.task, want);
    }
    if (wantedBy === "replicate") want.replicate = true;
    else if (!want.dependents.includes(wantedBy)) want.dependents.push(wantedBy);
    for (const address of input.addresses) addHolder(want, address);
    if (want.state.kind === "fetching") return;
    if (isNew && isMadeHere) want.state = { kind: "made-here" };
    else if (isNew) this.#queue(want);
    else if (want.state.kind === "queued" || untriedHolders(want).length > 0) this.#enqueue(want);
  }

  /** The attempt needs nothing any more. */
  forget(attempt: Attempt, inputs: Iterable<TaskId>): void {
    for (const task of inputs) {
      const want = this.wants.get(task);
      const index = want?.dependents.indexOf(attempt) ?? -1;
      if (want === undefined || index < 0) continue;
      want.dependents.splice(index, 1);
      this.#dropIfOrphan(want);
    }
  }

  /** What was to be made here is not: whoever waits for it needs somebody who holds it. */
  notMadeHere(task: TaskId): void {
    const want = this.wants.get(task);
    if (want?.state.kind === "made-here") this.#queue(want);
  }

  /** The scheduler wants no copy of it here; attempts that wait for it still do. */
  free(task: TaskId): void {
    const want = this.wants.get(task);
    if (want === undefined) return;
    want.replicate = false;
    this.#dropIfOrphan(want);
  }

  /** The value is here. Returns who waited for it. */
  satisfied(task: TaskId): Iterable<Attempt> {
    const want = this.wants.get(task);
    if (want === undefined) return nobody;
    // What is being fetched is queued nowhere.
    if (want.state.kind === "fetching") this.wants.delete(task);
    else this.#remove(want);
    return want.dependents;
  }

  /** The scheduler names holders afresh, so those that failed before are worth another try. */
  holders(task: TaskId, addresses: readonly string[]): void {
    const want = this.wants.get(task);
    if (want === undefined || addresses.length === 0) return;
    for (const address of addresses) {
      addHolder(want, address);
    }
    want.tried = want.tried.filter((address) => !addresses.includes(address));
    if (want.state.kind !== "fetching") this.#enqueue(want);
  }

  /** The answer to a fetch. Returns what came and is still wanted. */
  fetched(number: number, values: ReadonlyMap<TaskId, ArrivedValue>, nowMs: number): Arrival[] {
    const fetch = this.#ended(number);
    if (fetch === undefined) return [];
    fetch.peer.answered();
    this.#tellTransfer(fetch, values, nowMs);
    const arrivals: Arrival[] = [];
    for (const want of this.#stillFetching(fetch, number)) {
      const { task } = want;
      const arrived = values.get(task);
      if (isOrphan(want)) this.#remove(want);
      else if (arrived !== undefined) arrivals.push({ task, value: arrived.value, bytes: arrived.bytes });
      else {
        addTried(want, fetch.peer.address);
        this.#enqueue(want);
      }
    }
    return arrivals;
  }

  unreachable(number: number, nowMs: number): void {
    const fetch = this.#ended(number);
    if (fetch === undefined) return;
    const { peer } = fetch;
    peer.failed(nowMs);
    this.#outbox.push({
      kind: "log",
      level: "warn",
      fields: { address: peer.address },
      message: "a worker that holds inputs cannot be reached",
    });
    // What else was to be asked of it goes elsewhere at once instead of failing batch by batch.
    for (const want of [...this.#stillFetching(fetch, number), ...peer.queued]) {
      addTried(want, peer.address);
      this.#enqueue(want);
    }
  }

  /** A busy holder still holds it: others are asked meanwhile, and this one again after `retryMs`. */
  busy(number: number, retryMs: number, nowMs: number): void {
    const fetch = this.#ended(number);
    if (fetch === undefined) return;
    fetch.peer.busy(nowMs, retryMs);
    for (const want of this.#stillFetching(fetch, number)) this.#enqueue(want);
  }

  /** Sends the requests that may be sent now. */
  pump(nowMs: number): void {
    for (const peer of this.peers.values()) {
      while (this.fetches.size < maxFetches && peer.open(nowMs)) this.#fetch(peer, nowMs);
      if (peer.idle(nowMs)) this.peers.delete(peer.address);
    }
  }

  nextWakeupMs(nowMs: number): number | undefined {
    let next: number | undefined;
    for (const { queued, shutUntilMs } of this.peers.values()) {
      if (shutUntilMs <= nowMs || queued.size === 0) continue;
      if (next === undefined || shutUntilMs < next) next = shutUntilMs;
    }
    return next;
  }

  /**
   * The scheduler is back: what it was asked may not have reached it, nor its answer this worker. Those tried before are not
   * named, because they may have become reachable as it has. Copies for their own sake it asks for again itself.
   */
  askAgain(): void {
    for (const want of [...this.wants.values()]) {
      want.replicate = false;
      this.#dropIfOrphan(want);
      if (this.wants.get(want.task) !== want || want.state.kind !== "asked") continue;
      this.#outbox.send({ op: "unreachable-input", task: want.task, addresses: [] });
    }
  }

  clear(): void {
    this.wants.clear();
    this.fetches.clear();
    this.peers.clear();
  }

  #fetch(peer: PeerQueue, nowMs: number): void {
    const wants = peer.nextBatch();
    const fetch = ++this.#fetchNumber;
    for (const want of wants) {
      this.#unqueue(want);
      want.state = { kind: "fetching", fetch };
    }
    peer.inFlight++;
    this.fetches.set(fetch, { peer, startMs: nowMs, wants });
    this.#outbox.push({ kind: "fetch", fetch, address: peer.address, tasks: wants.map(({ task }) => task) });
  }

  /** What came counts, wanted or not: it says how fast it came. */
  #tellTransfer({ peer, startMs }: Fetch, values: ReadonlyMap<TaskId, ArrivedValue>, endMs: number): void {
    if (values.size === 0) return;
    let bytes = 0;
    for (const value of values.values()) bytes += value.bytes;
    const { address } = peer;
    this.#outbox.send({ op: "transferred", address, tasks: values.size, bytes, startMs, endMs });
  }

  #ended(number: number): Fetch | undefined {
    const fetch = this.fetches.get(number);
    this.fetches.delete(number);
    if (fetch !== undefined) fetch.peer.inFlight--;
    return fetch;
  }

  /** Without those that were satisfied another way meanwhile. */
  #stillFetching(fetch: Fetch, number: number): Want[] {
    return fetch.wants.filter(
      (want) => this.wants.get(want.task) === want && want.state.kind === "fetching" && want.state.fetch === number,
    );
  }

  /** Queues it anew, if anybody still wants it. */
  #enqueue(want: Want): void {
    this.#unqueue(want);
    if (isOrphan(want)) this.#remove(want);
    else this.#queue(want);
  }

  /** Queues it at every holder that may still give it up; with none left, the scheduler is asked. */
  #queue(want: Want): void {
    const addresses = untriedHolders(want);
    if (addresses.length === 0) {
      want.state = { kind: "asked" };
      this.#outbox.send({ op: "unreachable-input", task: want.task, addresses: want.tried });
      return;
    }
    want.state = { kind: "queued" };
    for (const address of addresses) this.#peer(address).add(want);
  }

  #unqueue(want: Want): void {
    for (const address of want.holders) this.peers.get(address)?.queued.delete(want);
  }

  /** One that is on its way stays, so that it is not fetched twice if it is wanted again; its arrival settles it. */
  #dropIfOrphan(want: Want): void {
    if (isOrphan(want) && want.state.kind !== "fetching") this.#remove(want);
  }

  #remove(want: Want): void {
    this.#unqueue(want);
    this.wants.delete(want.task);
  }

  #peer(address: string): PeerQueue {
    let peer = this.peers.get(address);
    if (peer === undefined) {
      peer = new PeerQueue(address);
      this.peers.set(address, peer);
    }
    return peer;
  }
}

function addHolder(want: Want, address: string): void {
  if (!want.holders.includes(address)) want.holders.push(address);
}

function addTried(want: Want, address: string): void {
  if (!want.tried.includes(address)) want.tried = [...want.tried, address];
}
