import type { Logger } from "../../protocol/logger.ts";
import { after } from "./kill-ladder.ts";
import type { SlotHost, SlotListener } from "./slot-host.ts";
import { Successor } from "./successor.ts";

/**
 * What part of its grace a task may take to obey its signal before a successor of its thread or process is started: most tasks
 * that obey do so at once, and those that do not keep the processors busy that the start needs.
 */
const waitShare = 1 / 4;

export interface SuccessionOptions {
  readonly launch: (listener: SlotListener) => SlotHost;
  /** What successors write before they are adopted. */
  readonly output: SlotListener["output"];
  readonly graceMs: number;
  readonly log: Logger;
}

/** Who comes after the thread or process of a slot: at most one at a time is prepared, and one that is not needed is ended. */
export class Succession {
  readonly #options: SuccessionOptions;
  #successor: Successor | undefined;
  #cancelWait: () => void = () => {};
  #abandoned: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: SuccessionOptions) {
    this.#options = options;
  }

  /** Whoever is there now may have to be replaced. */
  prepareSoon(): void {
    if (!this.#closed) this.#cancelWait = after(waitShare * this.#options.graceMs, () => this.prepare());
  }

  prepare(): void {
    this.#cancelWait();
    if (this.#successor !== undefined || this.#closed) return;
    const { launch, output, log } = this.#options;
    try {
      this.#successor = new Successor(launch, output);
    } catch (error) {
      log.debug({ err: error }, "nothing could be started ahead of need; it is tried again in time");
    }
  }

  /** Gives the successor that was prepared and lives; with it, whether it is ready. */
  take(heir: SlotListener): ReturnType<Successor["adopt"]> {
    this.#cancelWait();
    const successor = this.#successor;
    this.#successor = undefined;
    return successor?.adopt(heir);
  }

  /** Nobody is to be replaced after all. */
  drop(): void {
    this.#cancelWait();
    const gone = this.#successor?.abandon(this.#options.graceMs);
    this.#successor = undefined;
    if (gone !== undefined) this.#abandoned = Promise.all([this.#abandoned, gone]);
  }

  /** No successor is prepared from now on. Resolves once none that was not needed is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.drop();
    await this.#abandoned;
  }
}
