// npm run test:planted: plants a bug at a time in a copy of the cores, and runs the simulation on it until a seed catches
// it. A simulation that lets one of these through proves nothing; the exit code is 1 then.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

interface PlantedBug {
  readonly what: string;
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
}

const bugs: readonly PlantedBug[] = [
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
    right: `if (was.kind === "waiting") was.missing++;`,
    wrong: `if (was.kind === "waiting") was.missing += 0;`,
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
    right: "if (!waiter.gone) state.toWorker(waiter",
    wrong: "if (waiter.gone) state.toWorker(waiter",
  },
  {
    what: "worker: an attempt that waits for its predecessor's end is forgotten",
    file: "worker/core/attempts.ts",
    right: "if (state.next !== undefined) this.compute(state.next, nowMs);",
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
    right: "    budget.giveBack(resources);\n",
    wrong: "",
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
    right: "    } else givenBack.push(task);\n",
    wrong: "    }\n",
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
];

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["protocol", "scheduler", "worker", "client", "testing", "test"];
/** `npm run test:planted -- WORDS`: only those that have these words in their description. */
const wanted = process.argv[2] ?? "";
let missed = 0;

for (const { what, file, right, wrong } of bugs.filter(({ what }) => what.includes(wanted))) {
  const copy = mkdtempSync(join(tmpdir(), "muster-planted-"));
  try {
    for (const folder of [...folders, "package.json"])
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const path = join(copy, file);
    const source = readFileSync(path, "utf8");
    if (!source.includes(right)) throw new Error(`${file} no longer has the line that "${what}" breaks`);
    writeFileSync(path, source.replace(right, wrong));
    const run = spawnSync(process.execPath, [join(copy, "test/simulation/run.ts"), "--from", "1", "--seeds", "3000"], {
      encoding: "utf8",
    });
    const caught = /^SEED=(\d+) \(replay[^)]*\) (.*)$/m.exec(`${run.stdout}\n${run.stderr}`);
    if (caught === null || run.status === 0) missed++;
    const [, seed = "none", how = ""] = caught ?? [];
    process.stdout.write(`| ${what} | ${seed} | ${how.slice(0, 140).replaceAll("|", "/")} |\n`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

if (missed > 0) {
  process.stderr.write(`${missed} planted bugs were not caught\n`);
  process.exitCode = 1;
}
