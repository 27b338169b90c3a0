import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Configuration, type ConfigurationSources, readConfiguration } from "../../cli/configuration.ts";
import {
  duration,
  either,
  oneOf,
  optional,
  parameters,
  perCall,
  resources,
  setting,
  size,
  text,
  wholeNumber,
  yes,
} from "../../cli/setting.ts";

const worker = {
  nworkers: setting("--nworkers <n>", "", either(oneOf("auto"), wholeNumber(1)), 1),
  executor: setting("--executor <kind>", "", oneOf("threads", "processes"), "threads"),
  memoryLimit: optional("--memory-limit <size>", "", size),
  deathTimeout: setting("--death-timeout <duration>", "", duration, 60_000),
  resources: setting("--resources <list>", "", resources, {}),
  nanny: setting("--no-nanny", "", yes, true),
  name: optional("--name <name>", "", text),
};
const run = {
  executor: optional("--executor <kind>", "", oneOf("local", "threads", "processes", "cluster")),
  param: perCall("--param <k=v...>", "", parameters, {}),
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "muster-configuration-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const read = (sources: Partial<ConfigurationSources> = {}): Promise<Configuration<typeof worker>> =>
  readConfiguration(worker, {
    command: "worker",
    commands: { worker, run },
    given: {},
    environment: {},
    directory,
    ...sources,
  });

const writeJson = (content: unknown): string => {
  const path = join(directory, "muster.config.json");
  writeFileSync(path, JSON.stringify(content));
  return path;
};

describe("precedence", () => {
  test("the command line wins over the environment, that over the file, that over the default", async () => {
    writeJson({ executor: "processes", deathTimeout: "3s", nworkers: 3, name: "from-file" });
    const { values, origins } = await read({
      given: { nworkers: "1" },
      environment: { MUSTER_NWORKERS: "2", MUSTER_DEATH_TIMEOUT: "2s" },
    });
    expect(values).toMatchObject({ nworkers: 1, deathTimeout: 2_000, executor: "processes", name: "from-file" });
    expect(values.memoryLimit).toBeUndefined();
    expect(origins).toMatchObject({
      nworkers: "command line",
      deathTimeout: "environment",
      executor: "file",
      memoryLimit: "default",
    });
  });

  test("what is meant for one command wins over what is meant for all", async () => {
    writeJson({ name: "all", worker: { name: "worker" } });
    expect((await read()).values.name).toBe("worker");
    const environment = { MUSTER_EXECUTOR: "cluster", MUSTER_WORKER_EXECUTOR: "processes" };
    expect((await read({ environment })).values.executor).toBe("processes");
  });

  test("an empty variable is as good as none", async () => {
    expect((await read({ environment: { MUSTER_NAME: "" } })).values.name).toBeUndefined();
  });

  test("a file in TypeScript exports its settings as default", async () => {
    writeFileSync(
      join(directory, "muster.config.ts"),
      'const limit: string = "2GiB";\nexport default { memoryLimit: limit, resources: { GPU: 2 }, nanny: false };\n',
    );
    expect((await read()).values).toMatchObject({ memoryLimit: 2 ** 31, resources: { GPU: 2 }, nanny: false });
  });

  test("the variables by which Kubernetes describes a service called muster-worker are not ours", async () => {
    const environment = {
      MUSTER_WORKER_SERVICE_HOST: "10.0.0.1",
      MUSTER_WORKER_PORT_8786_TCP_ADDR: "10.0.0.1",
      MUSTER_NAME: "tcp://10.0.0.1:8786",
    };
    expect((await read({ environment })).values.name).toBeUndefined();
  });
});

describe("mistakes", () => {
  const refused = async (sources: Partial<ConfigurationSources> = {}): Promise<string> => {
    const error: unknown = await read(sources).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "ConfigurationError", code: "BAD_OPTION" });
    return (error as Error).message;
  };

  test("a bad value is told with its name and where it came from", async () => {
    const path = writeJson({ worker: { memoryLimit: "lots" }, deathTimeout: 5 });
    const message = await refused({ given: { nworkers: "0" }, environment: { MUSTER_EXECUTOR: "cluster" } });
    expect(message).toContain('--nworkers "0" is not valid: give auto, or give a whole number of at least 1');
    expect(message).toContain('MUSTER_EXECUTOR "cluster" is not valid: give threads or processes');
    expect(message).toContain(`"worker.memoryLimit" in ${path} "lots" is not valid: give a size`);
    expect(message).not.toContain("deathTimeout");
  });

  test("an unknown variable is told, with the one that was meant", async () => {
    const message = await refused({ environment: { MUSTER_NWORKER: "2" } });
    expect(message).toContain('the environment variable MUSTER_NWORKER is not known (did you mean "MUSTER_NWORKERS"?)');
  });

  test("an unknown key is told, at the top and in a section", async () => {
    const path = writeJson({ nworker: 2, worker: { param: 1 }, run: 5 });
    const message = await refused();
    expect(message).toContain(`"nworker" in ${path} is not known (did you mean "nworkers"?)`);
    expect(message).toContain(`"worker.param" in ${path} is not known`);
    expect(message).toContain(`"run" in ${path} is not valid: give an object`);
  });

  test("a file that cannot be read is named", async () => {
    const path = join(directory, "muster.config.json");
    writeFileSync(path, "{ nworkers: 2 }");
    expect(await refused()).toContain(`${path} cannot be read`);
    writeFileSync(path, "[]");
    expect(await refused()).toContain(`${path} is not valid`);
    writeFileSync(join(directory, "muster.config.ts"), "export default {};");
    expect(await refused()).toContain("keep one of them");
  });

  test("what belongs to one call alone cannot be set for all", async () => {
    expect(await refused({ environment: { MUSTER_PARAM: "a=1" } })).toContain("MUSTER_PARAM is not known");
  });
});

describe("values", () => {
  test("parameters are JSON where they parse, else text", () => {
    const given = ["n=3", "name=Ada", 'list=["a", 1]', "equation=a=b", "empty="];
    expect(parameters.parse(given)).toEqual({ n: 3, name: "Ada", list: ["a", 1], equation: "a=b", empty: "" });
    expect(parameters.safeParse(["n"]).success).toBe(false);
    expect(parameters.safeParse(["=3"]).success).toBe(false);
  });

  test("resources are names with amounts", () => {
    expect(resources.parse("GPU=2, foo=0.5")).toEqual({ GPU: 2, foo: 0.5 });
    for (const bad of ["GPU", "GPU=", "=1", "GPU=-1", "GPU=x", "GPU=1=2", { GPU: "1" }, ["GPU"], 3]) {
      expect(resources.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
    }
  });

  test("flags are true or false wherever they come from", () => {
    expect(["true", "1", true, "false", "0", false].map((raw) => yes.parse(raw))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(yes.safeParse("yes").success).toBe(false);
  });
});
