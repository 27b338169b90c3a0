import type { Client } from "../../client/client.ts";
import type { Future } from "../../client/future.ts";

/** Something that is measured. */
export interface Figure {
  readonly name: string;
  readonly better: "higher" | "lower";
}

/** What one repetition measured, by the names of the shape's figures. */
export type Sample = Readonly<Record<string, number>>;

/** Where a shape runs. */
export interface Bed {
  readonly client: Client;
  /** False on zero-workers, which answer at once and run nothing: their results cannot be fetched, nor compared. */
  readonly computes: boolean;
}

/** A pattern of work: what it looks like, and what is measured of it. */
export interface Shape {
  /** As on the command line, such as "merge-10k". */
  readonly name: string;
  /** The pattern without its size, by which a peer knows it: "merge". */
  readonly family: string;
  readonly summary: string;
  /** The most telling one first. */
  readonly figures: readonly [Figure, ...Figure[]];
  readonly size: number;
  /** For a quick look, and to warm up with. */
  readonly quickSize: number;
  readonly repetitions: number;
  /** What is about what tasks do cannot be learned of zero-workers. With clusters of its own it leaves the bed alone. */
  readonly on: "any workers" | "workers that run code" | "its own clusters";
  /** Runs it once at this size. @throws WrongResult */
  measure(bed: Bed, size: number): Promise<Sample>;
}

/** A shape gave another result than it has to. No figure of it means anything. */
export class WrongResult extends Error {
  override readonly name = "WrongResult";
}

/** @throws WrongResult */
export function expectResult(what: string, actual: unknown, expected: unknown): void {
  if (Object.is(actual, expected)) return;
  throw new WrongResult(`${what} gave ${String(actual)} instead of ${String(expected)}`);
}

/** Waits for a future and compares its value, if the bed computes any. Its result is released. */
export async function settle<T>(bed: Bed, what: string, future: Future<T>, expected: T): Promise<void> {
  try {
    if (bed.computes) expectResult(what, await future.result(), expected);
    else await finished(future);
  } finally {
    future.release();
  }
}

/** Waits for a future without fetching its value. @throws what it failed with */
export async function finished(future: Future<unknown>): Promise<void> {
  const error = await future.exception();
  if (error !== undefined) throw error;
}

export const secondsSince = (startMs: number): number => (performance.now() - startMs) / 1_000;

export const tasksPerSecond: Figure = { name: "tasks/s", better: "higher" };
