import { compareWants, type Want } from "./want.ts";

/** Two, so that one answer is on its way while the next is being asked for. */
export const maxFetchesPerPeer: number = 2;
/** What one request may ask for, unless a single value is larger. */
export const maxFetchBytes: number = 50_000_000;
const firstShutMs = 100;
const maxShutMs = 5_000;

/** What is to be fetched from one address, and how that address has been behaving. */
export class PeerQueue {
  readonly address: string;
  readonly queued: Set<Want> = new Set();
  /** Those queued in the order in which to ask for them, the first last, and maybe some that have left; undefined once others came. */
  #inOrder: Want[] | undefined;
  inFlight: number = 0;
  /** Nothing is asked of it before this time. */
  shutUntilMs: number = 0;
  #failures = 0;

  constructor(address: string) {
    this.address = address;
  }

  add(want: Want): void {
    this.queued.add(want);
    this.#inOrder = undefined;
  }

  /** Nothing is known of it that would have to be remembered. */
  idle(nowMs: number): boolean {
    return this.queued.size === 0 && this.inFlight === 0 && this.shutUntilMs <= nowMs;
  }

  open(nowMs: number): boolean {
    return this.queued.size > 0 && this.inFlight < maxFetchesPerPeer && this.shutUntilMs <= nowMs;
  }

  /** Takes out what one request should ask for. */
  nextBatch(): Want[] {
    const batch: Want[] = [];
    let bytes = 0;
    // Whatever an event asks for comes before the first request is made, so that it is put in order once.
    this.#inOrder ??= [...this.queued].sort((a, b) => compareWants(b, a));
    for (let next = this.#inOrder.at(-1); next !== undefined; next = this.#inOrder.at(-1)) {
      if (batch.length > 0 && bytes + next.bytes > maxFetchBytes) return batch;
      this.#inOrder.pop();
      if (!this.queued.delete(next)) continue;
      batch.push(next);
      bytes += next.bytes;
    }
    return batch;
  }

  answered(): void {
    this.#failures = 0;
  }

  /** Each failure in a row doubles the pause, so that a dead address costs little however often it is named again. */
  failed(nowMs: number): void {
    this.shutUntilMs = nowMs + Math.min(maxShutMs, firstShutMs * 2 ** this.#failures);
    this.#failures++;
  }

  busy(nowMs: number, retryMs: number): void {
    this.shutUntilMs = nowMs + Math.min(maxShutMs, Math.max(1, retryMs));
  }
}
