import type { TaskId } from "../protocol/ids.ts";
import type {
  ClientToScheduler,
  SchedulerToClient,
  SchedulerToWorker,
  WorkerToScheduler,
} from "../protocol/messages.ts";

export type SimMessage = ClientToScheduler | SchedulerToClient | SchedulerToWorker | WorkerToScheduler;

/** A message in a few words, for transcripts that people read. */
export function describeMessage(message: SimMessage, name: (task: TaskId) => string): string {
  switch (message.op) {
    case "submit":
      return `submit ${message.tasks.map((spec) => spec.key ?? `future ${spec.future}`).join(", ")}`;
    case "compute": {
      const inputs = message.inputs.map((input) => `${name(input.task)} at ${input.addresses.join("+") || "nowhere"}`);
      return `compute ${message.key}#${message.attempt}${inputs.length === 0 ? "" : ` from ${inputs.join(", ")}`}`;
    }
    case "define-fn":
      return `define-fn ${message.fn} = ${message.ref.name}`;
    case "free":
      return `free ${message.tasks.map(name).join(", ")}`;
    case "cancel":
      if ("task" in message)
        return `cancel ${name(message.task)}#${message.attempt}${message.force ? "" : " without force"}: ${message.reason}`;
      return `cancel futures ${message.futures.join(", ")}${message.force ? "" : " without force"}`;
    case "holders":
      return `holders of ${name(message.task)}: ${message.addresses.join(", ") || "none"}`;
    case "replicate":
      return `replicate ${message.inputs.map(({ task, addresses }) => `${name(task)} from ${addresses.join("+")}`).join(", ")}`;
    case "stop":
      return `stop ${message.how}${message.restart ? " and restart" : ""}: ${message.reason}`;
    case "started":
    case "lent":
    case "returned":
    case "give-back":
    case "kept":
    case "cancelled":
    case "done":
      if ("future" in message) return `future ${message.future} cancelled`;
      return `${message.op} ${name(message.task)}#${message.attempt}`;
    case "failed":
      if ("future" in message) return `future ${message.future} failed: ${message.error.code}`;
      return `failed ${name(message.task)}#${message.attempt}: ${message.error.code}, blame ${message.blame}`;
    case "stored":
    case "dropped":
      return `${message.op} ${name(message.task)}`;
    case "transferred":
      return `transferred ${message.tasks} results from ${message.address}`;
    case "unreachable-input":
      return `unreachable-input ${name(message.task)}: ${message.addresses.join(", ") || "no holder is known"}`;
    case "status":
      return `status ${message.status}`;
    case "goodbye":
      return `goodbye: ${message.reason}`;
    case "finished":
      return `future ${message.future} finished at ${message.addresses.join("+")}`;
    case "lost":
      return `future ${message.future} lost: ${message.error.code}`;
    case "pending":
      return `future ${message.future} pending`;
    case "reply":
      return `reply to request ${message.request}${message.error === undefined ? "" : `: ${message.error.code}`}`;
    case "rejected":
      return `rejected submission ${message.submission}: ${message.error.code}`;
    case "accepted":
      return `accepted submission ${message.submission}`;
    case "release":
    case "retry":
      return `${message.op} futures ${message.futures.join(", ")}`;
    case "missing":
      return `missing future ${message.future} at ${message.address}`;
    default:
      return "request" in message ? `${message.op} as request ${message.request}` : message.op;
  }
}

/** The tasks that a message names. */
export function tasksOf(message: SimMessage): readonly TaskId[] {
  switch (message.op) {
    case "compute":
      return [message.task, ...message.inputs.map(({ task }) => task)];
    case "free":
      return message.tasks;
    case "replicate":
      return message.inputs.map(({ task }) => task);
    default:
      return "task" in message ? [message.task] : [];
  }
}
