// Every message in one file, so that the protocol can be read as one: a discriminated union per direction. Every frame is an
// array of these; within one socket and direction, order is kept.
import type { FnRef } from "./code.ts";
import type { WireError } from "./errors.ts";
import type { FnId, FutureId, TaskId } from "./ids.ts";
import type { LogLevel } from "./logger.ts";
import type { ClusterEvent, ProfileFrame, ScalingDecision, WorkerLogLine } from "./record.ts";

/** A value as bytes: the head (msgpack), then the large binaries that the head refers to by index. Opaque to schedulers. */
export type EncodedValue = readonly Uint8Array[];

// ── handshake: the first frame of each side holds exactly one of these ───────────────────────────────────────────────

export type Role = "client" | "worker" | "peer";

export interface Hello {
  readonly op: "hello";
  readonly protocol: number;
  readonly role: Role;
  readonly token: string;
  /** Shown in pages, logs and errors. */
  readonly name: string;
  /** Only with role "worker". */
  readonly registration?: WorkerRegistration | undefined;
  /** Only with role "client". */
  readonly session?: ClientSession | undefined;
  /** Only with role "client": it looks after the cluster, so that its presence does not keep the cluster from being idle. */
  readonly observer?: boolean | undefined;
}

export interface ClientSession {
  /** Random: by it a client that was cut off is known again. */
  readonly id: string;
  /** It was connected before and was cut off. The scheduler's first message is then "session". */
  readonly resuming: boolean;
  /** Its futures outlive it by an hour, also when it says goodbye. */
  readonly detach: boolean;
}

/** The answer to a hello that was accepted; one that was not gets `Refusal`, and the socket closes. */
export interface Welcome {
  readonly op: "welcome";
  readonly protocol: number;
  /** Muster's own version at the answering end. */
  readonly version: string;
  /** The number that this connection was given (a ClientId or WorkerId). */
  readonly id: number;
  /** With role "worker": how often to send a heartbeat. */
  readonly heartbeatMs: number;
}

export interface Refusal {
  readonly op: "refusal";
  readonly error: WireError;
}

export interface WorkerRegistration {
  /** Unique among live workers; a live worker of the same name is superseded by the newcomer. */
  readonly name: string;
  /** Where peers and clients reach its data, `ws://host:port`. */
  readonly address: string;
  readonly host: string;
  readonly pid: number;
  readonly slots: number;
  readonly executor: "threads" | "processes";
  /** 0: no limit. */
  readonly memoryLimitBytes: number;
  /** Abstract quantities that tasks consume while they run, such as `{ GPU: 2 }`. */
  readonly resources: Readonly<Record<string, number>>;
  readonly version: string;
  readonly nodeVersion: string;
  /** How the process that had this name before ended, if its nanny saw it. */
  readonly predecessor?: ProcessEnd | undefined;
  /** Random, one a process: by it a worker that was cut off is known again. Without it a worker is never taken back. */
  readonly instance?: string | undefined;
  /** It was registered before and was cut off. The scheduler's first message is then "resume". */
  readonly resuming?: boolean | undefined;
}

/** The end of a worker process as its nanny saw it. */
export interface ProcessEnd {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly lastLogLines: readonly string[];
  /** Why the nanny ended it, if it did. */
  readonly reason?: string | undefined;
  /** The keys of the tasks that ran last, as far as the nanny heard of them. */
  readonly running?: readonly string[] | undefined;
}

// ── client → scheduler ───────────────────────────────────────────────────────────────────────────────────────────────

/** What a task asks for; equal requests of one submission share one entry of `Submission.requests`. */
export interface TaskRequest {
  /** How often the task may be run again after its own failure. */
  readonly retries: number;
  /** Higher runs first, within a run. */
  readonly priority: number;
  readonly resources: Readonly<Record<string, number>>;
  /** Names, addresses or hosts it may run on; empty: anywhere. */
  readonly workers: readonly string[];
  /** Makes `workers` a wish: others may run it when none of those is there, or none that has the resources. */
  readonly allowOtherWorkers: boolean;
  /** The running code is stopped after this long; 0: never. */
  readonly timeoutMs: number;
}

export interface TaskSpec {
  readonly future: FutureId;
  readonly fn: FnId;
  /** An array of arguments, with `ref(i)` wherever the value of `deps[i]` belongs. */
  readonly args: EncodedValue;
  readonly deps: readonly FutureId[];
  /** Index into `Submission.requests`. */
  readonly request: number;
  /** Absent: `${name}-${future}-${prefix}`, with the function's name and the submission's prefix. Tasks of equal key are one task. */
  readonly key?: string | undefined;
  /** The client holds a future for it: its result is kept and its end is told. Otherwise it only serves its dependents. */
  readonly wanted: boolean;
}

