import { describe, expect, test } from "vitest";
import {
  CancelledError,
  ClusterError,
  ConfigurationError,
  InvariantViolation,
  ProtocolError,
  TaskError,
  WorkerLostError,
} from "../../protocol/errors.ts";
import { fromWireError, toWireError } from "../../protocol/wire-error.ts";

describe("errors of ours", () => {
  test.each([
    new ClusterError("TOO_LARGE", "m"),
    new TaskError("TASK_TIMED_OUT", "m", { retryable: true, details: { timeoutMs: 5 } }),
    new WorkerLostError("m", { details: { attempts: [{ worker: "a" }] } }),
    new CancelledError("m"),
    new ConfigurationError("BAD_OPTION", "m"),
    new ProtocolError("BAD_TOKEN", "m"),
    new InvariantViolation("m"),
  ])("$name keeps class, code, message, details and stack", (error) => {
    const got = fromWireError(structuredClone(toWireError(error))) as ClusterError;
    expect(got.constructor).toBe(error.constructor);
    expect(got).toMatchObject({ name: error.name, code: error.code, message: "m", retryable: error.retryable });
    expect(got.details).toEqual(error.details);
    expect(got.stack).toBe(error.stack);
  });

  test("made by a core, without a name, get the class of their code", () => {
    const made = (code: "WORKER_LOST" | "TASK_FAILED" | "CANCELLED" | "NO_WORKERS"): Error =>
      fromWireError({ code, message: "m", retryable: false });
    expect(made("WORKER_LOST")).toBeInstanceOf(WorkerLostError);
    expect(made("TASK_FAILED")).toBeInstanceOf(TaskError);
    expect(made("CANCELLED")).toBeInstanceOf(CancelledError);
    expect(made("NO_WORKERS").constructor).toBe(ClusterError);
  });
});

describe("a user's error", () => {
  const thrown = Object.assign(new TypeError("no rows", { cause: new RangeError("page 9") }), {
    status: 404,
    socket: () => 1,
  });

  test("below a TaskError is a plain Error that looks as it did", () => {
    const got = fromWireError(toWireError(new TaskError("TASK_FAILED", "load failed", { cause: thrown }))) as TaskError;
    const cause = got.cause as Error & { status: number };
    expect(got).toBeInstanceOf(TaskError);
    expect(cause).not.toBeInstanceOf(ClusterError);
    expect(cause).toMatchObject({ name: "TypeError", message: "no rows", stack: thrown.stack, status: 404 });
    expect("socket" in cause).toBe(false);
    expect(cause.cause).toMatchObject({ name: "RangeError", message: "page 9" });
  });

  test("on its own becomes the cause of a TaskError", () => {
    const got = fromWireError(toWireError(thrown)) as TaskError;
    expect(got).toBeInstanceOf(TaskError);
    expect(got.code).toBe("TASK_FAILED");
    expect(got.cause).toMatchObject({ name: "TypeError", message: "no rows" });
  });

  test("gets the code that the caller gives", () => {
    expect(toWireError(new SyntaxError("x"), "CODE_FAILED")).toMatchObject({
      code: "CODE_FAILED",
      name: "SyntaxError",
    });
    expect(fromWireError(toWireError(new SyntaxError("x"), "CODE_FAILED"))).toMatchObject({
      code: "CODE_FAILED",
      message: "x",
    });
  });
});

describe("whatever was thrown", () => {
  test.each([
    ["a string", "boom", "boom"],
    ["undefined", undefined, "undefined"],
    ["an object", { a: [1n] }, "{ a: [ 1n ] }"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
  ])("%s is shown", (_, thrown, shown) => {
    const wire = toWireError(thrown);
    expect(wire).toMatchObject({ code: "TASK_FAILED", name: "NonError" });
    expect(wire.message).toContain(shown);
    expect((fromWireError(wire) as Error).message).toContain(shown);
  });

  test("an error whose properties throw", () => {
    const error = new Error("x");
    Object.defineProperty(error, "message", {
      get: () => {
        throw new Error("trap");
      },
    });
    expect(toWireError(error).message).toContain("trap");
  });

  test("causes that go round, or on and on, end", () => {
    const round = new Error("round");
    round.cause = round;
    expect(toWireError(round).cause).toBeUndefined();
    let long = new Error("0");
    for (let index = 1; index < 100; index++) long = new Error(String(index), { cause: long });
    let links = 0;
    for (let wire = toWireError(long).cause; wire !== undefined; wire = wire.cause) links++;
    expect(links).toBe(8);
  });

  test("messages, stacks and details are bounded", () => {
    const huge = Object.assign(new Error("m".repeat(1e6)), { body: "b".repeat(1e6), ok: 1 });
    const wire = toWireError(huge);
    expect(wire.message.length).toBeLessThan(40_000);
    expect(wire.stack?.length).toBeLessThan(40_000);
    expect(wire.details).toEqual({ ok: 1 });
  });

  test("an AggregateError names its errors", () => {
    const wire = toWireError(new AggregateError([new Error("a"), new Error("b")], "both failed"));
    expect(wire.message).toBe("both failed: a; b");
    expect(wire.cause?.message).toBe("a");
  });
});
