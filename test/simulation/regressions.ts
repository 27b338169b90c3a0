import type { Edition } from "../../testing/index.ts";

interface Regression {
  readonly seed: number;
  /** What the seed meant when it found the fault; it means the same there for ever. */
  readonly edition: Edition;
  /** Where it was found in other than the default. */
  readonly workers?: number;
  readonly tasks?: number;
  readonly found: string;
}

/** Seeds that once found a fault, and what it was. None may fail again. */
export const regressions: readonly Regression[] = [
  {
    seed: 5,
    edition: 1,
    found: "a worker that had taken a scattered value without the client hearing of it kept it for ever",
  },
  { seed: 22, edition: 1, found: "a submission that brought nothing new left its run on the books" },
  {
    seed: 84,
    edition: 1,
    found: "a retry of a cancelled future, whose task went on for others, said that a scattered value was lost",
  },
  { seed: 90, edition: 1, found: "a wish for workers that lack the resources never gave way to others" },
  {
    seed: 131,
    edition: 1,
    found: "a cancel reached a finished result of another client's that had to be computed again",
  },
  {
    seed: 132,
    edition: 1,
    found: "a worker asked for holders of a forgotten task, and was never told to stop waiting",
  },
  {
    seed: 133,
    edition: 1,
    found: "a key that failed because its input was cancelled stayed cancelled for other clients",
  },
  {
    seed: 717,
    edition: 1,
    found: "a copy was freed on the worker that had just answered with it, which then asked itself for ever",
  },
  {
    seed: 368,
    edition: 1,
    found: "a task queued at a worker stayed there although the worker that it wished for was back",
  },
  {
    seed: 452,
    edition: 1,
    found: "a task that waited for a lost input kept the resources that computing it again needed",
  },
  {
    seed: 225,
    edition: 1,
    found: "a worker that computed what it was to copy left the request for copies without an answer",
  },
  {
    seed: 1001903,
    edition: 1,
    found: "a result that vanished while it was copied left the request for copies without an answer",
  },
  { seed: 42886436, edition: 1, found: "the error of a lost task forgot its evidence when the task was tried again" },
  {
    seed: 579,
    edition: 2,
    found: "a wish for a worker that was leaving never gave way, while that worker waited for the very task",
  },
  {
    seed: 400395,
    edition: 2,
    workers: 2,
    tasks: 100,
    found: "a worker that drained called itself paused, so that what only waited for it waited for ever",
  },
  {
    seed: 500124,
    edition: 2,
    found: "a task that submits what ends its worker's process, which blamed nobody, was begun again for ever",
  },
  {
    seed: 3_005_626,
    edition: 2,
    found:
      "an attempt that waited on its worker for the end of the one before it held its run's only slot, which that one needed",
  },
  {
    seed: 2000,
    edition: 2,
    found:
      "a worker that was retired and then told to end kept a task that it did not begin any more, for which one that ran there waited",
  },
  {
    seed: 58,
    edition: 3,
    found: "a slot that was for a task whose inputs were being read from disk went to two brief tasks, each in its own",
  },
  {
    seed: 4_000_101,
    edition: 3,
    found: "brief tasks whose inputs were being read from disk waited for slots in which all that ran took long",
  },
  {
    seed: 12_014_353,
    edition: 3,
    found: "the simulation itself looked for a slot more and more often, the longer several brief tasks found none",
  },
];
