import type { Sample, Shape } from "./shapes/shape.ts";

/** Something that shapes are run on, to be compared with others: a cluster of Muster's, or a peer. */
export interface Contender extends AsyncDisposable {
  /** As in tables and on the command line. */
  readonly name: string;
  /** What it consists of, such as `{ distributed: "2026.8.0" }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** How often it repeats this shape; 0: it does not run it. */
  repetitions(shape: Shape): number;
  /** Runs it once at this size, and checks the result. */
  measure(shape: Shape, size: number): Promise<Sample>;
}

/** How a contender is started, once it is known that it is wanted. */
export interface ContenderKind {
  readonly name: string;
  /** Whether it has anything to say to this shape, so that nobody is started in vain. */
  runs(shape: Shape): boolean;
  start(): Promise<Contender>;
}
