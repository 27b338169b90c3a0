// What `import … from "muster"` gives: on clients, and to the code of tasks on workers.

export type { ComputeOptions, GatherOptions, RunShareOptions, WorkersOption } from "./client/call-options.ts";
export { Client } from "./client/client.ts";
export type { ClientOptions, ClusterAddress } from "./client/client-options.ts";
export { installedPackage } from "./client/code/installed-package.ts";
export { asCompleted, type WaitOptions, type WaitResult, wait } from "./client/completion.ts";
export { type CancelOptions, Future, type FutureStatus } from "./client/future.ts";
export { Graph, type GraphNode } from "./client/graph.ts";
export type { LogLine, LogsOptions } from "./client/logs.ts";
export type { Placed, PlacedArgs, Reference, Unmapped } from "./client/placeholder.ts";
export { Progress, type ProgressCounts, progress } from "./client/progress.ts";
export type { ScatterOptions } from "./client/scatter.ts";
export type { SubmitOptions } from "./client/submit-options.ts";
export { type AnyTask, type Submittable, type Task, task } from "./client/task.ts";
export { type TaskContext, taskContext } from "./client/task-context.ts";
export type { TaskOptions } from "./client/task-options.ts";
export type { EventListener, WatchOptions } from "./client/watching.ts";
export type { Adapting, AdaptOptions } from "./cluster/adapt-options.ts";
export type { Executor, ExecutorFuture, RunContext, StartOptions, SubmitExtra } from "./flow/executor.ts";
export {
  ClusterExecutor,
  type ClusterExecutorOptions,
} from "./flow/executors/cluster-executor.ts";
export { LocalExecutor } from "./flow/executors/local-executor.ts";
export { PoolExecutor, type PoolExecutorOptions, type PoolScheduler } from "./flow/executors/pool-executor.ts";
export * from "./flow/index.ts";
export type { ClusterInfo, RunInfo, WorkerInfo, WorkerStatus } from "./protocol/cluster-info.ts";
export {
  CancelledError,
  ClusterError,
  ConfigurationError,
  type ErrorCode,
  InvariantViolation,
  ProtocolError,
  TaskError,
  WorkerLostError,
} from "./protocol/errors.ts";
export type {
  AttemptFate,
  ExplainedAttempt,
  ExplainedCause,
  ExplainedReason,
  ExplainedState,
  ExplainedTask,
  Explanation,
  ReasonCode,
} from "./protocol/explanation.ts";
export type { Logger, LogLevel } from "./protocol/logger.ts";
export type {
  AttemptEvent,
  ClusterEvent,
  DiskEvent,
  DroppedEvent,
  LogEvent,
  ProfileEvent,
  ProfileFrame,
  ScalingDecision,
  ScalingEvent,
  SubmittedEvent,
  TaskEndEvent,
  TransferEvent,
  VitalsEvent,
  WorkerChangeEvent,
} from "./protocol/record.ts";
export { version } from "./protocol/version.ts";
