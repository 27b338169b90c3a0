// Every branded id is declared and made here, so that a task's number can never be passed where a worker's is meant.

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** The scheduler's number for one task. Never reused, so a message about a forgotten task is recognisably stale. */
export type TaskId = Brand<number, "TaskId">;
/** A client's own number for one of its futures; unique within that client's session. */
export type FutureId = Brand<number, "FutureId">;
/** The scheduler's number for one registration of a worker process. */
export type WorkerId = Brand<number, "WorkerId">;
/** The scheduler's number for one client connection. */
export type ClientId = Brand<number, "ClientId">;
/** The number by which one function is known on one connection, once it has been defined there. */
export type FnId = Brand<number, "FnId">;

export const taskId = (value: number): TaskId => value as TaskId;
export const futureId = (value: number): FutureId => value as FutureId;
export const workerId = (value: number): WorkerId => value as WorkerId;
export const clientId = (value: number): ClientId => value as ClientId;
export const fnId = (value: number): FnId => value as FnId;
