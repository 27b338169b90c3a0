import { fileURLToPath } from "node:url";
import { Client } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ClusterError, TaskError } from "../../protocol/errors.ts";
import { eventually } from "../eventually.ts";
import { exits, fine, overflows, returnsFunction, spins, throwsError, throwsText } from "./fixtures/faults.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks("file");

describe.each(["threads", "processes"] as const)("on slots that are %s, a task that", (executor) => {
  let cluster: LocalCluster;
  let client: Client;

  beforeAll(async () => {
    cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 1, executor, memoryLimit: "1GiB" });
    client = await Client.connect(cluster);
  });
  // The only slot has to be free again after each of these, and its worker the same as before.
  afterEach(async () => {
    expect(await client.submit(fine, [42]).result({ timeoutMs: 20_000 })).toBe(42);
  });
  afterAll(async () => {
    await client?.close();
    await cluster?.close();
  });

  const errorOf = async (future: { exception(): Promise<unknown> }): Promise<ClusterError> =>
    (await future.exception()) as ClusterError;

  test("throws fails with what it threw, with the user's file and line in the stack", async () => {
    const error = await errorOf(client.submit(throwsError, ["seven"]));
    expect(error).toBeInstanceOf(TaskError);
    expect(error.code).toBe("TASK_FAILED");
    const cause = error.cause as Error;
    expect(cause).toMatchObject({ name: "RangeError", message: "out of range: seven" });
    expect(cause.stack).toContain(`${fileURLToPath(new URL("fixtures/faults.ts", import.meta.url))}:4:`);
  });

  test("throws a non-Error fails with a description of it", async () => {
    const error = await errorOf(client.submit(throwsText, []));
    expect(error.code).toBe("TASK_FAILED");
    expect(`${error.message} ${String(error.cause)}`).toContain("just a text");
  });

  test("returns something that cannot be sent fails with the path inside it", async () => {
    const error = await errorOf(client.submit(returnsFunction, []));
    expect(error.code).toBe("UNSENDABLE_VALUE");
    expect(error.message).toContain("result.rows[3].callback");
  });

  test("never returns is stopped at its timeout", async () => {
    const error = await errorOf(client.submit(spins, [], { timeoutMs: 300 }));
    expect(error.code).toBe("TASK_TIMED_OUT");
  });

  test("never returns is stopped by a cancel", async () => {
    const future = client.submit(spins, []);
    await eventually("it to run", async () => (await client.info()).workers.some((worker) => worker.running > 0));
    await client.cancel([future]);
    expect(future.status).toBe("cancelled");
  });

  test("calls process.exit fails and says with which code", async () => {
    const error = await errorOf(client.submit(exits, [3]));
    expect(error.code).toBe("TASK_EXITED");
    expect(error.message).toMatch(/\b3\b/);
  });

  test("overflows its heap fails, and takes nobody along", async () => {
    const error = await errorOf(client.submit(overflows, []));
    expect(error.code).toBe("TASK_OUT_OF_MEMORY");
  });
});