export interface Submission {
  readonly op: "submit";
  readonly submission: number;
  readonly run: string;
  /** Makes keys unique across clients. */
  readonly prefix: string;
  /** The key of the task whose code submits this: what it submits takes its place in the order of tasks. */
  readonly parent?: string | undefined;
  readonly requests: readonly TaskRequest[];
  /** In any order; deps name tasks of this submission or futures that the client holds. */
  readonly tasks: readonly TaskSpec[];
}

export type ClientToScheduler =
  | Submission
  /** It ends by its own will: nobody is to wait for it. */
  | { readonly op: "goodbye"; readonly reason: string }
  | { readonly op: "define-fn"; readonly fn: FnId; readonly ref: FnRef }
  /** Asks which of these bundles the scheduler lacks; the reply's value is the missing hashes. */
  | { readonly op: "has-bundles"; readonly request: number; readonly hashes: readonly string[] }
  /** Part `part` of `parts` of a bundle; the reply comes after the last one, once its hash was verified. */
  | {
      readonly op: "put-bundle";
      readonly request: number;
      readonly hash: string;
      readonly part: number;
      readonly parts: number;
      readonly bytes: Uint8Array;
    }
  /** The client dropped these futures: results that nobody else needs may go. */
  | { readonly op: "release"; readonly futures: readonly FutureId[] }
  /** `force` stops running code, otherwise it is left to finish and its result thrown away. Replied to once nothing of it runs. */
  | {
      readonly op: "cancel";
      readonly request: number;
      readonly futures: readonly FutureId[];
      readonly force: boolean;
      readonly reason: string;
    }
  /** Cancels all that a run has not ended, whoever submitted it. Replied to as "cancel" is. */
  | {
      readonly op: "cancel-run";
      readonly request: number;
      readonly run: string;
      readonly force: boolean;
      readonly reason: string;
    }
  /** What a run gets while slots are scarce, from now on and until this client leaves. `slotsMax` 0: no limit. Reply: null. */
  | {
      readonly op: "share-run";
      readonly request: number;
      readonly run: string;
      readonly weight: number;
      readonly slotsMax: number;
    }
  /** Runs failed tasks again, with the failed tasks they depend on. */
  | { readonly op: "retry"; readonly request: number; readonly futures: readonly FutureId[] }
  /** Reply: `WhoHas[]`, of the client's futures named, or of all that it holds. */
  | { readonly op: "who-has"; readonly request: number; readonly futures?: readonly FutureId[] | undefined }
  /** The client could not fetch this result from `address`: the scheduler answers with fresh holders, or recomputes and tells "finished" again. */
  | { readonly op: "missing"; readonly future: FutureId; readonly address: string }
  /** Reply: `Explanation` of the task behind the client's own future or, without one, of the task of that key, whoever submitted it. */
  | {
      readonly op: "explain";
      readonly request: number;
      readonly future?: FutureId | undefined;
      readonly key?: string | undefined;
    }
  /** Reply: `ClusterInfo`. */
  | { readonly op: "info"; readonly request: number }
  /** Reply: `LoadInfo`. Cheap enough to be asked every second. */
  | { readonly op: "load"; readonly request: number }
  /** Whoever scales the cluster tells what it decided; for reports and pages. */
  | { readonly op: "scaling"; readonly decision: ScalingDecision }
  /** Reply (value null) once at least `count` workers are registered. */
  | { readonly op: "wait-for-workers"; readonly request: number; readonly count: number }
  /** Asks for places for `futures.length` values; reply: `ScatterPlace[]`, one a future. The client puts the values there itself, then says "scattered". */
  | {
      readonly op: "scatter";
      readonly request: number;
      readonly futures: readonly FutureId[];
      readonly bytes: readonly number[];
      readonly workers: readonly string[];
      readonly broadcast: boolean;
    }
  /** The values now lie at these addresses. Reply: null. */
  | {
      readonly op: "scattered";
      readonly request: number;
      readonly futures: readonly FutureId[];
      readonly addresses: readonly (readonly string[])[];
    }
  /** Runs a function once on each worker, outside scheduling; reply: `WorkerAnswer[]`. */
  | {
      readonly op: "run-on-workers";
      readonly request: number;
      readonly fn: FnId;
      readonly args: EncodedValue;
      readonly workers: readonly string[];
    }
  /**
   * Reply (names) once those workers have handed over what only they hold, and are gone. `idleOnly`: those that have anything
   * to do when this is heard are left alone, so are those whose results nobody would be left to take; the reply names who went.
   */
  | {
      readonly op: "retire-workers";
      readonly request: number;
      readonly names: readonly string[];
      readonly idleOnly?: boolean | undefined;
    }
  /** Reply (null) once `copies` workers, or all there are, hold each of these results. */
  | {
      readonly op: "copy";
      readonly request: number;
      readonly futures: readonly FutureId[];
      readonly copies: number;
    }
  /** Evens out what workers store. Reply (null) once nothing moves any more. */
  | { readonly op: "rebalance"; readonly request: number }
  /**
   * From now on tell what happens, by "events": of one run and of the cluster, or of everything. With `kept` what the
   * scheduler still remembers comes first. With `profile` workers tell where user code spends its time. Reply: null, after
   * what was kept.
   */
  | {
      readonly op: "watch";
      readonly request: number;
      readonly run?: string | undefined;
      readonly kept: boolean;
      readonly profile: boolean;
    }
  /**
   * Reply: `LogLine[]`, the last `limit` of those that are kept, oldest first: of one run, worker or task where it is named,
   * and of at least this level (default: of any).
   */
  | {
      readonly op: "logs";
      readonly request: number;
      readonly run?: string | undefined;
      readonly worker?: string | undefined;
      readonly key?: string | undefined;
      readonly level?: LogLevel | undefined;
      readonly limit: number;
    }
  /** Ends the watch that this request began. Reply: null, after its last events. */
  | { readonly op: "unwatch"; readonly request: number; readonly watch: number }
  /** Forgets every task of every client and restarts every worker; reply null once as many workers are back. */
  | { readonly op: "restart"; readonly request: number };

