/** The oldest rows go in pieces of this part of all, so that one that comes costs no moving. */
const pieces = 16;

/** The last rows of a table, up to a number of them, column by column. */
export class Rolling<Num extends string, Text extends string = never> {
  /** Longer than there are rows. */
  readonly #numbers: Record<Num, Float64Array>;
  readonly #texts: Record<Text, string[]>;
  readonly #numberNames: readonly Num[];
  readonly #textNames: readonly Text[];
  readonly #rowsMax: number;
  #capacity: number;
  count = 0;
  /** How many rows are gone. */
  dropped = 0;

  constructor(rowsMax: number, numbers: readonly Num[], texts: readonly Text[] = []) {
    this.#rowsMax = Math.max(1, rowsMax);
    this.#capacity = Math.min(1_024, this.#rowsMax);
    this.#numberNames = numbers;
    this.#textNames = texts;
    const capacity = this.#capacity;
    this.#numbers = Object.fromEntries(numbers.map((name) => [name, new Float64Array(capacity)])) as Record<
      Num,
      Float64Array
    >;
    this.#texts = Object.fromEntries(texts.map((name) => [name, []])) as unknown as Record<Text, string[]>;
  }

  add(numbers: Readonly<Record<Num, number>>, texts: Readonly<Record<Text, string>>): void {
    if (this.count === this.#rowsMax) this.#drop(Math.ceil(this.#rowsMax / pieces));
    if (this.count === this.#capacity) this.#grow();
    for (const name of this.#numberNames) this.#numbers[name][this.count] = numbers[name];
    for (const name of this.#textNames) this.#texts[name].push(texts[name]);
    this.count++;
  }

  /** A view: what is added later may change it. */
  column(name: Num): Float64Array {
    return this.#numbers[name].subarray(0, this.count);
  }

  /** A view, likewise. */
  texts(name: Text): readonly string[] {
    return this.#texts[name];
  }

  /** The first rows go. */
  #drop(rows: number): void {
    for (const name of this.#numberNames) this.#numbers[name].copyWithin(0, rows, this.count);
    for (const name of this.#textNames) this.#texts[name].splice(0, rows);
    this.count -= rows;
    this.dropped += rows;
  }

  #grow(): void {
    this.#capacity = Math.min(this.#capacity * 2, this.#rowsMax);
    for (const name of this.#numberNames) {
      const larger = new Float64Array(this.#capacity);
      larger.set(this.#numbers[name]);
      this.#numbers[name] = larger;
    }
  }
}
