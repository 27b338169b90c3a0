import { Client, type LogLine } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeLogLine } from "../../cli/log-lines.ts";
import type { ClusterInfo } from "../../protocol/cluster-info.ts";
import { spins } from "../e2e/fixtures/faults.ts";
import { speak } from "../e2e/fixtures/speakers.ts";
import { MusterBench, type RunningMuster } from "./muster.ts";
import { until } from "./until.ts";

let bench: MusterBench;
let cluster: LocalCluster;
let client: Client;
beforeAll(async () => {
  bench = new MusterBench();
  cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 2 });
  client = await Client.connect(cluster);
});
afterAll(async () => {
  await client?.close();
  await cluster?.close();
  await bench.close();
});

const start = (...args: string[]): RunningMuster => bench.start(args, { env: { MUSTER_TOKEN: cluster.token } });
const muster = (...args: string[]): RunningMuster["ended"] => start(...args).ended;

async function says(word: string, options: { run: string; key: string }): Promise<void> {
  await client.submit(speak, [word], options);
  await until(async () => ((await client.logs(options)).length === 4 ? true : undefined), "its lines are there");
}

test("muster logs shows what tasks wrote, by task, level and run, for people and for programs", async () => {
  await says("hello", { run: "speech", key: "speak-1" });
  const { code, stdout } = await muster("logs", cluster.address, "--task", "speak-1");
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} info {2}worker-0 speak-1: hello aloud$/),
    expect.stringMatching(/warn {2}worker-0 speak-1 stderr: hello with a frown$/),
    expect.stringMatching(/debug worker-0 speak-1: in passing { word: 'hello' }$/),
    expect.stringMatching(/error worker-0 speak-1: gravely/),
  ]);
  const json = await muster("logs", cluster.address, "--run", "speech", "--level", "error", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ level: "error", run: "speech", key: "speak-1", source: "task" });
  const last = await muster("logs", cluster.address, "--worker", "worker-0", "--limit", "1");
  expect(last.stdout.trimEnd().split("\n")).toHaveLength(1);
});

test("muster logs --follow goes on with what comes, without a gap, until Ctrl-C", async () => {
  await says("before", { run: "followed", key: "follow-1" });
  const following = start("logs", cluster.address, "--run", "followed", "--follow", "--json");
  await following.says(/before aloud/);
  await says("after", { run: "followed", key: "follow-2" });
  await says("elsewhere", { run: "other", key: "follow-3" });
  await following.says(/"key":"follow-2".*gravely/);
  following.signal("SIGINT");
  const { code, stdout } = await following.ended;
  expect(code).toBe(130);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as LogLine);
  expect(lines.map(({ key }) => key)).toEqual([...Array(4).fill("follow-1"), ...Array(4).fill("follow-2")]);
});

test("muster cancel ends a run, and 1 says that there is none", async () => {
  const endless = client.submit(spins, [], { run: "endless" });
  const info = async (): Promise<ClusterInfo["runs"]> => (await client.info()).runs;
  await until(async () => (await info()).find(({ run }) => run === "endless"), "the run is known");
  const typo = await muster("cancel", "endles", cluster.address);
  expect(typo.stdout).toBe('There is no run "endles" (did you mean "endless"?); see "muster status".\n');
  expect(typo.code).toBe(1);
  expect(endless.status).toBe("pending");
  const ended = await muster("cancel", "endless", cluster.address, "--reason", "enough", "--json");
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout)).toMatchObject({ run: "endless", found: true });
  expect(String(await endless.exception())).toContain("enough");
});

test("muster status shows runs, and --watch --json a line each time until Ctrl-C", async () => {
  const endless = client.submit(spins, [], { run: "watched" });
  const watching = start("status", cluster.address, "--watch", "--json");
  const [, second = ""] = await watching.says(/^.*\n(.*"run":"watched".*)\n/);
  expect(JSON.parse(second)).toMatchObject({ workers: [{ name: "worker-0" }] });
  watching.signal("SIGINT");
  expect((await watching.ended).code).toBe(130);
  const { stdout } = await muster("status", cluster.address);
  expect(stdout).toMatch(/^run +waiting +assigned +finished +failed\n(?:.*\n)*watched +0 +1 +0 +0$/m);
  await client.cancel(endless);
});

test("what a task wrote cannot move the cursor, colour the terminal, or pass for another line", () => {
  const line: LogLine = {
    atMs: 0,
    level: "info",
    source: "task",
    worker: "w\u001b[2J",
    key: "k\r",
    attempt: 2,
    stream: "stdout",
    text: "\u001b[31mred\u001b[0m \u009b2J\u0007\u202e up\n00:00:00.000 error scheduler: forged",
  };
  expect(describeLogLine(line)).toBe(
    "00:00:00.000 info  w\\u001b[2J k\\u000d (attempt 2): red \\u0007\\u202e up\n  00:00:00.000 error scheduler: forged",
  );
});
