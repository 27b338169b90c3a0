/** Counts transfers under way, so that a worker that many want something from answers some of them well and the rest "busy". */
export class TransferLimit {
  readonly #max: number;
  #underWay = 0;

  constructor(max: number = 8) {
    this.#max = max;
  }

  /** True: the transfer may begin, and must be followed by `leave()`. */
  enter(): boolean {
    if (this.#underWay >= this.#max) return false;
    this.#underWay++;
    return true;
  }

  leave(): void {
    this.#underWay--;
  }
}
