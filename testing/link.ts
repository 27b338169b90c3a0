import type { Network } from "./network.ts";

/** What one end of a connection is told. Neither is called after `onEnd`. */
export interface LinkListener<Message> {
  readonly onFrame: (frame: readonly Message[]) => void;
  readonly onEnd: (reason: string) => void;
}

type Parcel<Message> = { readonly frame: readonly Message[] } | { readonly end: string };

/**
 * One end of a simulated connection. Like a TCP connection: what arrives is a prefix of what was sent, in order; the ends
 * learn of its end at different times; a partition holds frames up and hides the end, and loses nothing by itself.
 */
export class LinkEnd<Outgoing, Incoming> {
  readonly name: string;
  listener: LinkListener<Incoming> | undefined;
  closed: boolean = false;
  peer!: LinkEnd<Incoming, Outgoing>;
  readonly #network: Network;
  /** No parcel overtakes the one before it. */
  #lastArrivalMs = 0;
  /** Parcels that came to a cut, in order. */
  readonly #held: Parcel<Outgoing>[] = [];

  constructor(network: Network, name: string) {
    this.#network = network;
    this.name = name;
  }

  send(frame: readonly Outgoing[]): void {
    if (this.closed || frame.length === 0) return;
    this.#post({ frame });
  }

  /** Ends this end now; the peer gets what was sent before, then the end. With `silently` it is never told. */
  close(reason: string, silently: boolean = false): void {
    if (this.closed) return;
    this.closed = true;
    if (!silently) this.#post({ end: reason });
  }

  /** This end learns that the connection is gone; what was sent and has not arrived may still do so. */
  lose(reason: string): void {
    if (this.closed) return;
    this.close(reason);
    this.listener?.onEnd(reason);
  }

  #post(parcel: Parcel<Outgoing>): void {
    const { time } = this.#network;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, time.nowMs + this.#network.delayMs());
    time.scheduleAt(this.#lastArrivalMs, () => {
      if (this.#held.length === 0 && !this.#network.cut(this.name, this.peer.name)) return this.#deliver(parcel);
      this.#held.push(parcel);
      if (this.#held.length === 1) this.#waitForHealing();
    });
  }

  #waitForHealing(): void {
    this.#network.whenOpen(this.name, this.peer.name, () => {
      this.#network.time.schedule(this.#network.delayMs(), () => {
        if (this.#network.cut(this.name, this.peer.name)) return this.#waitForHealing();
        for (const parcel of this.#held.splice(0)) this.#deliver(parcel);
      });
    });
  }

  #deliver(parcel: Parcel<Outgoing>): void {
    const { peer } = this;
    if (peer.closed) return;
    if ("frame" in parcel) return peer.listener?.onFrame(parcel.frame);
    peer.closed = true;
    peer.listener?.onEnd(parcel.end);
  }
}

/** A connection between `a` and `b`, in that order. */
export function connect<AtoB, BtoA>(
  network: Network,
  a: string,
  b: string,
): [LinkEnd<AtoB, BtoA>, LinkEnd<BtoA, AtoB>] {
  const endA = new LinkEnd<AtoB, BtoA>(network, a);
  const endB = new LinkEnd<BtoA, AtoB>(network, b);
  endA.peer = endB;
  endB.peer = endA;
  return [endA, endB];
}
