import { type BriefNews, writeNews } from "../job-wire.ts";
import type { SlotChannel } from "./slot-channel.ts";

/** The host is told to look at so many results at the latest, while more jobs wait here. */
const unseenMax = 64;
/** And this long after the first of them. */
const unseenMs = 2;

/**
 * Tells of brief jobs through the lane, where the host finds what is told even if this thread ends or hangs next. To wake the
 * host takes as long as many a brief job, so it is done once for several.
 */
export class BriefReports {
  readonly #channel: SlotChannel;
  #unseen = 0;
  #sinceMs = 0;

  constructor(channel: SlotChannel) {
    this.#channel = channel;
  }

  /** The host finds it when it looks next. */
  note(news: BriefNews): void {
    if (!this.#write(news)) this.#channel.send(news);
  }

  /** `more`: other jobs wait here, so that the host need not look at once. */
  tell(news: BriefNews, more: boolean): void {
    if (!this.#write(news)) return this.#channel.send(news);
    const nowMs = performance.now();
    if (this.#unseen === 0) this.#sinceMs = nowMs;
    this.#unseen++;
    if (!more || this.#unseen >= unseenMax || nowMs - this.#sinceMs >= unseenMs) this.flush();
  }

  /** The host looks at what it was not told to look at yet. */
  flush(): void {
    if (this.#unseen === 0) return;
    this.#unseen = 0;
    this.#channel.look?.();
  }

  #write(news: BriefNews): boolean {
    const record = this.#channel.lane === undefined ? undefined : writeNews(news);
    return record !== undefined && this.#channel.lane?.write(record) === true;
  }
}
