import type { ClientId, WorkerId } from "../../protocol/ids.ts";
import type {
  ClientSession,
  ClientToScheduler,
  SchedulerToClient,
  SchedulerToWorker,
  WorkerRegistration,
  WorkerToScheduler,
} from "../../protocol/messages.ts";
import type { ClusterEvent } from "../../protocol/record.ts";
import type { Answers, Question } from "./questions.ts";

/** What a shell may tell the scheduler's core. Bundles are the shell's own affair and never get here. */
export type SchedulerEvent =
  | {
      readonly kind: "client-connected";
      readonly client: ClientId;
      readonly name: string;
      readonly session?: ClientSession | undefined;
      /** It only looks after the cluster. */
      readonly observer?: boolean | undefined;
    }
  | { readonly kind: "client-message"; readonly client: ClientId; readonly message: ClientToScheduler }
  /** Messages that may be acted on together: `frames.ts` says which. */
  | { readonly kind: "client-messages"; readonly client: ClientId; readonly messages: readonly ClientToScheduler[] }
  /** Its socket closed: it may be back. */
  | { readonly kind: "client-disconnected"; readonly client: ClientId }
  /** It is known to be gone. */
  | { readonly kind: "client-lost"; readonly client: ClientId }
  | { readonly kind: "worker-connected"; readonly worker: WorkerId; readonly registration: WorkerRegistration }
  | { readonly kind: "worker-message"; readonly worker: WorkerId; readonly message: WorkerToScheduler }
  | { readonly kind: "worker-messages"; readonly worker: WorkerId; readonly messages: readonly WorkerToScheduler[] }
  /** Its socket closed: it may be cut off and alive. Silence on an open socket is found by the core itself. */
  | { readonly kind: "worker-disconnected"; readonly worker: WorkerId; readonly reason: string }
  /** The answer to "probe-worker". `found` is false only if nothing listens there any more: then its process is gone. */
  | { readonly kind: "worker-probed"; readonly worker: WorkerId; readonly found: boolean }
  /** It is known to be gone. */
  | { readonly kind: "worker-lost"; readonly worker: WorkerId; readonly reason: string }
  /** Whether anybody wants to hear of what happens, by "record". */
  | { readonly kind: "recording"; readonly on: boolean }
  /** The HTTP side wants to know or to do something; answered by exactly one "answer", at once. */
  | { readonly kind: "ask"; readonly ask: number; readonly question: Question }
  /** `nextWakeupMs()` has come. Extra wakes do nothing. */
  | { readonly kind: "wake" };

/** What a core asks its shell to do, in order. */
export type SchedulerEffect =
  | { readonly kind: "to-client"; readonly client: ClientId; readonly message: SchedulerToClient }
  | { readonly kind: "to-worker"; readonly worker: WorkerId; readonly message: SchedulerToWorker }
  /** Find out whether anything listens at the address of a worker that is not connected; answered by "worker-probed". */
  | { readonly kind: "probe-worker"; readonly worker: WorkerId; readonly address: string }
  /** Hang up on a worker that is lost, superseded or gone; the core has already forgotten it. */
  | { readonly kind: "close-worker"; readonly worker: WorkerId; readonly reason: string }
  /** Something for reports and the dashboard; only while recording. */
  | { readonly kind: "record"; readonly event: ClusterEvent }
  | { readonly kind: "answer"; readonly ask: number; readonly value: Answers[Question["kind"]] }
  | {
      readonly kind: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };
