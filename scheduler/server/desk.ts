import { ClusterError } from "../../protocol/errors.ts";
import type { SchedulerEvent } from "../core/events.ts";
import type { Answers, Question } from "../core/questions.ts";

interface Asked {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** Hands questions of the HTTP side to the core, and the answers back. */
export class Desk {
  readonly #dispatch: (events: readonly SchedulerEvent[]) => void;
  readonly #asked: Map<number, Asked> = new Map();
  #last = 0;
  #closed = false;

  constructor(dispatch: (events: readonly SchedulerEvent[]) => void) {
    this.#dispatch = dispatch;
  }

  /** @throws ClusterError CLOSED */
  ask<Q extends Question>(question: Q): Promise<Answers[Q["kind"]]> {
    if (this.#closed) return Promise.reject(closed());
    this.#last += 1;
    const ask = this.#last;
    return new Promise((resolve, reject) => {
      this.#asked.set(ask, { resolve, reject });
      this.#dispatch([{ kind: "ask", ask, question }]);
    });
  }

  answered(ask: number, value: Answers[Question["kind"]]): void {
    this.#asked.get(ask)?.resolve(value as never);
    this.#asked.delete(ask);
  }

  /** The core answers nothing any more. */
  close(): void {
    this.#closed = true;
    for (const { reject } of this.#asked.values()) reject(closed());
    this.#asked.clear();
  }
}

const closed = (): ClusterError => new ClusterError("CLOSED", "the scheduler is closing: ask the one that comes next");
