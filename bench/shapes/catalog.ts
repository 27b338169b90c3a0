import { plainGraphs } from "./plain-graphs.ts";
import type { Shape } from "./shape.ts";
import { sleepers } from "./sleepers.ts";
import { submissions } from "./submissions.ts";
import { tables } from "./tables.ts";
import { transfer } from "./transfer.ts";

/** The shapes that run on any cluster. */
export const clusterShapes: readonly Shape[] = [...plainGraphs, ...submissions, transfer, ...tables, ...sleepers];
