import type { WireError } from "../protocol/errors.ts";
import type { FutureId, TaskId } from "../protocol/ids.ts";
import type { Script } from "./script.ts";

export type SimFutureState =
  | { readonly status: "pending" }
  | { readonly status: "finished"; readonly task: TaskId; readonly addresses: readonly string[] }
  | { readonly status: "failed" | "cancelled" | "lost"; readonly error: WireError }
  /** Its submission was refused, or its client let go of it. */
  | { readonly status: "rejected" | "released" };

/** A future of a simulated client. */
export class SimFuture {
  readonly id: FutureId;
  readonly script: Script;
  /** As the scheduler knows it. */
  readonly key: string;
  state: SimFutureState = { status: "pending" };
  /** Its value was fetched and found right, at least once. */
  verified: boolean = false;
  fetching: boolean = false;

  constructor(id: FutureId, script: Script, client: string) {
    this.id = id;
    this.script = script;
    this.key = script.options.key ?? `${script.options.fn}-${id}-${client}`;
  }

  get status(): SimFutureState["status"] {
    return this.state.status;
  }

  get held(): boolean {
    return this.status !== "released" && this.status !== "rejected";
  }
}
