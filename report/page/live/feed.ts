import type { ClusterEvent } from "../../../protocol/record.ts";
import { read } from "./api.ts";
import { EventStore } from "./event-store.ts";
import type { Figures, LiveMessage } from "./messages.ts";

export type FeedState = "connecting" | "live" | "lost";

const retryMsMin = 500;
const retryMsMax = 10_000;
/** After so many sockets that never opened, something on the way does not let them through. */
const socketsMax = 2;
/** What had happened before is asked for in pieces, from the latest backwards not further than this. */
const pastEventsMax = 40_000;
const pieceMax = 5_000;

/** What the scheduler tells this page, for as long as the page is there. */
export class Feed {
  readonly events: EventStore = new EventStore();
  figures: Figures | undefined;
  state: FeedState = "connecting";
  readonly #listeners: Set<() => void> = new Set();
  #retryMs = retryMsMin;
  #failedSockets = 0;

  start(): void {
    this.#connect();
  }

  /** Called when there are new figures or events, or the connection is another. Returns what ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #connect(): void {
    if (this.#failedSockets < socketsMax) this.#openSocket();
    else this.#openStream();
  }

  #openSocket(): void {
    const address = new URL("api/v1/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.hash = "";
    const socket = new WebSocket(address);
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      this.#failedSockets = 0;
      this.#opened();
    });
    socket.addEventListener("message", ({ data }) => this.#take(String(data)));
    socket.addEventListener("close", () => {
      if (!opened) this.#failedSockets++;
      this.#lost();
    });
  }

  #openStream(): void {
    const stream = new EventSource("api/v1/live/events");
    stream.addEventListener("open", () => this.#opened());
    stream.addEventListener("message", ({ data }) => this.#take(String(data)));
    stream.addEventListener("error", () => {
      // It would try again by itself, but not after a refusal.
      stream.close();
      this.#lost();
    });
  }

  #opened(): void {
    this.#retryMs = retryMsMin;
    this.state = "live";
    void this.#readPast();
    this.#tell();
  }

  /** What comes meanwhile waits, so that all is in order and nothing is there twice but what came in the same instant. */
  async #readPast(): Promise<void> {
    this.events.clear();
    try {
      const { next: last } = await read<{ next: number }>("events?limit=1");
      for (let from = Math.max(0, last - pastEventsMax); from < last; ) {
        const limit = Math.min(pieceMax, last - from);
        const page = await read<{ events: ClusterEvent[]; next: number }>(`events?from=${from}&limit=${limit}`);
        this.events.add(page.events);
        if (page.next <= from) break;
        from = page.next;
      }
    } catch {
      // What happens from now on is told all the same.
    }
    this.#tell();
  }

  #lost(): void {
    this.state = "lost";
    this.#tell();
    setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(retryMsMax, this.#retryMs * 2);
    // If it is because the session is over, this leads to where one logs in.
    void read("cluster").catch(() => undefined);
  }

  #take(text: string): void {
    const message = JSON.parse(text) as LiveMessage;
    if (message.kind === "figures") this.figures = message;
    else this.events.add(message.events);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
