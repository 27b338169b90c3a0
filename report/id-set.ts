/** A set of numbers that are handed out one after the other, a bit each. */
export class IdSet {
  /** Ids past so many bytes' worth count as new each time. */
  static readonly #bytesMax: number = 2 ** 24;
  #firstByte = 0;
  #bits: Uint8Array = new Uint8Array(0);

  /** Whether it was not there yet. */
  add(id: number): boolean {
    const byte = Math.floor(id / 8);
    if (this.#bits.length === 0) this.#firstByte = byte;
    if (!this.#reaches(byte)) return true;
    const index = byte - this.#firstByte;
    const bit = 1 << (id % 8);
    const before = this.#bits[index] ?? 0;
    this.#bits[index] = before | bit;
    return (before & bit) === 0;
  }

  #reaches(byte: number): boolean {
    const first = Math.min(this.#firstByte, byte);
    const length = Math.max(this.#firstByte + this.#bits.length, byte + 1) - first;
    if (first === this.#firstByte && length <= this.#bits.length) return true;
    if (length > IdSet.#bytesMax) return false;
    // Room to grow at the end, where ids come.
    const larger = new Uint8Array(Math.min(IdSet.#bytesMax, Math.max(1_024, length * 2)));
    larger.set(this.#bits, this.#firstByte - first);
    this.#bits = larger;
    this.#firstByte = first;
    return true;
  }
}
