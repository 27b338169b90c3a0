/** A line of the cores, and what is put in its place. */
export interface PlantedBug {
  readonly what: string;
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
  /** Options of the simulation with which it shows; without them it does so too seldom. */
  readonly drawn?: readonly string[];
}

/** Faults that the simulation must notice; one that it lets through shows what it does not look at. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    what: "scheduler: a result that nobody needs is never freed on one of its holders",
    file: "scheduler/core/settle.ts",
    right: "else tasks.push(task.id);",
    wrong: "",
  },
  {
    what: "scheduler: an answer counts whichever attempt it is for",
    file: "scheduler/core/worker-messages.ts",
    right: "current.worker !== worker || current.attempt !== attempt",
    wrong: "current.worker !== worker",
  },
  {
    what: "scheduler: an answer counts whichever worker it comes from",
    file: "scheduler/core/worker-messages.ts",
    right: "current.worker !== worker || current.attempt !== attempt",
    wrong: "false",
  },
  {
    what: "scheduler: dependents that end are not counted out, so that inputs are kept for ever",
    file: "scheduler/core/enter.ts",
    right: "      dep.activeDependents--;\n",
    wrong: "",
  },
  {
    what: "scheduler: a waiting task is not told that one more of its inputs vanished",
    file: "scheduler/core/transitions.ts",
    right: "      was.missing++;\n",
    wrong: "",
  },
  {
    what: "scheduler: resources of a stopped attempt are not given back",
    file: "scheduler/core/worker-messages.ts",
    right: "  worker.giveBack(entry.resources);\n",
    wrong: "",
  },
  {
    what: "scheduler: workers that wait for holders of an input are not told of a new one",
    file: "scheduler/core/transitions.ts",
    right: `if (!waiter.gone) state.toWorker(waiter, { op: "holders"`,
    wrong: `if (waiter.gone) state.toWorker(waiter, { op: "holders"`,
  },
  {
    what: "scheduler: an attempt is sent to where the one before is still being stopped",
    file: "scheduler/core/placement-class.ts",
    right: "  if (placement.besides?.has(worker) === true) return false;\n",
    wrong: "",
  },
  {
    what: "worker: a freed result stays in the store",
    file: "worker/core/held.ts",
    right: "if (dropped.length > 0) this.#outbox.push",
    wrong: "if (dropped.length > 1) this.#outbox.push",
  },
  {
    what: "worker: resources of an ended attempt are not given back",
    file: "worker/core/attempts.ts",
    right: "    budget.giveBack(resources);\n    story.tell(task, nowMs, state.kind",
    wrong: "    story.tell(task, nowMs, state.kind",
  },
  {
    what: "worker: a cancelled attempt that had not begun is not confirmed",
    file: "worker/core/attempts.ts",
    right: `        this.#leave(attempt);
        return outbox.send({ op: "cancelled", task, attempt: number });`,
    wrong: `        return this.#leave(attempt);`,
  },
  {
    what: "worker: an input that arrived wakes only the first of the tasks that wait for it",
    file: "worker/core/attempts.ts",
    right: "      attempt.state.inputs.delete(task);\n      this.#readyIfComplete(attempt, nowMs);\n",
    wrong: "      attempt.state.inputs.delete(task);\n      this.#readyIfComplete(attempt, nowMs);\n      break;\n",
  },
  {
    what: "scheduler: a task that a worker which is back never got stays with it",
    file: "scheduler/core/inventory.ts",
    right: "      givenBack.push(task);\n",
    wrong: "",
  },
  {
    what: "scheduler: a client that is back is not told of what failed meanwhile",
    file: "scheduler/core/client-session.ts",
    right: `    else if (task.state.kind === "erred") tellErred(state, { client, future }, task.state.error);\n`,
    wrong: "",
  },
  {
    what: "scheduler: a submission that a client which is back says again is taken again",
    file: "scheduler/core/conversation.ts",
    right: "    if (submission <= this.#lastSubmission) return false;\n",
    wrong: "",
  },
  {
    what: "scheduler: a worker that is paused or cut off counts as one that never runs a task",
    file: "scheduler/core/suitability.ts",
    right: `if (worker.status !== "retiring" && suits`,
    wrong: `if (worker.status === "running" && suits`,
  },
  {
    what: "worker: a slot counts as lent after its task has ended",
    file: "worker/core/jobs.ts",
    right: "    if (this.isLent(number)) this.#lent--;\n",
    wrong: "",
  },
  {
    what: "worker: the scheduler is not told of slots that are lent",
    file: "worker/core/core.ts",
    right: `if (job?.kind === "attempt") this.#attempts.lent(job.attempt, lent, nowMs);`,
    wrong: "",
  },
  {
    what: "worker: an attempt whose spilled input cannot be read back is forgotten",
    file: "worker/core/core.ts",
    right: `if (job?.kind === "attempt") this.#attempts.unready(job.attempt, nowMs);`,
    wrong: "",
  },
  {
    what: "worker: the file of a spilled result stays when nobody needs the result",
    file: "worker/core/spill-policy.ts",
    right: `    if (entry.filed) this.#effects.push({ kind: "remove", id: entry.id });\n`,
    wrong: "",
  },
  {
    what: "worker: what waited in a slot behind a task that takes long is forgotten",
    file: "worker/core/core.ts",
    right: `if (job?.kind === "attempt") this.#attempts.unstarted(job.attempt, nowMs);`,
    wrong: "",
  },
  {
    what: "scheduler: what a worker that begins nothing more takes back from a slot stays with it",
    file: "scheduler/core/worker-messages.ts",
    right: "if (!worker.beginsTasks) giveAway(state, task);",
    wrong: "",
    drawn: "--workers 3 --traits brief,nested --deeds none --faults stop,memory-pressure".split(" "),
  },
  {
    what: "scheduler: a task that is suspected of the death of its worker may share a slot",
    file: "scheduler/core/placement.ts",
    right: "alone: isToBeAlone(state, task) || undefined",
    wrong: "alone: undefined",
    drawn: "--traits brief,crashes --faults crash".split(" "),
  },
  {
    what: "scheduler: what was sent to follow a task is left on its worker when that task does not end there",
    file: "scheduler/core/enter.ts",
    right: "    withdraw(state, was.follower, { force: true, reason });\n",
    wrong: "    was.follower = undefined;\n",
  },
  {
    what: "scheduler: what follows a task takes no place once that is done",
    file: "scheduler/core/placement.ts",
    right: "  worker.processing.add(task);\n",
    wrong: "",
  },
];

/** The bug in its place. @throws {Error} if the line that it breaks is not there, or there more than once. */
export function plant({ what, file, right, wrong }: PlantedBug, source: string): string {
  const [before, after, ...more] = source.split(right);
  if (after === undefined) throw new Error(`${file} no longer has the line that "${what}" breaks`);
  if (more.length > 0) throw new Error(`${file} has the line that "${what}" breaks more than once`);
  return `${before}${wrong}${after}`;
}
