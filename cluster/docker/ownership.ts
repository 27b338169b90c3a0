import { hostname } from "node:os";
import type { Logger } from "../../protocol/logger.ts";
import { isAlive, placeOf, startOf } from "../../protocol/process-identity.ts";
import { type Engine, ignoreGone } from "./engine.ts";

// Whatever a cluster makes on an engine says whose it is, so that the next cluster can remove what a process left that was
// killed.

const label = {
  cluster: "muster.cluster",
  worker: "muster.worker",
  host: "muster.owner.host",
  place: "muster.owner.place",
  pid: "muster.owner.pid",
  start: "muster.owner.start",
} as const;

type Labels = Readonly<Record<string, string>>;

/** The labels of what this process makes for a cluster. */
export function labelsOf(cluster: string, worker?: string): Record<string, string> {
  return {
    [label.cluster]: cluster,
    ...(worker === undefined ? {} : { [label.worker]: worker }),
    [label.host]: hostname(),
    [label.place]: placeOf(),
    [label.pid]: String(process.pid),
    [label.start]: startOf(process.pid) ?? "",
  };
}

/** Removes containers and networks of clusters whose process has ended on this machine. */
export async function reapOrphans(engine: Engine, log: Logger): Promise<void> {
  const ours = { filters: { label: [label.cluster] } };
  const containers = await engine.listContainers({ ...ours, all: true });
  for (const { Id, Labels, Names } of containers.filter(({ Labels: labels }) => isOrphaned(labels))) {
    log.warn(
      { container: Names[0], cluster: Labels[label.cluster] },
      "removes a container whose cluster's process ended",
    );
    await ignoreGone(engine.getContainer(Id).remove({ force: true, v: true }));
  }
  const networks = await engine.listNetworks(ours);
  for (const { Id, Name } of networks.filter(({ Labels: labels }) => isOrphaned(labels ?? {}))) {
    log.warn({ network: Name }, "removes a network whose cluster's process ended");
    await ignoreGone(engine.getNetwork(Id).remove());
  }
}

function isOrphaned(labels: Labels): boolean {
  return labels[label.place] === placeOf() && !isAlive(Number(labels[label.pid]), labels[label.start] ?? "");
}
