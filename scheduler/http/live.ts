import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { SchedulerToClient } from "../../protocol/messages.ts";
import type { ClusterEvent } from "../../protocol/record.ts";
import type { Desk } from "../server/desk.ts";
import type { Watches } from "../server/watches.ts";

/** How often those who look on are told; the figures only every second time. */
const tellMs = 500;
/** More events in one go are not worth drawing; how many were left out is said. */
const eventsMax = 1_000;
/** Who does not keep up with so much is not told more until it does. */
const bufferedBytesMax = 4 * 1024 * 1024;
/** Browsers have nothing to say. */
const heardBytesMax = 1_024;
const listenersMax = 100;
const textLengthMax = 500;

/** One browser page, however it is reached. */
export interface Listener {
  tell(text: string): void;
  /** What was told and has not left yet. */
  bufferedBytes(): number;
  close(): void;
}

/** Tells browser pages what happens and how the cluster stands. Whatever it costs is paid once, however many look on. */
export class Live {
  readonly #desk: Desk;
  readonly #watches: Watches;
  readonly #listeners: Set<Listener> = new Set();
  readonly #sockets: WebSocketServer = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: heardBytesMax,
  });
  readonly #watcher: { send(message: SchedulerToClient): void };
  #pending: ClusterEvent[] = [];
  #leftOut = 0;
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;

  constructor(desk: Desk, watches: Watches) {
    this.#desk = desk;
    this.#watches = watches;
    this.#watcher = {
      send: (message) => {
        if (message.op === "events") this.#take(message.events);
      },
    };
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (ws: WebSocket) => {
      const listener: Listener = {
        tell: (text) => ws.send(text),
        bufferedBytes: () => ws.bufferedAmount,
        close: () => ws.close(1001, "the scheduler is closing"),
      };
      ws.on("error", () => ws.terminate());
      ws.on("close", () => this.remove(listener));
      if (!this.add(listener)) ws.close(1013, "too many pages look on");
    });
  }

  /** False: too many look on already. */
  add(listener: Listener): boolean {
    if (this.#listeners.size >= listenersMax) return false;
    this.#listeners.add(listener);
    if (this.#timer === undefined) {
      this.#watches.begin(this.#watcher, 0, { kept: false, profile: false, informed: true });
      this.#turn = 0;
      this.#timer = setInterval(() => void this.#tell(), tellMs).unref();
    }
    // The newcomer has nothing on its page yet.
    void this.#tellFigures([listener]);
    return true;
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#pending = [];
    this.#watches.forget(this.#watcher);
  }

  close(): void {
    for (const listener of [...this.#listeners]) {
      listener.close();
      this.remove(listener);
    }
  }

  #take(events: readonly ClusterEvent[]): void {
    for (const event of events) {
      if (event.kind === "profile") continue;
      // Of what concerns the cluster as a whole there is little, and none of it may be missed.
      if (this.#pending.length < eventsMax || isRare(event)) this.#pending.push(event);
      else this.#leftOut++;
    }
  }

  async #tell(): Promise<void> {
    this.#turn++;
    if (this.#pending.length > 0) {
      const events = this.#pending.map(forPages);
      if (this.#leftOut > 0) events.push({ kind: "dropped", atMs: Date.now(), what: "events", count: this.#leftOut });
      this.#pending = [];
      this.#leftOut = 0;
      this.#broadcast(JSON.stringify({ kind: "events", events }), this.#listeners);
    }
    if (this.#turn % 2 === 0) await this.#tellFigures(this.#listeners);
  }

  async #tellFigures(to: Iterable<Listener>): Promise<void> {
    try {
      const [cluster, runs, groups] = await Promise.all([
        this.#desk.ask({ kind: "info" }),
        this.#desk.ask({ kind: "runs" }),
        this.#desk.ask({ kind: "groups", run: undefined }),
      ]);
      this.#broadcast(JSON.stringify({ kind: "figures", atMs: Date.now(), cluster, runs, groups }), to);
    } catch {
      // The scheduler is closing; the pages are hung up on.
    }
  }

  #broadcast(text: string, to: Iterable<Listener>): void {
    for (const listener of to) if (listener.bufferedBytes() < bufferedBytesMax) listener.tell(text);
  }
}

const isRare = ({ kind }: ClusterEvent): boolean => kind === "worker" || kind === "vitals" || kind === "scaling";

/** Without what no page shows; long texts are there for those who ask for the one. */
function forPages(event: ClusterEvent): ClusterEvent {
  if (event.kind === "attempt") return { ...event, deps: [], message: event.message.slice(0, textLengthMax) };
  if (event.kind === "task-end") return { ...event, message: event.message.slice(0, textLengthMax) };
  if (event.kind === "log") return { ...event, line: { ...event.line, text: event.line.text.slice(0, textLengthMax) } };
  return event;
}
