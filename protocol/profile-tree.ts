import type { ProfileFrame } from "./record.ts";

/** Call trees laid over one another: what was called from the same place by the same way counts together. */
export class ProfileTree {
  /** A caller always comes before what it calls. */
  readonly #frames: { name: string; place: string; parent: number; selfMs: number }[] = [];
  readonly #known: Map<string, number> = new Map();

  add(frames: readonly ProfileFrame[]): void {
    const indexes: number[] = [];
    for (const { name, place, parent, selfMs } of frames) {
      indexes.push(this.sample(name, place, indexes[parent] ?? -1, selfMs));
    }
  }

  /** Adds time to one frame, by its caller's index; answers its own. */
  sample(name: string, place: string, parent: number, selfMs: number): number {
    const key = `${parent}\n${name}\n${place}`;
    let index = this.#known.get(key);
    if (index === undefined) {
      index = this.#frames.push({ name, place, parent, selfMs: 0 }) - 1;
      this.#known.set(key, index);
    }
    (this.#frames[index] as ProfileFrame & { selfMs: number }).selfMs += selfMs;
    return index;
  }

  /** At most so many, callers before what they call; of more, those in which least time was spent are left out. */
  frames(framesMax: number): ProfileFrame[] {
    const totals = this.#totalsMs();
    const least = totals.length <= framesMax ? 0 : ([...totals].sort((a, b) => b - a)[framesMax] as number);
    const kept: ProfileFrame[] = [];
    const indexes = new Map([[-1, -1]]);
    for (const [index, frame] of this.#frames.entries()) {
      const parent = indexes.get(frame.parent);
      const total = totals[index] as number;
      // Whoever calls a frame has at least its time, so that no frame is kept without its caller.
      if (parent === undefined || total === 0 || (least > 0 && total <= least)) continue;
      indexes.set(index, kept.push({ ...frame, parent }) - 1);
    }
    return kept;
  }

  /** Of each frame with all that it called. */
  #totalsMs(): number[] {
    const totals = this.#frames.map(({ selfMs }) => selfMs);
    for (let index = totals.length - 1; index >= 0; index--) {
      const { parent } = this.#frames[index] as ProfileFrame;
      if (parent >= 0) totals[parent] = (totals[parent] as number) + (totals[index] as number);
    }
    return totals;
  }
}
