import type { ClientId, FnId, FutureId, TaskId } from "../../protocol/ids.ts";
import type { FnRecord } from "./functions.ts";
import type { Task } from "./task.ts";

export class ClientRecord {
  readonly id: ClientId;
  readonly name: string;
  /** The tasks behind its live futures. */
  readonly futures: Map<FutureId, Task> = new Map();
  /** Values that it is putting on workers right now, by the future that will stand for each. */
  readonly scattering: Map<FutureId, { readonly task: TaskId; readonly bytes: number }> = new Map();
  /** Its own numbers for functions. */
  readonly fns: Map<FnId, FnRecord> = new Map();

  constructor(id: ClientId, name: string) {
    this.id = id;
    this.name = name;
  }
}
