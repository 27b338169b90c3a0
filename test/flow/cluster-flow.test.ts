import { ClusterExecutor, flow, parameter } from "muster";
import { expect, test } from "vitest";
import { hang, range, shaky, square, sum, tidy } from "./cluster-tasks.ts";

test("a flow on a temporary cluster: mapping, retries, a hard timeout, and results that outlive the cluster", async () => {
  const made = flow("clustered", () => {
    sum(shaky.map(square.map(range(parameter("n", 20)))));
    tidy(hang());
  });
  const state = await made.run({
    executor: new ClusterExecutor({ clusterOptions: { nWorkers: 2, threadsPerWorker: 1 } }),
  });
  expect(state.message).toBe("All reference tasks succeeded.");
  expect(state.resultOf(sum)).toBe(2470);
  expect(state.taskState(shaky).children.every((child) => child.isSuccessful())).toBe(true);
  expect(state.taskState(hang).isTimedOut()).toBe(true);
  expect(state.resultOf(tidy)).toContain("Error");
});
