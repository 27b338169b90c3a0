import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Flow } from "../flow/flow.ts";
import { ClusterError, ConfigurationError } from "../protocol/errors.ts";
import { installOwnResolution } from "../protocol/own-module.ts";
import { didYouMean } from "./closest.ts";

/**
 * Imports a user's file and picks the flow to run: the one of that name, else the only one. What the file exports comes
 * first; a flow that it builds without exporting it counts when nothing else does.
 * @throws ConfigurationError BAD_OPTION when the file or the flow cannot be found, ClusterError CODE_FAILED when the file
 * throws while it is imported.
 */
export async function loadFlow(file: string, name: string | undefined): Promise<Flow> {
  const path = resolve(file);
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw refuse(`${file} is not a file: give the path of one that exports a flow, such as examples/flights.flow.ts`);
  }
  if (!/\.[cm]?[jt]s$/.test(path)) {
    throw refuse(`${file} cannot be imported: give a file that ends in .ts, .mts, .js or .mjs`);
  }
  // The flow's own `import "muster"` must get the copy that runs it, whatever is installed beside the file.
  installOwnResolution();
  const { flowsMadeBy } = await import("../flow/made-flows.ts");
  try {
    const load = (): Promise<Record<string, unknown>> => import(pathToFileURL(path).href);
    const { loaded, flows } = await flowsMadeBy(load);
    const values = new Set(Object.values(loaded));
    // In the order in which the file makes them; a module lists its exports by the alphabet.
    const exported = flows.filter((flow) => values.has(flow));
    return pick(exported.length > 0 ? exported : flows, file, name);
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new ClusterError("CODE_FAILED", `${file} could not be imported: ${what}`, { cause: error });
  }
}

function pick(flows: readonly Flow[], file: string, name: string | undefined): Flow {
  const names = flows.map((flow) => flow.name);
  const listed = names.map((each) => JSON.stringify(each)).join(", ");
  if (flows.length === 0) {
    throw refuse(`${file} exports no flow: add one, such as export const main = flow("main", () => { … })`);
  }
  const chosen = name === undefined ? flows : flows.filter((flow) => flow.name === name);
  const [flow] = chosen;
  if (flow === undefined) {
    throw refuse(`${file} has no flow ${JSON.stringify(name)}${didYouMean(name ?? "", names)}: it has ${listed}`);
  }
  if (chosen.length > 1) throw refuse(`${file} has ${chosen.length} flows (${listed}): choose one with --name`);
  return flow;
}

function refuse(message: string): ConfigurationError {
  return new ConfigurationError("BAD_OPTION", message);
}
