import { Unconfirmed } from "../client/unconfirmed.ts";
import type { FutureId } from "../protocol/ids.ts";
import type { ClientToScheduler, SchedulerToClient } from "../protocol/messages.ts";
import { connect, type LinkEnd } from "./link.ts";
import type { SimScheduler } from "./sim-scheduler.ts";
import type { Surroundings } from "./surroundings.ts";
import type { SimSessionOptions } from "./swarm.ts";
import type { Undo } from "./virtual-time.ts";

/** As the real session waits before it dials again. */
const pauseMs = 100;
/** When the scheduler's system notices that a machine without power says nothing any more. */
const silenceMs = 60_000;

type Wire = LinkEnd<ClientToScheduler, SchedulerToClient>;

export interface SimSessionHost extends SimSessionOptions {
  readonly name: string;
  /** Where it is, as the network knows it. */
  readonly place: string;
  /** Runs it when the process that the client is in gets to it. */
  readonly receive: (action: () => void) => void;
  readonly onMessage: (message: Exclude<SchedulerToClient, { op: "session" }>) => void;
  readonly onResumed: (futures: readonly FutureId[]) => void;
  /** Nothing more can be sent or will come. */
  readonly onEnd: () => void;
}

/** A client's conversation with the scheduler: lost, taken up again, and ended as the real client's is. */
export class SimSession {
  readonly #around: Surroundings;
  readonly #scheduler: SimScheduler;
  readonly #host: SimSessionHost;
  readonly #unconfirmed: Unconfirmed = new Unconfirmed();
  /** Undefined while it is lost. */
  #link: Wire | undefined;
  /** Set from the loss of the connection until the scheduler has taken the conversation up again. */
  #outage: { readonly end: Undo } | undefined;
  #ended = false;

  constructor(around: Surroundings, scheduler: SimScheduler, host: SimSessionHost) {
    this.#around = around;
    this.#scheduler = scheduler;
    this.#host = host;
    this.#scheduler.acceptClient(this.#open(), this.#hello(false));
  }

  send(frame: readonly ClientToScheduler[]): void {
    if (this.#ended) return;
    for (const message of frame) this.#unconfirmed.add(message);
    if (this.#outage === undefined) this.#link?.send(frame);
  }

  /** The connection breaks; one end learns of it now, the other when it arrives there. */
  lose(first: "client" | "scheduler"): void {
    const link = this.#link;
    if (first === "scheduler") link?.peer.lose("the connection broke");
    else this.#host.receive(() => link?.lose("the connection broke"));
  }

  /** Ends for good: with a word ("goodbye"), without ("closed"), or with its machine ("silent"). */
  end(how: "goodbye" | "closed" | "silent"): void {
    if (this.#ended) return;
    const link = this.#link;
    if (how === "goodbye" && this.#outage === undefined)
      link?.send([{ op: "goodbye", reason: "the client was closed" }]);
    this.#finish();
    link?.close("the client went away", how === "silent");
    if (how === "silent") this.#around.time.schedule(silenceMs, () => link?.peer.lose("it was silent for too long"));
  }

  #hello(resuming: boolean): Parameters<SimScheduler["acceptClient"]>[1] {
    const { name, reconnectMs, detach } = this.#host;
    // For one that would not come back nobody is to wait.
    return { name, session: reconnectMs > 0 || detach ? { id: name, resuming, detach } : undefined };
  }

  /** Returns the scheduler's end. */
  #open(): LinkEnd<SchedulerToClient, ClientToScheduler> {
    const { network } = this.#around;
    const { place, receive } = this.#host;
    const [mine, theirs] = connect<ClientToScheduler, SchedulerToClient>(network, place, "scheduler");
    this.#link = mine;
    mine.listener = {
      onFrame: (frame) =>
        receive(() => {
          for (const message of frame) this.#take(mine, message);
        }),
      onEnd: () => receive(() => this.#lost(mine)),
    };
    return theirs;
  }

  #take(link: Wire, message: SchedulerToClient): void {
    if (this.#link !== link || this.#ended) return;
    this.#unconfirmed.answered(message);
    if (message.op === "session") this.#resumed(link, message.kept, message.futures);
    else this.#host.onMessage(message);
  }

  #resumed(link: Wire, kept: boolean, futures: readonly FutureId[]): void {
    this.#around.watch.count(kept ? "clients taken back" : "clients that came back too late");
    if (!kept) return this.#giveUp();
    link.send(this.#unconfirmed.all());
    this.#outage?.end();
    this.#outage = undefined;
    this.#host.onResumed(futures);
  }

  #lost(link: Wire): void {
    if (this.#link !== link || this.#ended) return;
    const { time, record } = this.#around;
    this.#link = undefined;
    record.note(this.#host.name, "lost the scheduler");
    if (this.#host.reconnectMs === 0) return this.#giveUp();
    this.#outage ??= { end: time.schedule(this.#host.reconnectMs, () => this.#giveUp()) };
    time.schedule(pauseMs, () => this.#host.receive(() => this.#dial()));
  }

  #dial(): void {
    if (this.#ended || this.#link !== undefined) return;
    const { network, time } = this.#around;
    const theirs = this.#open();
    const mine = this.#link;
    time.schedule(network.delayMs(), () =>
      network.whenOpen(this.#host.place, "scheduler", () => {
        if (mine === this.#link && !theirs.closed) this.#scheduler.acceptClient(theirs, this.#hello(true));
      }),
    );
  }

  #giveUp(): void {
    if (this.#ended) return;
    const link = this.#link;
    this.#finish();
    link?.close("the client gave up");
  }

  #finish(): void {
    this.#ended = true;
    this.#link = undefined;
    this.#outage?.end();
    this.#host.onEnd();
  }
}
