import { ProfileTree } from "../../protocol/profile-tree.ts";
import type { ProfileFrame } from "../../protocol/record.ts";
import type { ProfileOrder } from "../executor/slot-job.ts";

/** Slots are asked this often: what a slot that is killed has not told by then is lost with it. */
const collectEveryMs = 5_000;
/** A slot whose code does not let it answer is waited for no longer than this. */
const answerMsMax = 1_000;
/** Of one message. */
const framesMax = 5_000;

export interface ProfilingOptions {
  /** Tells the slots, those that are started later too; answers how many will tell what they sampled. */
  readonly profile: (order: ProfileOrder) => number;
  /** `last`: nothing more will come. */
  readonly tell: (frames: readonly ProfileFrame[], last: boolean) => void;
}

/** Gathers what the slots of a worker sampled into one call tree, for as long as somebody wants it. */
export class Profiling {
  readonly #options: ProfilingOptions;
  #tree: ProfileTree = new ProfileTree();
  #on = false;
  #awaited = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ProfilingOptions) {
    this.#options = options;
  }

  turn(on: boolean): void {
    if (this.#on === on) {
      // Whoever asks for the end waits for the answer, also from one that had not begun.
      if (!on) this.#options.tell([], true);
      return;
    }
    this.#on = on;
    clearInterval(this.#timer);
    // Of those that did not answer the last time nothing more is expected.
    this.#awaited = this.#options.profile(on ? "start" : "stop");
    if (on) {
      this.#timer = setInterval(() => {
        this.#awaited = this.#options.profile("collect");
      }, collectEveryMs).unref();
    } else {
      this.#timer = setTimeout(() => this.#tell(), answerMsMax).unref();
      if (this.#awaited === 0) this.#tell();
    }
  }

  /** A slot answered. */
  told(frames: readonly ProfileFrame[]): void {
    this.#tree.add(frames);
    this.#awaited--;
    if (this.#awaited <= 0) this.#tell();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    this.#awaited = 0;
    if (!this.#on) clearTimeout(this.#timer);
    const frames = this.#tree.frames(framesMax);
    this.#tree = new ProfileTree();
    if (frames.length > 0 || !this.#on) this.#options.tell(frames, !this.#on);
  }
}
