/** Numbers texts in the order in which they are first met. Past a number of them, all others count as one. */
export class Interner {
  readonly texts: string[] = [];
  readonly #numbers: Map<string, number> = new Map();
  readonly #max: number;
  readonly #rest: string;

  constructor(max: number, rest: string) {
    this.#max = max;
    this.#rest = rest;
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.texts.length >= this.#max && text !== this.#rest) return this.numberOf(this.#rest);
    const number = this.texts.length;
    this.texts.push(text);
    this.#numbers.set(text, number);
    return number;
  }
}