export interface WhoHas {
  readonly future: FutureId;
  readonly task: TaskId;
  readonly key: string;
  readonly bytes: number;
  readonly addresses: readonly string[];
}

export interface ScatterPlace {
  readonly task: TaskId;
  readonly addresses: readonly string[];
}

export interface WorkerAnswer {
  readonly worker: string;
  readonly value?: EncodedValue | undefined;
  readonly error?: WireError | undefined;
}

// ── scheduler → client ───────────────────────────────────────────────────────────────────────────────────────────────

export type SchedulerToClient =
  /**
   * The first message to a client that is "resuming". `kept`: its session lives, these are its futures, and how each stands
   * follows. Otherwise nothing of it is left.
   */
  | { readonly op: "session"; readonly kept: boolean; readonly futures: readonly FutureId[] }
  /** The scheduler ends by its own will: there is nothing to come back to. */
  | { readonly op: "closing"; readonly reason: string }
  | { readonly op: "accepted"; readonly submission: number }
  /** Nothing of the submission was taken. */
  | { readonly op: "rejected"; readonly submission: number; readonly error: WireError }
  /** The result lies at `addresses`, under the number `task`. Sent again when it moved after a loss. */
  | {
      readonly op: "finished";
      readonly future: FutureId;
      readonly task: TaskId;
      readonly bytes: number;
      readonly addresses: readonly string[];
    }
  | { readonly op: "failed"; readonly future: FutureId; readonly error: WireError }
  | { readonly op: "cancelled"; readonly future: FutureId; readonly error: WireError }
  /** The result is gone and cannot be made again (a scattered value). */
  | { readonly op: "lost"; readonly future: FutureId; readonly error: WireError }
  /** What happened since the last of these; `watch` is the request that asked for it. */
  | { readonly op: "events"; readonly watch: number; readonly events: readonly ClusterEvent[] }
  /** A finished result vanished, or a failed task is tried again: the future is pending once more. */
  | { readonly op: "pending"; readonly future: FutureId }
  | {
      readonly op: "reply";
      readonly request: number;
      readonly value?: unknown;
      readonly error?: WireError | undefined;
    };

// ── scheduler → worker ───────────────────────────────────────────────────────────────────────────────────────────────

/** An input of a task: its number, its size, and the addresses of the workers that hold it. */
export interface Input {
  readonly task: TaskId;
  readonly bytes: number;
  readonly addresses: readonly string[];
}

