import { expect, test } from "vitest";
import { JobLabels } from "../../../worker/agent/job-labels.ts";

const label = (key: string) => ({ key, attempt: 1, run: "r" });

test("a job keeps its label while it runs, however many come and go, and for a while after its end", () => {
  const labels = new JobLabels();
  labels.begin(0, label("long"));
  for (let job = 1; job <= 5_000; job++) {
    labels.begin(job, label(`key-${job}`));
    labels.end(job);
  }
  expect(labels.of(0)).toEqual(label("long"));
  expect(labels.of(5_000)).toEqual(label("key-5000"));
  expect(labels.of(1)).toBeUndefined();
  expect(labels.of(9_999)).toBeUndefined();
  labels.end(9_999);
});
