import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type SpillEffect,
  type SpillEvent,
  SpillPolicy,
  spillableBytesMin,
  writesMax,
} from "../../../worker/core/spill-policy.ts";

const mib = 2 ** 20;

/** What a policy has to do, said in one line an effect. */
function tell(policy: SpillPolicy, ...events: SpillEvent[]): string[] {
  return events.flatMap((event) => policy.handle(event).map(({ kind, id }) => `${kind} ${id}`));
}

const put = (id: number, bytes = mib): SpillEvent => ({ kind: "put", id, bytes });
const written = (id: number, ok = true): SpillEvent => ({ kind: "written", id, ok });
const read = (id: number, ok = true): SpillEvent => ({ kind: "read", id, ok });
const on = (kind: "drop" | "use" | "unuse", id: number): SpillEvent => ({ kind, id });

describe("the spill policy", () => {
  it("spills what was used least recently, as much as it takes, and forgets the bytes once they are written", () => {
    const policy = new SpillPolicy(2 * mib);
    expect(tell(policy, put(1), put(2))).toEqual([]);
    expect(tell(policy, on("use", 1), on("unuse", 1))).toEqual([]);
    expect(tell(policy, put(3))).toEqual(["write 2"]);
    expect(policy.residentBytes).toBe(3 * mib);
    expect(tell(policy, written(2))).toEqual(["evict 2"]);
    expect(policy.residentBytes).toBe(2 * mib);
  });

  it("brings back what is needed, in another's place; that needs no second write later", () => {
    const policy = new SpillPolicy(mib);
    tell(policy, put(1), put(2), written(1));
    expect(tell(policy, on("use", 1))).toEqual(["read 1", "write 2"]);
    expect(tell(policy, read(1), written(2))).toEqual(["evict 2"]);
    expect(tell(policy, on("unuse", 1), on("use", 2))).toEqual(["read 2", "evict 1"]);
  });

  it("leaves alone what is in use, and what came into use while it was written", () => {
    const policy = new SpillPolicy(mib);
    expect(tell(policy, put(1), on("use", 1), put(2))).toEqual(["write 2"]);
    expect(tell(policy, on("use", 2), written(2))).toEqual([]);
    expect(policy.residentBytes).toBe(2 * mib);
    expect(tell(policy, on("unuse", 2))).toEqual(["evict 2"]);
  });

  it("never spills small values", () => {
    const policy = new SpillPolicy(0);
    expect(tell(policy, put(1, spillableBytesMin - 1))).toEqual([]);
    expect(tell(policy, put(2, spillableBytesMin))).toEqual(["write 2"]);
  });

  it("deletes the file of a value that is dropped, once nobody reads or writes it", () => {
    const policy = new SpillPolicy(0);
    expect(tell(policy, put(1), on("drop", 1))).toEqual(["write 1"]);
    expect(tell(policy, written(1))).toEqual(["remove 1"]);
    expect(tell(policy, put(2), written(2), on("use", 2), on("drop", 2))).toEqual(["write 2", "evict 2", "read 2"]);
    expect(tell(policy, read(2))).toEqual(["remove 2"]);
    expect(tell(policy, put(3), written(3), on("drop", 3))).toEqual(["write 3", "evict 3", "remove 3"]);
    expect([policy.residentBytes, policy.has(1), policy.has(2), policy.has(3)]).toEqual([0, false, false, false]);
  });

  it("forgets a value that cannot be read back", () => {
    const policy = new SpillPolicy(0);
    tell(policy, put(1), written(1), on("use", 1));
    expect(tell(policy, read(1, false), on("unuse", 1), on("drop", 1))).toEqual(["remove 1"]);
    expect([policy.residentBytes, policy.has(1)]).toEqual([0, false]);
  });

  it("keeps in memory what the disk does not take, and writes nothing until it is worth another try", () => {
    const policy = new SpillPolicy(0);
    tell(policy, put(1));
    expect(tell(policy, written(1, false), put(2))).toEqual([]);
    expect(tell(policy, { kind: "retry" })).toEqual(["write 1", "write 2"]);
  });

  it("spills below its target while the process is too large for other reasons", () => {
    const policy = new SpillPolicy(10 * mib);
    tell(policy, put(1), put(2), put(3));
    expect(tell(policy, { kind: "press", bytes: 1.5 * mib })).toEqual(["write 1", "write 2"]);
    expect(tell(policy, { kind: "press", bytes: 0 }, written(1), written(2), put(4))).toEqual(["evict 1", "evict 2"]);
    expect(policy.residentBytes).toBe(2 * mib);
  });

  it("keeps few writes under way", () => {
    const policy = new SpillPolicy(0);
    const ids = Array.from({ length: 3 * writesMax }, (_, index) => index + 1);
    expect(tell(policy, ...ids.map((id) => put(id)))).toHaveLength(writesMax);
    expect(tell(policy, written(1))).toEqual(["evict 1", `write ${writesMax + 1}`]);
  });
});

/** A disk and a memory that do what the policy says, and object to what makes no sense. */
class Machine {
  readonly policy: SpillPolicy;
  readonly memory: Map<number, number> = new Map();
  readonly files: Set<number> = new Set();
  readonly uses: Map<number, number> = new Map();
  readonly sizes: Map<number, number> = new Map();
  readonly wanted: Set<number> = new Set();
  /** Reads and writes that have not been answered. */
  readonly open: SpillEffect[] = [];
  readonly targetBytes: number;
  diskFailed = false;
  pressed = false;
  #lastId = 0;