export interface Assignment {
  readonly op: "compute";
  readonly task: TaskId;
  readonly attempt: number;
  readonly key: string;
  readonly fn: FnId;
  readonly args: EncodedValue;
  readonly inputs: readonly Input[];
  /** Compared element by element; lower runs first. Equal: last in, first out. */
  readonly priority: readonly number[];
  readonly timeoutMs: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly run: string;
  /** A worker died under it, or none may: no other task may be begun, or wait, in its slot meanwhile, so that it is known who ran. */
  readonly alone?: boolean | undefined;
}

export type SchedulerToWorker =
  | Assignment
  /**
   * The first message to a worker that is "resuming". `kept`: its tasks and results are still on the books, and it answers with
   * its "inventory". Otherwise it is a fresh worker to this scheduler, whose numbers mean something else: it forgets everything.
   */
  | { readonly op: "resume"; readonly kept: boolean }
  /** Sent before the first assignment that uses `fn`. */
  | { readonly op: "define-fn"; readonly fn: FnId; readonly ref: FnRef }
  /** Throw these results away; one that is not held is ignored. */
  | { readonly op: "free"; readonly tasks: readonly TaskId[] }
  /**
   * Take the attempt back. One that waits is dropped; one that runs is stopped (force) or left to end with its result thrown
   * away. Always answered by exactly one "cancelled" once nothing of it runs, unless its "done"/"failed" was already sent.
   */
  | {
      readonly op: "cancel";
      readonly task: TaskId;
      readonly attempt: number;
      readonly force: boolean;
      readonly reason: string;
    }
  /** Let go of the attempt if it has not begun. Answered by "cancelled", or by "kept"; not at all once it has ended. */
  | { readonly op: "give-back"; readonly task: TaskId; readonly attempt: number }
  /** The answer to "unreachable-input": fresh holders. Empty: nobody has it now, wait; the task will be taken back by "cancel" or more holders come. */
  | { readonly op: "holders"; readonly task: TaskId; readonly addresses: readonly string[] }
  /** A bundle that was asked for; the error says why there is none. */
  | {
      readonly op: "bundle";
      readonly hash: string;
      readonly part: number;
      readonly parts: number;
      readonly bytes: Uint8Array;
      readonly error?: WireError | undefined;
    }
  /** Fetch copies of these results from where they lie; each is answered by "stored" or "unreachable-input". */
  | { readonly op: "replicate"; readonly inputs: readonly Input[] }
  /** Begin or cease to sample where user code spends its time. Told by "profile", now and then and at the end. */
  | { readonly op: "profile"; readonly on: boolean }
  /** Run once, now, beside the slots' queue. Answered by "run-reply". */
  | { readonly op: "run"; readonly request: number; readonly fn: FnId; readonly args: EncodedValue }
  /** Finish what runs ("drain") or stop it ("now"), then end the process; its nanny restarts it if asked to. */
  | { readonly op: "stop"; readonly how: "drain" | "now"; readonly restart: boolean; readonly reason: string };

// ── worker → scheduler ───────────────────────────────────────────────────────────────────────────────────────────────

/** Whose fault a failed attempt is: the task's own (uses up `retries`), or not (`infrastructure`: no blame, run again). */
export type Blame = "task" | "infrastructure";

/** An attempt that a worker has not ended. */
export interface OpenAttempt {
  readonly task: TaskId;
  readonly attempt: number;
  /** It was begun; otherwise it waits. */
  readonly started: boolean;
}

/**
 * All that a worker has, told when it is back after its connection was lost: messages of either side may have been lost with
 * it, and this says what came of them. It follows the ends of attempts that could not be told meanwhile.
 */
export interface Inventory {
  readonly op: "inventory";
  readonly held: readonly { readonly task: TaskId; readonly bytes: number }[];
  readonly attempts: readonly OpenAttempt[];
  /** The requests of "run" that are not answered. */
  readonly runs: readonly number[];
  readonly status: "running" | "paused" | "retiring";
}

