// The memory that a slot's thread shares with its host. What is written there is seen at once, even if the thread that wrote
// it ends, or never gives its event loop another turn.
//   cells:  which job may be begun next · how many bytes were written · how many were read
//   ring:   records, each a length (uint32) and so many bytes, rounded up to 4

const cellsBytes = 64;
const ringBytes = 256 * 1024;
const cell = { next: 0, written: 1, read: 2 } as const;

/** Stands where a length would, when the rest of the ring is left out because a record did not fit. */
const wrapped = 0xffff_ffff;

export function createLane(): SharedArrayBuffer {
  return new SharedArrayBuffer(cellsBytes + ringBytes);
}

/** The place of a position that only ever grows, and at 2³² begins anew. */
const placeOf = (position: number): number => position & (ringBytes - 1);
const roundedUp = (bytes: number): number => (bytes + 3) & ~3;

/** The slot's end: claims jobs, in the order in which they came, and writes records. */
export class SlotLane {
  readonly #cells: Int32Array;
  readonly #lengths: Uint32Array;
  readonly #bytes: Uint8Array;
  #arrived = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory, 0, 3);
    this.#lengths = new Uint32Array(memory, cellsBytes, ringBytes / 4);
    this.#bytes = new Uint8Array(memory, cellsBytes, ringBytes);
  }

  /** The number of a job that has just arrived. */
  arrived(): number {
    return this.#arrived++ | 0;
  }

  /** Whether the job of this number may be begun; not so if the host has taken it back. */
  claim(job: number): boolean {
    return Atomics.compareExchange(this.#cells, cell.next, job, (job + 1) | 0) === job;
  }

  /** False if there is no room: the host is slow, or the record large. */
  write(record: Uint8Array): boolean {
    const size = 4 + roundedUp(record.byteLength);
    const written = Atomics.load(this.#cells, cell.written);
    const free = ringBytes - ((written - Atomics.load(this.#cells, cell.read)) >>> 0);
    let at = placeOf(written);
    const left = ringBytes - at;
    const skipped = left < size ? left : 0;
    if (skipped + size > free) return false;
    if (skipped > 0) {
      this.#lengths[at / 4] = wrapped;
      at = 0;
    }
    this.#lengths[at / 4] = record.byteLength;
    this.#bytes.set(record, at + 4);
    Atomics.store(this.#cells, cell.written, (written + skipped + size) | 0);
    return true;
  }
}

/** The host's end: takes back jobs that were not claimed, and reads records. */
export class HostLane {
  readonly memory: SharedArrayBuffer = createLane();
  readonly #cells: Int32Array = new Int32Array(this.memory, 0, 3);
  readonly #lengths: Uint32Array = new Uint32Array(this.memory, cellsBytes, ringBytes / 4);
  readonly #bytes: Buffer = Buffer.from(this.memory, cellsBytes, ringBytes);
  #sent = 0;

  /** One more job is on its way to the slot. */
  sent(): void {
    this.#sent = (this.#sent + 1) | 0;
  }

  /** Takes back every job that was not claimed; returns how many. */
  recall(): number {
    for (;;) {
      const next = Atomics.load(this.#cells, cell.next);
      if (Atomics.compareExchange(this.#cells, cell.next, next, this.#sent) === next) return (this.#sent - next) | 0;
    }
  }

  /** Hands over what is made of every record that was written. A record is valid while `read` looks at it, and no longer. */
  drain<News>(read: (record: Buffer) => News, take: (news: News) => void): void {
    for (;;) {
      const from = Atomics.load(this.#cells, cell.read);
      if (from === Atomics.load(this.#cells, cell.written)) return;
      const at = placeOf(from);
      const length = this.#lengths[at / 4] as number;
      if (length === wrapped) {
        Atomics.store(this.#cells, cell.read, (from + ringBytes - at) | 0);
        continue;
      }
      const news = read(this.#bytes.subarray(at + 4, at + 4 + length));
      Atomics.store(this.#cells, cell.read, (from + 4 + roundedUp(length)) | 0);
      // Whoever is told may want more of what was written.
      take(news);
    }
  }
}
