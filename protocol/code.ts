/**
 * How a function is named to a worker. `bundle` is the sha256 (hex) of an ES module's bytes, or `"muster"` for a task
 * that Muster itself defines. `name` is the task's name in that module; `""` means the module's default export
 * (an inline function). `entry` says how to call it: `"call"` runs the task's own function, another name goes through
 * the entry registered under it (the flow layer's is `"flow"`).
 */
export interface FnRef {
  readonly bundle: string;
  readonly name: string;
  readonly entry: string;
}

/** The bundle of the tasks that Muster defines itself: nothing to upload, every worker has them. */
export const ownBundle = "muster";