export type WorkerToScheduler =
  | Inventory
  | {
      readonly op: "heartbeat";
      readonly memoryBytes: number;
      readonly storedBytes: number;
      readonly cpuPercent: number;
      readonly eventLoopDelayMs: number;
      /** Over all its sockets, since the heartbeat before. */
      readonly sentBytes: number;
      readonly receivedBytes: number;
    }
  | { readonly op: "started"; readonly task: TaskId; readonly attempt: number }
  /** What counted as begun waits again: the one before it in its slot takes longer than was expected. */
  | { readonly op: "unstarted"; readonly task: TaskId; readonly attempt: number }
  /** The running attempt waits for tasks that it submitted itself: its slot is free for others until "returned". */
  | { readonly op: "lent"; readonly task: TaskId; readonly attempt: number }
  /** What it waited for has come: it goes on, even if that makes one more than there are slots. */
  | { readonly op: "returned"; readonly task: TaskId; readonly attempt: number }
  /** `startMs`/`endMs` are the worker's own clock, Unix epoch milliseconds. */
  | {
      readonly op: "done";
      readonly task: TaskId;
      readonly attempt: number;
      readonly bytes: number;
      readonly startMs: number;
      readonly endMs: number;
    }
  | {
      readonly op: "failed";
      readonly task: TaskId;
      readonly attempt: number;
      readonly error: WireError;
      readonly blame: Blame;
      readonly startMs: number;
      readonly endMs: number;
    }
  | { readonly op: "cancelled"; readonly task: TaskId; readonly attempt: number }
  /** The attempt that was to be given back has begun. */
  | { readonly op: "kept"; readonly task: TaskId; readonly attempt: number }
  /** The worker now holds a copy (fetched from a peer, or put there by a client). */
  | { readonly op: "stored"; readonly task: TaskId; readonly bytes: number }
  /** A peer gave results that were asked for in one request. `startMs`/`endMs` are the worker's own clock, Unix epoch milliseconds. */
  | {
      readonly op: "transferred";
      /** Of the peer. */
      readonly address: string;
      /** How many results it gave. */
      readonly tasks: number;
      readonly bytes: number;
      readonly startMs: number;
      readonly endMs: number;
    }
  /** A result that was to be held here is gone (a spill file that could not be read). */
  | { readonly op: "dropped"; readonly task: TaskId }
  /** None of these addresses gave up the input: asks for others ("holders"). */
  | { readonly op: "unreachable-input"; readonly task: TaskId; readonly addresses: readonly string[] }
  | { readonly op: "get-bundle"; readonly hash: string }
  | {
      readonly op: "run-reply";
      readonly request: number;
      readonly value?: EncodedValue | undefined;
      readonly error?: WireError | undefined;
    }
  /** It wrote results to its disk, or read them back. */
  | {
      readonly op: "disk";
      readonly direction: "write" | "read";
      readonly bytes: number;
      readonly startMs: number;
      readonly endMs: number;
    }
  /** Where user code in its slots spent its time since it last told so. `last`: it samples no longer. */
  | { readonly op: "profile"; readonly frames: readonly ProfileFrame[]; readonly last: boolean }
  /** What it logged, and what tasks in its slots wrote, since it last told so; in order, and too much of it is left out. */
  | { readonly op: "log"; readonly lines: readonly WorkerLogLine[] }
  /** New tasks are not welcome until it is "running" again. One that is "retiring" never is: it ends with what runs there. */
  | { readonly op: "status"; readonly status: "running" | "paused" | "retiring" }
  /** It ends now by its own will: its tasks go back without blame, unless what runs is `suspect` of being the reason. */
  | { readonly op: "goodbye"; readonly reason: string; readonly suspect?: boolean | undefined };

// ── between workers, and client → worker: who dials asks, who listens answers ────────────────────────────────────────

export type PeerRequest =
  /** Answered, for each task, by the shards of its value, or by "absent"; or for all by one "busy". */
  | { readonly op: "get"; readonly request: number; readonly tasks: readonly TaskId[] }
  /** One shard of a value for the worker to hold. Answered by "put-done" after the last. */
  | ({ readonly op: "put"; readonly request: number } & Shard);

export type PeerAnswer =
  | ({ readonly op: "shard"; readonly request: number } & Shard)
  | { readonly op: "absent"; readonly request: number; readonly task: TaskId }
  /** Too many transfers are under way; ask again later. */
  | { readonly op: "busy"; readonly request: number; readonly retryMs: number }
  | { readonly op: "put-done"; readonly request: number; readonly task: TaskId };

/**
 * A piece of an encoded value. `chunkBytes` (the size of every chunk of the value) tells the receiver what to allocate; only
 * the first piece carries it, the others an empty list. The pieces follow one another in order, each wholly inside one chunk.
 */
export interface Shard {
  readonly task: TaskId;
  readonly chunkBytes: readonly number[];
  /** Beside `chunkBytes`: the numbers of the chunks that lie in shared memory. */
  readonly shared?: readonly number[] | undefined;
  readonly chunk: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** True on the piece that completes the value. */
  readonly last: boolean;
}
