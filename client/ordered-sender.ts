interface Entry {
  ready: boolean;
  readonly send: () => void;
}

/** Sends in the order in which it was asked to, though some of it needs preparation first. */
export class OrderedSender {
  readonly #queue: Entry[] = [];

  /** `prepared` must not reject. */
  add(send: () => void, prepared?: Promise<void>): void {
    if (prepared === undefined && this.#queue.length === 0) {
      send();
      return;
    }
    const entry: Entry = { ready: prepared === undefined, send };
    this.#queue.push(entry);
    void prepared?.then(() => {
      entry.ready = true;
      this.#drain();
    });
  }

  #drain(): void {
    for (let head = this.#queue[0]; head?.ready; head = this.#queue[0]) {
      this.#queue.shift();
      head.send();
    }
  }
}
