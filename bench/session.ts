import type { Environment } from "./environment.ts";
import type { MicroResult } from "./micro/micro.ts";
import type { ShapeResult } from "./run-shapes.ts";

/** All that one run of `npm run bench` found out: what results.json holds. */
export interface Session {
  readonly environment: Environment;
  /** Small sizes, once: the figures mean nothing. */
  readonly quick: boolean;
  readonly micro: readonly MicroResult[];
  readonly results: readonly ShapeResult[];
}
