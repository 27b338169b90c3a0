import { KillLadder } from "./kill-ladder.ts";
import type { SlotEnd, SlotHost, SlotListener } from "./slot-host.ts";

/**
 * A thread or process that is started while the one that it is to replace is still being ended, so that the slot need not
 * wait for the one after the other. It gets no job before it is adopted.
 */
export class Successor {
  readonly #host: SlotHost;
  readonly #output: SlotListener["output"];
  #heapLimitBytes: number | undefined;
  #end: SlotEnd | undefined;
  #heir: SlotListener | undefined;
  #abandoned: Promise<void> | undefined;

  /** Throws when nothing can be started. */
  constructor(launch: (listener: SlotListener) => SlotHost, output: SlotListener["output"]) {
    this.#output = output;
    this.#host = launch({
      message: (message) => {
        if (this.#heir !== undefined) this.#heir.message(message);
        else if (message.kind === "ready") this.#heapLimitBytes = message.heapLimitBytes;
      },
      output: (stream, line) => (this.#heir?.output ?? this.#output)(stream, line),
      ended: (end) => {
        this.#end = end;
        this.#heir?.ended(end);
      },
    });
  }

  /** From now on it tells this listener. Undefined: it has ended already, which was told to nobody. */
  adopt(heir: SlotListener): { readonly host: SlotHost; readonly heapLimitBytes: number | undefined } | undefined {
    if (this.#end !== undefined) return undefined;
    this.#heir = heir;
    return { host: this.#host, heapLimitBytes: this.#heapLimitBytes };
  }

  /** Ends it, for it is not needed. Resolves when it is gone, or nothing can end it. */
  abandon(graceMs: number): Promise<void> {
    this.#abandoned ??= new Promise((resolve) => {
      if (this.#end !== undefined) return resolve();
      const ladder = new KillLadder({ host: this.#host, graceMs, onEnding: () => {}, onStuck: resolve });
      const ended = (): void => {
        ladder.stop();
        resolve();
      };
      this.#heir = { message: () => {}, output: this.#output, ended };
      ladder.startWithEnd();
    });
    return this.#abandoned;
  }
}
