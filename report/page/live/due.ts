const everyMs = 2_000;

/** For what costs too much to be drawn each time something is new. */
export class Due {
  #lastMs: number = Number.NEGATIVE_INFINITY;

  isDue(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < everyMs) return false;
    this.#lastMs = nowMs;
    return true;
  }
}
