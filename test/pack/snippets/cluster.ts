// A cluster's life as its users write it.
import { Client } from "muster";
import { type Adapting, DeployedCluster, type Deployer } from "muster/cluster";
import { DockerCluster, type DockerClusterOptions } from "muster/cluster/docker";
import { LocalCluster } from "muster/cluster/local";

const none: Deployer = { start: () => Promise.reject(new Error("there is no such platform")) };
const options: DockerClusterOptions = { image: "muster:1", pull: "never" };

if (import.meta.main) {
  const cluster = await LocalCluster.start({ nWorkers: 1, executor: "processes", memoryLimit: "1GiB" });
  try {
    const address: string = cluster.address;
    const token: string = cluster.token;
    const client = await Client.connect(address, { token, name: "snippet", timeoutMs: 30_000 });
    await client.waitForWorkers(1, { timeoutMs: 30_000 });
    await cluster.scale(2);
    const pids: (number | undefined)[] = cluster.workers.map((worker) => worker.pid);
    if (new Set(pids).size !== 2) throw new Error(`expected two workers, got ${JSON.stringify(cluster.workers)}`);
    const logs: Record<string, string[]> = await cluster.logs();
    if (Object.keys(logs).length === 0) throw new Error("expected logs of every process");
    const adapting: Adapting = cluster.adapt({ minimum: 2, maximum: 2 });
    await adapting.stop();
    await client[Symbol.asyncDispose]();
    const refused: unknown = await DeployedCluster.deploy(none, { nWorkers: 1 }).catch((error: unknown) => error);
    if (!String(refused).includes("no such platform")) throw new Error(`expected the reason, got ${String(refused)}`);
    // The package dockerode is an optional one, and not installed here.
    const lacking: unknown = await DockerCluster.start(options).catch((error: unknown) => error);
    if (!String(lacking).includes("npm install dockerode")) throw new Error(`expected advice, got ${String(lacking)}`);
  } finally {
    await cluster.close();
  }
  process.stdout.write("cluster ok\n");
}
