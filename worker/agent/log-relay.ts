import { cutLogText } from "../../protocol/log-limits.ts";
import type { WorkerToScheduler } from "../../protocol/messages.ts";
import type { WorkerLogLine } from "../../protocol/record.ts";
import { LogOutbox } from "./log-outbox.ts";
import { nowMs } from "./shell.ts";

/** How long a line may wait for others that go in the same message. */
const gatherMs = 100;

export interface LogRelayOptions {
  readonly send: (message: WorkerToScheduler) => void;
  /** Is never told, whoever wrote it. */
  readonly token: string;
}

/** Sends lines to the scheduler, several at once, and keeps them while it cannot be reached. */
export class LogRelay {
  readonly #options: LogRelayOptions;
  readonly #outbox: LogOutbox = new LogOutbox();
  #connected = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LogRelayOptions) {
    this.#options = options;
  }

  add(line: Omit<WorkerLogLine, "atMs">): void {
    const { token } = this.#options;
    const text = token !== "" && line.text.includes(token) ? line.text.replaceAll(token, "<token>") : line.text;
    const atMs = nowMs();
    this.#outbox.add({ ...line, atMs, text: cutLogText(text) }, atMs);
    this.#setTimer();
  }

  connected(is: boolean): void {
    this.#connected = is;
    this.#outbox.connected(is, nowMs());
    this.#setTimer();
  }

  /** Sends what there is, if it can be sent. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#connected) this.#send(true);
    this.#connected = false;
  }

  #send(end: boolean): void {
    const lines = this.#outbox.take(nowMs(), end);
    if (lines.length > 0) this.#options.send({ op: "log", lines });
  }

  #setTimer(): void {
    if (!this.#connected || this.#outbox.isEmpty) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (!this.#connected) return;
      this.#send(false);
      this.#setTimer();
    }, gatherMs);
  }
}
