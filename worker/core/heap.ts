interface Entry<T> {
  readonly item: T;
  /** Where it stands. */
  place: number;
}

/** A binary heap that can give up any of its items, so that nothing dead stays in it. An item may be in it once. */
export class Heap<T extends object> {
  readonly #entries: Entry<T>[] = [];
  readonly #byItem: Map<T, Entry<T>> = new Map();
  readonly #compare: (a: T, b: T) => number;

  /** `compare` must be a total order; the least item comes out first. */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#entries.length;
  }

  has(item: T): boolean {
    return this.#byItem.has(item);
  }

  peek(): T | undefined {
    return this.#entries[0]?.item;
  }

  push(item: T): void {
    if (this.#byItem.has(item)) return;
    const entry = { item, place: this.#entries.length };
    this.#byItem.set(item, entry);
    this.#entries.push(entry);
    this.#rise(entry.place);
  }

  delete(item: T): boolean {
    const entry = this.#byItem.get(item);
    if (entry === undefined) return false;
    this.#byItem.delete(item);
    const last = this.#entries.pop() as Entry<T>;
    if (last !== entry) {
      this.#put(last, entry.place);
      this.#rise(last.place);
      this.#sink(last.place);
    }
    return true;
  }

  #put(entry: Entry<T>, place: number): void {
    this.#entries[place] = entry;
    entry.place = place;
  }

  #rise(from: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#swapIfLess(place, parent)) return;
      place = parent;
    }
  }

  #sink(from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const right = left + 1;
      if (left >= this.#entries.length) return;
      const child = right < this.#entries.length && this.#compare(this.#at(right), this.#at(left)) < 0 ? right : left;
      if (!this.#swapIfLess(child, place)) return;
      place = child;
    }
  }

  #swapIfLess(lower: number, upper: number): boolean {
    const below = this.#entries[lower] as Entry<T>;
    const above = this.#entries[upper] as Entry<T>;
    if (this.#compare(below.item, above.item) >= 0) return false;
    this.#put(below, upper);
    this.#put(above, lower);
    return true;
  }

  #at(place: number): T {
    return (this.#entries[place] as Entry<T>).item;
  }
}
