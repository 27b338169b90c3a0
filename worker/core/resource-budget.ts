/** Room for the rounding of sums such as 0.1 + 0.2. */
const tolerance = 1e-9;

export type Quantities = Readonly<Record<string, number>>;

/** What this worker offers and what running tasks consume of it. */
export class ResourceBudget {
  readonly total: Quantities;
  readonly #used: Map<string, number> = new Map();

  constructor(total: Quantities) {
    this.total = total;
  }

  fits(wanted: Quantities): boolean {
    return Object.entries(wanted).every(
      ([name, amount]) => this.used(name) + amount <= (this.total[name] ?? 0) + tolerance,
    );
  }

  take(wanted: Quantities): void {
    for (const [name, amount] of Object.entries(wanted)) this.#used.set(name, this.used(name) + amount);
  }

  giveBack(taken: Quantities): void {
    for (const [name, amount] of Object.entries(taken)) {
      const rest = this.used(name) - amount;
      // Zero is made exact here, so that rounding never adds up over a long life.
      if (rest <= tolerance) this.#used.delete(name);
      else this.#used.set(name, rest);
    }
  }

  used(name: string): number {
    return this.#used.get(name) ?? 0;
  }

  names(): Iterable<string> {
    return this.#used.keys();
  }
}
