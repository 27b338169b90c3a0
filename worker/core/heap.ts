/** A binary heap that can give up any of its items, so that nothing dead stays in it. An item may be in it once. */
export class Heap<T extends object> {
  readonly #items: T[] = [];
  readonly #places: Map<T, number> = new Map();
  readonly #compare: (a: T, b: T) => number;

  /** `compare` must be a total order; the least item comes out first. */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  has(item: T): boolean {
    return this.#places.has(item);
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    if (this.#places.has(item)) return;
    this.#put(item, this.#items.length);
    this.#rise(this.#items.length - 1);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.delete(first);
    return first;
  }

  delete(item: T): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    this.#places.delete(item);
    const last = this.#items.pop() as T;
    if (last !== item) {
      this.#put(last, place);
      this.#rise(place);
      this.#sink(place);
    }
    return true;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    yield* this.#items;
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    this.#places.set(item, place);
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
      if (left >= this.#items.length) return;
      const child = right < this.#items.length && this.#compare(this.#at(right), this.#at(left)) < 0 ? right : left;
      if (!this.#swapIfLess(child, place)) return;
      place = child;
    }
  }

  #swapIfLess(lower: number, upper: number): boolean {
    const below = this.#at(lower);
    const above = this.#at(upper);
    if (this.#compare(below, above) >= 0) return false;
    this.#put(below, upper);
    this.#put(above, lower);
    return true;
  }

  #at(place: number): T {
    return this.#items[place] as T;
  }
}
