interface Entry {
  ready: boolean;
  readonly send: () => Promise<void> | undefined;
}

/** Sends in the order in which it was asked to, though some of it needs preparation first, and some takes a while to send. */
export class OrderedSender {
  readonly #queue: Entry[] = [];
  #sending = false;

  /** Whether everything was sent. */
  get idle(): boolean {
    return !this.#sending && this.#queue.length === 0;
  }

  /** `send` answers with a promise if there is more of it to come. Neither that nor `prepared` may reject. */
  add(send: () => Promise<void> | undefined, prepared?: Promise<void>): void {
    const entry: Entry = { ready: prepared === undefined, send };
    this.#queue.push(entry);
    if (prepared === undefined) return this.#drain();
    void prepared.then(() => {
      entry.ready = true;
      this.#drain();
    });
  }

  #drain(): void {
    for (let head = this.#queue[0]; head?.ready && !this.#sending; head = this.#queue[0]) {
      this.#queue.shift();
      const rest = head.send();
      if (rest === undefined) continue;
      this.#sending = true;
      void rest.then(() => {
        this.#sending = false;
        this.#drain();
      });
    }
  }
}