  constructor(targetBytes: number) {
    this.targetBytes = targetBytes;
    this.policy = new SpillPolicy(targetBytes);
  }

  put(bytes: number): void {
    const id = ++this.#lastId;
    this.sizes.set(id, bytes);
    this.memory.set(id, bytes);
    this.wanted.add(id);
    this.#tell({ kind: "put", id, bytes });
  }

  some(pick: number): number | undefined {
    return [...this.wanted][pick % Math.max(1, this.wanted.size)];
  }

  use(id: number): void {
    this.uses.set(id, (this.uses.get(id) ?? 0) + 1);
    this.#tell({ kind: "use", id });
  }

  unuse(pick: number): void {
    const used = [...this.uses.keys()];
    const id = used[pick % Math.max(1, used.length)];
    if (id === undefined) return;
    const left = (this.uses.get(id) ?? 0) - 1;
    if (left > 0) this.uses.set(id, left);
    else this.uses.delete(id);
    this.#tell({ kind: "unuse", id });
  }

  drop(id: number): void {
    this.wanted.delete(id);
    this.#tell({ kind: "drop", id });
    if (!this.policy.has(id)) this.memory.delete(id);
  }

  press(bytes: number): void {
    this.pressed = bytes > 0;
    this.#tell({ kind: "press", bytes });
  }

  answer(pick: number, ok: boolean): void {
    const [effect] = this.open.splice(pick % Math.max(1, this.open.length), 1);
    if (effect === undefined) return;
    const { kind, id } = effect;
    if (kind === "write") {
      if (ok) this.files.add(id);
      else this.diskFailed = true;
      this.#tell({ kind: "written", id, ok });
    } else {
      if (ok) this.memory.set(id, this.sizes.get(id) ?? 0);
      else this.wanted.delete(id);
      this.#tell({ kind: "read", id, ok });
    }
    if (!this.policy.has(id)) this.memory.delete(id);
  }

  retry(): void {
    this.diskFailed = false;
    this.#tell({ kind: "retry" });
  }

  /** Everything is answered, nobody uses anything, and the process is small again. */
  settle(): void {
    this.press(0);
    while (this.uses.size > 0) this.unuse(0);
    this.retry();
    while (this.open.length > 0) this.answer(0, true);
  }

  check(): void {
    const reading = this.open.filter(({ kind }) => kind === "read").map(({ id }) => id);
    for (const id of this.wanted) {
      const there = this.memory.has(id) || this.files.has(id);
      expect(there, `value ${id} is somewhere`).toBe(true);
      if (this.uses.has(id)) expect(this.memory.has(id) || reading.includes(id), `used ${id} is in memory`).toBe(true);
    }
    const inMemory = [...this.memory.keys(), ...reading.filter((id) => !this.memory.has(id))];
    const bytes = inMemory.reduce((sum, id) => sum + (this.sizes.get(id) ?? 0), 0);
    expect(this.policy.residentBytes, "bytes in memory").toBe(bytes);
    expect(this.open.filter(({ kind }) => kind === "write").length).toBeLessThanOrEqual(writesMax);
  }

  #tell(event: SpillEvent): void {
    for (const effect of this.policy.handle(event)) {
      const { kind, id } = effect;
      if (kind === "write" || kind === "read") {
        expect(
          this.open.some((other) => other.id === id),
          `two things at once with the file of ${id}`,
        ).toBe(false);
        expect(kind === "write" ? this.memory.has(id) && !this.files.has(id) : this.files.has(id)).toBe(true);
        this.open.push(effect);
      } else if (kind === "evict") {
        expect(this.files.has(id) && !this.uses.has(id), `${id} may leave memory`).toBe(true);
        this.memory.delete(id);
      } else {
        expect(this.files.delete(id) && !this.wanted.has(id), `the file of ${id} may go`).toBe(true);
        this.memory.delete(id);
      }
    }
  }
}

type Step = readonly [string, number, boolean];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom("put", "put", "put", "use", "unuse", "drop", "answer", "answer", "press", "relax", "retry"),
  fc.nat({ max: 40_000 }),
  fc.boolean(),
);

describe("the spill policy at random", () => {
  it("loses nothing, evicts nothing in use, counts right, and in the end keeps to its target and leaves no stray file", () => {
    fc.assert(
      fc.property(fc.nat({ max: 100_000 }), fc.array(step, { maxLength: 120 }), (targetBytes, steps) => {
        const machine = new Machine(targetBytes);
        for (const [what, number, ok] of steps) {
          const id = machine.some(number);
          if (what === "put") machine.put(number);
          else if (what === "unuse") machine.unuse(number);
          else if (what === "answer") machine.answer(number, ok);
          else if (what === "press") machine.press(number);
          else if (what === "relax") machine.press(0);
          else if (what === "retry") machine.retry();
          else if (id !== undefined && what === "use") machine.use(id);
          else if (id !== undefined) machine.drop(id);
          machine.check();
        }
        machine.settle();
        machine.check();
        const large = [...machine.memory].filter(([, bytes]) => bytes >= spillableBytesMin);
        expect(machine.policy.residentBytes <= targetBytes || large.length === 0).toBe(true);
        for (const id of machine.files) expect(machine.wanted.has(id), `file ${id} is somebody's`).toBe(true);
        for (const id of [...machine.wanted]) machine.drop(id);
        expect([machine.files.size, machine.policy.residentBytes]).toEqual([0, 0]);
      }),
    );
  });
});
