import type { Random } from "./random.ts";
import type { Behaviour, Script, ScriptBook, ScriptOptions } from "./script.ts";
import type { Shape, Swarm } from "./swarm.ts";

/** How many tasks may wait for one another, each submitted by the one before. */
const depthMax = 3;

/** Writes random graphs. Task i depends on lower indices only, so there is never a cycle. */
export class GraphAuthor {
  readonly #dice: Random;
  readonly #book: ScriptBook;
  readonly #swarm: Swarm;
  #keys = 0;

  constructor(dice: Random, book: ScriptBook, swarm: Swarm) {
    this.#dice = dice;
    this.#book = book;
    this.#swarm = swarm;
  }

  /** `known`: scripts whose futures the client holds, which the new ones may use. */
  graph(count: number, known: readonly Script[]): Script[] {
    const dice = this.#dice;
    const shape = dice.pick(this.#swarm.shapes);
    const scripts: Script[] = [];
    for (let index = 0; index < count; index++) {
      const deps = this.#depsOf(shape, index, scripts);
      if (known.length > 0 && dice.chance(0.2)) deps.add(dice.pick(known));
      scripts.push(this.#book.write(this.#task([...deps])));
    }
    return scripts;
  }

  /** The same key for other work: allowed only while the key stands for nothing. */
  redefined(script: Script): Script {
    return this.#book.write({ ...this.#task([]), key: script.options.key });
  }

  values(count: number): Script[] {
    return Array.from({ length: count }, () => this.#book.write({ scattered: true, resultBytes: this.#bytes() }));
  }

  /** Something small to run beside the queue. */
  order(): Script {
    return this.#book.write({ fn: "own order", durationMs: this.#durationMs() });
  }

  #depsOf(shape: Shape, index: number, before: readonly Script[]): Set<Script> {
    const dice = this.#dice;
    const deps = new Set<Script>();
    const add = (at: number): void => {
      const dep = before[at];
      if (dep !== undefined) deps.add(dep);
    };
    switch (shape) {
      case "random":
        for (let left = dice.below(4); left > 0 && index > 0; left--) add(dice.below(index));
        break;
      case "wide":
        // Many tasks share few inputs.
        if (index > 3) add(dice.below(3));
        if (index > 3 && dice.chance(0.05)) for (let i = 0; i < index; i += 1 + dice.below(5)) add(i);
        break;
      case "deep":
        add(index - 1 - dice.below(3));
        break;
      case "layers":
        if (index >= 10) for (let i = 0; i < 10; i++) if (dice.chance(0.3)) add(10 * (Math.floor(index / 10) - 1) + i);
        break;
      case "tree":
        // Leaves first, then each takes two of those before it.
        if (index % 3 === 2) {
          add(index - 1);
          add(index - 2);
        } else if (index > 6 && dice.chance(0.3)) add(Math.floor(index / 2));
        break;
    }
    return deps;
  }

  /** `depth`: how many tasks submit it, the one within the other. */
  #task(deps: readonly Script[], depth: number = 0): ScriptOptions {
    const dice = this.#dice;
    const { traits, workers } = this.#swarm;
    const has = (trait: Parameters<typeof traits.has>[0], probability: number): boolean =>
      traits.has(trait) && dice.chance(probability);
    const long = has("long", 0.02);
    const behaviour = this.#behaviour();
    const restricted = has("restrictions", 0.15);
    const task = {
      deps,
      behaviour,
      durationMs: long || behaviour.kind === "native" ? dice.between(3_000, 30_000) : this.#durationMs(),
      timeoutMs: has("timeouts", long ? 0.7 : 0.05) ? dice.between(1, 2_000) : 0,
      resultBytes: this.#bytes(),
      key: dice.chance(0.7) ? `key-${this.#keys++}` : undefined,
      fn: dice.pick(["own", "work", "other"]),
      retries: dice.chance(0.3) ? dice.below(4) : 0,
      priority: has("priorities", 0.3) ? dice.below(5) - 2 : 0,
      resources: has("resources", 0.2) ? { GPU: 1 + dice.below(2) } : {},
      workers: restricted ? dice.some(workers, 0.3).map(({ name }) => name) : [],
      allowOtherWorkers: restricted && dice.chance(0.4),
    };
    if (traits.has("brief") && dice.chance(0.7)) return { ...task, ...this.#brief(depth) };
    if (traits.has("nested") && behaviour.kind !== "native" && depth < depthMax && dice.chance(depth > 0 ? 0.3 : 0.08))
      return { ...task, ...this.#nested(depth) };
    return task;
  }

  /** What makes it a brief one. Few are not what their kind is taken for. */
  #brief(depth: number): Partial<ScriptOptions> {
    const dice = this.#dice;
    const usual = {
      behaviour: { kind: "return" },
      durationMs: dice.exponential(0.2),
      timeoutMs: 0,
      resources: {},
    } as const;
    const brief = { ...usual, fn: dice.pick(["own brief", "brief"]) };
    if (!dice.chance(0.05)) return brief;
    switch (dice.pick(["long", "long", "throw", "crash", "native", "nested"])) {
      case "long":
        return { ...brief, durationMs: dice.between(10, 5_000) };
      case "throw":
        return { ...brief, behaviour: { kind: "throw", times: 1 + dice.below(3) } };
      case "crash":
        return { ...brief, behaviour: { kind: "crash", times: 1 + dice.below(5) } };
      case "native":
        return { ...brief, behaviour: { kind: "native" }, durationMs: dice.between(3_000, 30_000) };
      default:
        return depth < depthMax ? { ...brief, ...this.#nested(depth) } : brief;
    }
  }

  /**
   * What makes it one that submits tasks. It asks for nothing that they might need, and they never insist on a worker: else
   * it might rightly wait for ever.
   */
  #nested(depth: number): Partial<ScriptOptions> {
    const dice = this.#dice;
    const keyed = dice.chance(0.5);
    const rounds = Array.from({ length: 1 + dice.below(2) }, () => {
      const scripts: Script[] = [];
      for (let left = 1 + dice.below(4); left > 0; left--) {
        const task = this.#task(dice.some(scripts, 0.3), depth + 1);
        const key = keyed ? `key-${this.#keys++}` : undefined;
        scripts.push(this.#book.write({ ...task, key, allowOtherWorkers: true }));
      }
      return scripts;
    });
    return { rounds, resources: {}, careless: dice.chance(0.3) };
  }

  #behaviour(): Behaviour {
    const dice = this.#dice;
    const { traits } = this.#swarm;
    if (traits.has("throws") && dice.chance(0.05))
      return { kind: "throw", times: dice.chance(0.2) ? 1e9 : 1 + dice.below(3) };
    if (traits.has("crashes") && dice.chance(0.02))
      return { kind: "crash", times: dice.chance(0.1) ? 1e9 : 1 + dice.below(3) };
    if (traits.has("native") && dice.chance(0.01)) return { kind: "native" };
    return { kind: "return" };
  }

  #durationMs(): number {
    return this.#dice.chance(0.05) ? 0 : this.#dice.exponential(this.#swarm.meanTaskMs);
  }

  #bytes(): number {
    if (this.#swarm.traits.has("bulky") && this.#dice.chance(0.5)) return 4_096 + this.#dice.below(100_000);
    const large = this.#swarm.traits.has("large") && this.#dice.chance(0.2);
    return large ? this.#dice.below(60_000_000) : this.#dice.below(1_000);
  }
}
