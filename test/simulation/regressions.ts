/** Seeds that once found a fault, and what it was. A scenario drawn by a newer simulation may differ; none may fail again. */
export const regressions: readonly { readonly seed: number; readonly found: string }[] = [
  { seed: 5, found: "a worker that had taken a scattered value without the client hearing of it kept it for ever" },
  { seed: 22, found: "a submission that brought nothing new left its run on the books" },
  {
    seed: 84,
    found: "a retry of a cancelled future, whose task went on for others, said that a scattered value was lost",
  },
  { seed: 90, found: "a wish for workers that lack the resources never gave way to others" },
  { seed: 131, found: "a cancel reached a finished result of another client's that had to be computed again" },
  { seed: 132, found: "a worker asked for holders of a forgotten task, and was never told to stop waiting" },
  { seed: 133, found: "a key that failed because its input was cancelled stayed cancelled for other clients" },
  {
    seed: 717,
    found: "a copy was freed on the worker that had just answered with it, which then asked itself for ever",
  },
  { seed: 368, found: "a task queued at a worker stayed there although the worker that it wished for was back" },
  { seed: 452, found: "a task that waited for a lost input kept the resources that computing it again needed" },
  { seed: 225, found: "a worker that computed what it was to copy left the request for copies without an answer" },
  { seed: 1001903, found: "a result that vanished while it was copied left the request for copies without an answer" },
  { seed: 42886436, found: "the error of a lost task forgot its evidence when the task was tried again" },
];
