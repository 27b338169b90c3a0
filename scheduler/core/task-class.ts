import type { TaskRequest } from "../../protocol/messages.ts";
import { DurationEstimate } from "./estimates.ts";
import type { FnRecord } from "./functions.ts";
import type { PlacementClass } from "./placement-class.ts";
import type { Run } from "./run.ts";
import type { TaskGroup } from "./task-group.ts";

/** Where the tasks of a submission stand among those of others. */
export interface Standing {
  /** Minus the user's priority: lower runs first. */
  readonly lowered: number;
  /** Which submission, by time; what is submitted from within a task takes its parent's. */
  readonly generation: number;
}

/** What the tasks of one submission have in common that run the same function and ask the same: kept once for all of them. */
export class TaskClass {
  /** Undefined: scattered values, which cannot be computed again. */
  readonly fn: FnRecord | undefined;
  readonly request: TaskRequest;
  readonly run: Run;
  readonly group: TaskGroup;
  /** As the request says; not by the size of inputs. */
  readonly placement: PlacementClass;
  readonly estimate: DurationEstimate;
  readonly standing: Standing;
  /** Ends the keys that are made for these tasks. */
  readonly prefix: string;
  /** Submitted from within a task, and of no use without it: once nobody needs them, their code is stopped. */
  readonly nested: boolean;

  constructor(
    fn: FnRecord | undefined,
    request: TaskRequest,
    run: Run,
    placement: PlacementClass,
    standing: Standing,
    prefix: string,
    nested: boolean,
  ) {
    this.fn = fn;
    this.request = request;
    this.run = run;
    this.group = run.group(fn?.name ?? "scattered");
    this.placement = placement;
    this.estimate = fn?.estimate ?? new DurationEstimate();
    this.standing = standing;
    this.prefix = prefix;
    this.nested = nested;
  }
}
