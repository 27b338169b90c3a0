import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Client, ClusterExecutor, flow } from "muster";
import { DockerCluster } from "muster/cluster/docker";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { DockerDeployer } from "../../../cluster/docker/docker-deployer.ts";
import { type ClusterNetwork, openNetwork } from "../../../cluster/docker/network.ts";
import { resolveDockerClusterOptions } from "../../../cluster/docker/options.ts";
import { born, inc } from "../../e2e/fixtures/arithmetic.ts";
import { eventually } from "../../eventually.ts";
import { deployerConformance } from "../deployed/conformance.ts";
import { EngineProcess } from "./engine-process.ts";
import { buildImage, outputOf } from "./image.ts";

const image = "muster-test:1";
const networkName = "conformance";
const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};

let engine: EngineProcess;
let network: ClusterNetwork;

beforeAll(async () => {
  engine = await EngineProcess.start();
  // As for a user: packages are fetched, and the sources compiled.
  await buildImage(engine, image);
  await engine.client.createNetwork({ Name: networkName, Driver: "bridge" });
  network = await openNetwork(engine.client, "conformance", networkName);
}, 600_000);

afterEach(async () => {
  expect(await engine.leftovers()).toEqual([]);
});

afterAll(() => engine?.stop());

const options = (): { image: string; dockerHost: string; pull: "never" } => ({
  image,
  dockerHost: engine.host,
  pull: "never",
});

let clusters = 0;

deployerConformance("the deployer of DockerCluster", {
  deployer: () => {
    clusters++;
    const resolved = resolveDockerClusterOptions(options());
    return new DockerDeployer({ engine: engine.client, network, id: `conformance-${clusters}`, options: resolved });
  },
  kill: (worker) => engine.client.getContainer(`muster-conformance-${clusters}-${worker.name}`).kill(),
  host: () => network.gateway,
});

test("the image runs the command, as a user without rights who may write in his home", async () => {
  expect(await outputOf(engine, image, ["--version"])).toBe(`${version}\n`);
  const who = "fs.writeFileSync('written', ''); console.log(process.getuid(), process.getgid(), process.cwd())";
  expect(await outputOf(engine, image, ["-e", who], { Entrypoint: "node" })).toBe("10001 10001 /home/muster\n");
});

test("the image keeps what runs, and nothing of what built it", async () => {
  const kept = "console.log(fs.readdirSync('.').join(' '), fs.existsSync('node_modules/typescript'))";
  const said = await outputOf(engine, image, ["-e", `process.chdir('/opt/muster'); ${kept}`], { Entrypoint: "node" });
  expect(said).toBe("dist node_modules package.json false\n");
});

test("workers run in containers with their limits and labels, in a network of their own", async () => {
  await using cluster = await DockerCluster.start({
    ...options(),
    threadsPerWorker: 2,
    memoryLimit: "512MiB",
    cpus: 0.5,
    env: { COLOUR: "blue" },
  });
  await using client = await Client.connect(cluster);
  expect(await client.submit(() => process.env["COLOUR"], [])).toBe("blue");
  const [container, ...others] = await engine.client.listContainers();
  expect(others).toEqual([]);
  const { HostConfig, Config, NetworkSettings } = await engine.client.getContainer(container?.Id ?? "").inspect();
  expect(HostConfig).toMatchObject({ Memory: 512 * 2 ** 20, NanoCpus: 5e8 });
  expect(Config.Labels).toMatchObject({ "muster.worker": "worker-0", "muster.owner.pid": String(process.pid) });
  expect(Config.Cmd.join(" ")).not.toContain(cluster.token);
  expect(Object.keys(NetworkSettings.Networks)).toEqual([`muster-${Config.Labels["muster.cluster"]}`]);
  const [worker] = (await client.info()).workers;
  expect(worker).toMatchObject({ name: "worker-0", slots: 2 });
  // The worker knows of the container's limit by itself.
  expect(worker?.memoryLimitBytes).toBeLessThanOrEqual(512 * 2 ** 20);
  expect(worker?.memoryLimitBytes).toBeGreaterThan(0);
});

test("a flow runs in the image that its context names, the class named by its import path", async () => {
  const where = flow("where", () => born(0));
  const { image: _, ...clusterOptions } = options();
  const executor = new ClusterExecutor({ clusterClass: "muster/cluster/docker#DockerCluster", clusterOptions });
  const state = await where.run({ executor, context: { image } });
  expect(state.resultOf("born")).toMatchObject({ worker: "worker-0" });
});

test("what a killed process left is removed by the next cluster", async () => {
  const file = fileURLToPath(new URL("fixtures/abandoned-cluster.ts", import.meta.url));
  const ownResolution = new URL("../../own-resolution.mjs", import.meta.url).href;
  const args = ["--import", ownResolution, file, image, engine.host];
  const program = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(program.stdout, "data");
  program.kill("SIGKILL");
  await once(program, "exit");
  expect(await engine.leftovers()).toHaveLength(2);
  await using cluster = await DockerCluster.start({ ...options(), nWorkers: 0 });
  expect(await engine.leftovers()).toEqual([expect.stringContaining("network")]);
  expect(cluster.workers).toEqual([]);
});

test("an image that is not there is the reason, at once, and nothing is left", async () => {
  const missing = { ...options(), image: "no-such-image:9" };
  await expect(DockerCluster.start(missing)).rejects.toMatchObject({
    code: "NOT_STARTED",
    message: expect.stringMatching(/"no-such-image:9" is not on the Docker engine/),
  });
  await expect(DockerCluster.start({ ...missing, pull: "missing" })).rejects.toMatchObject({
    code: "NOT_STARTED",
    message: expect.stringMatching(/"no-such-image:9" .* cannot be pulled/),
  });
});

test("a container that ends at once is the reason, with its exit code and last lines", async () => {
  const broken = { ...options(), env: { NODE_OPTIONS: "--no-such-option" } };
  await expect(DockerCluster.start(broken)).rejects.toMatchObject({
    code: "WORKER_LOST",
    message: expect.stringMatching(/worker-0 ended before it had joined the cluster \(exit code 9\).*no-such-option/s),
  });
});

test("without an engine, that is said", async () => {
  const nowhere = { ...options(), dockerHost: "unix:///no/such/socket" };
  await expect(DockerCluster.start(nowhere)).rejects.toMatchObject({
    code: "NOT_STARTED",
    message: expect.stringContaining("/no/such/socket"),
  });
});

test("a worker whose container is removed behind the cluster's back is replaced", async () => {
  await using cluster = await DockerCluster.start(options());
  await using client = await Client.connect(cluster);
  const [container] = await engine.client.listContainers();
  await engine.client.getContainer(container?.Id ?? "").remove({ force: true });
  await eventually("another container", async () => {
    const [next] = await engine.client.listContainers();
    return next !== undefined && next.Id !== container?.Id;
  });
  expect(await client.submit(inc, [1])).toBe(2);
});
