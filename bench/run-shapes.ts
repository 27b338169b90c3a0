import type { Contender, ContenderKind } from "./contender.ts";
import type { Figure, Sample, Shape } from "./shapes/shape.ts";
import { type Summary, summarize } from "./summary.ts";

/** A figure of a shape, by contender. */
export interface FigureResult extends Figure {
  readonly by: Readonly<Record<string, Summary>>;
}

export interface ShapeResult {
  readonly shape: string;
  readonly summary: string;
  readonly size: number;
  readonly figures: readonly FigureResult[];
}

export interface RunOptions {
  /** Small sizes: to see that everything works, not how fast. */
  readonly quick: boolean;
  /** Told of each shape before it is run. */
  readonly onShape: (shape: Shape) => void;
}

export interface RunResults {
  readonly results: readonly ShapeResult[];
  /** Of everything that took part. */
  readonly versions: Readonly<Record<string, string>>;
}

const warmUpMs = 8_000;
const growth = 4;
/** What takes longer is not repeated. */
const patienceMs = 10_000;

/** Starts those who have something to say to these shapes, runs one shape after another on them, and ends them. */
export async function runShapes(
  shapes: readonly Shape[],
  kinds: readonly ContenderKind[],
  options: RunOptions,
): Promise<RunResults> {
  const contenders: Contender[] = [];
  try {
    for (const kind of kinds) {
      if (shapes.some((shape) => kind.runs(shape))) contenders.push(await kind.start());
    }
    const results: ShapeResult[] = [];
    for (const shape of shapes) {
      options.onShape(shape);
      results.push(await runShape(shape, contenders, options.quick));
    }
    return { results, versions: Object.assign({}, ...contenders.map(({ versions }) => versions)) };
  } finally {
    for (const contender of contenders.reverse()) await contender[Symbol.asyncDispose]();
  }
}

/**
 * Runs a shape on each contender: warm-up first, then as often as each repeats it, in turns, so that what else the machine
 * does hits all of them.
 */
export async function runShape(shape: Shape, contenders: readonly Contender[], quick: boolean): Promise<ShapeResult> {
  const size = quick ? shape.quickSize : shape.size;
  const samples = new Map<Contender, Sample[]>();
  for (const contender of contenders) {
    if (contender.repetitions(shape) === 0) continue;
    if (quick || shape.repetitions === 1 || shape.on === "its own clusters")
      await contender.measure(shape, shape.quickSize);
    else await warmUp(contender, shape);
    samples.set(contender, []);
  }
  const slow = new Set<Contender>();
  const rounds = quick ? 1 : Math.max(0, ...Array.from(samples.keys(), (one) => one.repetitions(shape)));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, own] of samples) {
      if (round >= contender.repetitions(shape) || slow.has(contender)) continue;
      const startedMs = performance.now();
      own.push(await contender.measure(shape, size));
      if (performance.now() - startedMs > patienceMs) slow.add(contender);
    }
  }
  return {
    shape: shape.name,
    summary: shape.summary,
    size,
    figures: shape.figures.map((figure) => ({ ...figure, by: summariesOf(figure, samples) })),
  };
}

/**
 * Whoever compiles while it runs needs a while, and all get the same: the shape is run, larger and larger, for as long as it
 * will have ended before `warmUpMs` are over; once at least.
 */
async function warmUp(contender: Contender, shape: Shape): Promise<void> {
  const endMs = performance.now() + warmUpMs;
  let size = shape.quickSize;
  for (let tookMs = 0; tookMs < endMs - performance.now(); ) {
    const beganMs = performance.now();
    await contender.measure(shape, size);
    tookMs = performance.now() - beganMs;
    if (growth * tookMs < endMs - performance.now()) size = Math.min(shape.size, growth * size);
  }
}

/** A contender may know less of a shape than we do. */
function summariesOf(figure: Figure, samples: ReadonlyMap<Contender, readonly Sample[]>): Record<string, Summary> {
  const known = [...samples].filter(([, own]) => own.length > 0 && own.every((sample) => figure.name in sample));
  return Object.fromEntries(known.map(([{ name }, own]) => [name, summarize(figure, own)]));
}
