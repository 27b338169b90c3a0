import { type BriefNews, writeNews } from "../job-wire.ts";
import type { SlotChannel } from "./slot-channel.ts";

/** The host is told to look at so many results at the latest, while more jobs wait here. */
const unseenMax = 64;
/**
 * And this long after the first of them, as far as jobs end meanwhile: of one that takes long nobody here knows before its end,
 * and the host looks by itself. One that took this long is told of at once, for the next will most likely take as long.
 */
const unseenMs = 2;

type BriefDone = Extract<BriefNews, { readonly kind: "done" }>;

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
  tell(news: BriefDone, more: boolean, nowMs: number = performance.now()): void {
    if (!this.#write(news)) return this.#channel.send(news);
    if (this.#unseen === 0) this.#sinceMs = nowMs;
    this.#unseen++;
    const isLate = news.endMs - news.startMs >= unseenMs || nowMs - this.#sinceMs >= unseenMs;
    if (!more || isLate || this.#unseen >= unseenMax) this.flush();
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
