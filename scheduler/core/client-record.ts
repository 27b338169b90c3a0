import type { ClientId, FnId, FutureId, TaskId } from "../../protocol/ids.ts";
import type { ClientSession } from "../../protocol/messages.ts";
import { Conversation } from "./conversation.ts";
import type { FnRecord } from "./functions.ts";
import type { Task } from "./task.ts";

export class ClientRecord {
  /** That of its present connection, or of its last. */
  id: ClientId;
  readonly name: string;
  /** Undefined: it cannot come back. */
  readonly session: ClientSession | undefined;
  readonly conversation: Conversation = new Conversation();
  /** It only looks after the cluster: with nobody else there, the cluster is idle. */
  readonly observer: boolean;
  /** Set while it is cut off: when it is given up. */
  absentUntilMs: number | undefined = undefined;
  /** The tasks behind its live futures. */
  readonly futures: Map<FutureId, Task> = new Map();
  /** Values that it is putting on workers right now, by the future that will stand for each. */
  readonly scattering: Map<FutureId, { readonly task: TaskId; readonly bytes: number }> = new Map();
  /** Its own numbers for functions. */
  readonly fns: Map<FnId, FnRecord> = new Map();

  constructor(id: ClientId, name: string, session?: ClientSession, observer = false) {
    this.id = id;
    this.name = name;
    this.session = session;
    this.observer = observer;
  }
}
