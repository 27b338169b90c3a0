import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { importsOf, type SourceFile, sourceFiles } from "./source-files.ts";

interface Rule {
  /** The files that the rule is about: a folder ending in "/", or one file. The longest match decides. */
  readonly of: string;
  /** What of ours they may import beyond their own folder: folders ending in "/", or single files. */
  readonly ours: readonly string[];
  /** Packages they may import. */
  readonly packages: readonly string[];
  /** Pure files are state machines and data: nothing of Node's, and only the pure files of protocol. */
  readonly pure?: true;
}

/** What a pure file may take from protocol: data, ids, errors. */
const pureProtocol = [
  "ids",
  "errors",
  "messages",
  "record",
  "story",
  "cluster-info",
  "cluster-view",
  "explanation",
  "code",
  "clock",
  "logger",
  "units",
  "version",
].map((name) => `protocol/${name}.ts`);

const rules: readonly Rule[] = [
  { of: "protocol/", ours: [], packages: ["ws", "msgpackr", "zod"] },
  { of: "scheduler/core/", ours: pureProtocol, packages: ["tinyqueue"], pure: true },
  {
    of: "scheduler/",
    ours: ["protocol/", "scheduler/core/", "scheduler/http/", "report/*"],
    packages: ["ws", "zod"],
  },
  // Loads the pages of "report/page/live/" as files.
  {
    of: "scheduler/http/",
    ours: ["protocol/", "scheduler/", "report/*"],
    packages: ["cookie", "esbuild", "fastify", "prom-client", "ws", "zod"],
  },
  { of: "worker/core/", ours: pureProtocol, packages: [], pure: true },
  { of: "worker/executor/", ours: ["protocol/"], packages: ["zod"] },
  { of: "worker/", ours: ["protocol/", "worker/core/", "worker/executor/"], packages: ["ws", "zod"] },
  { of: "client/", ours: ["protocol/", "report/*"], packages: ["acorn", "eslint-scope", "esbuild", "zod"] },
  // "report/*" stands for the files directly in that folder; its pages are of the browser.
  { of: "report/", ours: pureProtocol, packages: ["esbuild"] },
  { of: "report/page/", ours: [...pureProtocol, "report/*"], packages: ["uplot"], pure: true },
  // "cluster/*" stands for the contract files directly in that folder.
  {
    of: "flow/",
    ours: ["protocol/", "client/", "cluster/*", "worker/executor/", "flow/states.ts", "flow/triggers.ts"],
    packages: ["acorn", "zod"],
  },
  { of: "flow/states.ts", ours: [...pureProtocol, "flow/states.ts", "flow/triggers.ts"], packages: [], pure: true },
  { of: "flow/triggers.ts", ours: [...pureProtocol, "flow/states.ts", "flow/triggers.ts"], packages: [], pure: true },
  {
    of: "cluster/local/",
    ours: ["protocol/", "client/", "cluster/*", "cluster/deployed/", "scheduler/", "worker/"],
    packages: ["zod"],
  },
  {
    of: "cluster/docker/",
    ours: ["protocol/", "client/", "cluster/*", "cluster/deployed/"],
    packages: ["dockerode"],
  },
  // The scheduler of a cluster that has one of its own, in a thread.
  { of: "cluster/scheduler/", ours: ["protocol/", "scheduler/", "worker/"], packages: [] },
  {
    of: "cluster/deployed/",
    ours: ["protocol/", "client/", "cluster/*", "cluster/adaptive/", "cluster/scheduler/"],
    packages: [],
  },
  { of: "cluster/adaptive/", ours: ["protocol/", "cluster/*", "cluster/adaptive/policy.ts"], packages: [] },
  ...["demand", "policy"].map(
    (name): Rule => ({
      of: `cluster/adaptive/${name}.ts`,
      ours: [...pureProtocol, "cluster/adaptive/demand.ts"],
      packages: [],
      pure: true,
    }),
  ),
  { of: "cluster/index.ts", ours: ["protocol/", "cluster/*", "cluster/deployed/"], packages: [] },
  { of: "cluster/", ours: ["protocol/", "client/"], packages: ["zod"] },
  { of: "index.ts", ours: ["protocol/", "client/", "cluster/", "flow/"], packages: [] },
  {
    of: "testing/",
    // A simulated client says again what the real one does.
    ours: ["protocol/", "scheduler/core/", "worker/core/", "client/unconfirmed.ts"],
    packages: ["tinyqueue"],
  },
  {
    of: "cli/",
    ours: ["index.ts", "protocol/", "scheduler/", "worker/", "client/", "cluster/", "flow/", "report/", "bench/"],
    packages: ["commander", "pino", "zod"],
  },
  {
    of: "bench/",
    ours: ["bench/shapes/", "protocol/", "scheduler/", "client/", "cluster/", "worker/", "cli/closest.ts"],
    packages: ["commander", "msgpackr", "tinybench", "ws"],
  },
  // What runs on workers knows of Muster what a user's code would.
  { of: "bench/shapes/tasks.ts", ours: ["client/task.ts"], packages: [] },
  // A published command runs these on whatever cluster it is given.
  { of: "bench/shapes/", ours: ["bench/shapes/tasks.ts", "protocol/", "client/"], packages: [] },
];

const ruled = sourceFiles(".ts").filter((file) => !/^(test|examples)\//.test(file.path) && !isTool(file.path));

/** Files beside the sources that configure a tool. */
function isTool(path: string): boolean {
  return /^[^/]+\.config\.ts$/.test(path);
}

function ruleOf(path: string): Rule | undefined {
  return rules
    .filter((rule) => (rule.of.endsWith("/") ? path.startsWith(rule.of) : path === rule.of))
    .sort((a, b) => b.of.length - a.of.length)[0];
}

function matches(path: string, allowed: string): boolean {
  if (allowed.endsWith("/*")) return posix.dirname(path) === allowed.slice(0, -2);
  return allowed.endsWith("/") ? path.startsWith(allowed) : path === allowed;
}

/** Why a file must not import this, or undefined if it may. */
function objection(file: SourceFile, specifier: string): string | undefined {
  const rule = ruleOf(file.path);
  if (!rule) return "lies in no folder that the table knows";
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(file.path), specifier);
    const own = rule.of.endsWith("/") && target.startsWith(rule.of) && ruleOf(target) === rule;
    return own || rule.ours.some((allowed) => matches(target, allowed)) ? undefined : `may not import ${target}`;
  }
  if (isBuiltin(specifier)) {
    if (rule.pure) return `is pure and may not import ${specifier}`;
    return specifier.startsWith("node:") ? undefined : `imports ${specifier} without "node:"`;
  }
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  return rule.packages.includes(name) ? undefined : `may not import the package ${name}`;
}

const objections = (file: SourceFile): string[] =>
  importsOf(file).flatMap((specifier) => {
    const reason = objection(file, specifier);
    return reason ? [`${file.path} ${reason}`] : [];
  });

describe("who may import whom", () => {
  test("every source file keeps to the table", () => {
    expect(ruled.length).toBeGreaterThan(5);
    expect(ruled.flatMap(objections)).toEqual([]);
  });

  test("no source reaches into tests or examples, and only the command into benchmarks", () => {
    const reaching = (pattern: RegExp): string[] =>
      ruled.filter((file) => importsOf(file).some((name) => pattern.test(name))).map((file) => file.path);
    expect(reaching(/\/(test|examples)\//)).toEqual([]);
    expect(reaching(/\/bench\//).filter((path) => !path.startsWith("cli/"))).toEqual([]);
  });

  test.each([
    ["protocol/a.ts", 'import type { X } from "../scheduler/x.ts"', "may not import scheduler/x.ts"],
    ["scheduler/core/a.ts", 'import { readFile } from "node:fs/promises"', "is pure and may not import"],
    ["scheduler/core/a.ts", 'export * from "../../protocol/connection.ts"', "may not import protocol/connection.ts"],
    ["scheduler/server/a.ts", 'type A = import("../../worker/agent.ts").A', "may not import worker/agent.ts"],
    ["scheduler/server/a.ts", 'import pino from "pino"', "may not import the package pino"],
    ["worker/agent.ts", 'const m = await import("../client/client.ts")', "may not import client/client.ts"],
    ["flow/flow.ts", 'import { L } from "../cluster/local/index.ts"', "may not import cluster/local/index.ts"],
    ["flow/states.ts", 'import { F } from "./flow.ts"', "may not import flow/flow.ts"],
    ["cluster/adaptive/policy.ts", 'import { L } from "./loop.ts"', "may not import cluster/adaptive/loop.ts"],
    ["cluster/adaptive/policy.ts", 'import { setTimeout } from "node:timers"', "is pure and may not import"],
    ["client/a.ts", 'import "../cli/main.ts"', "may not import cli/main.ts"],
    ["bench/shapes/a.ts", 'import "../peers/limit/limit.ts"', "may not import bench/peers/limit/limit.ts"],
    ["client/a.ts", 'import { join } from "path"', 'without "node:"'],
    ["report/recorder.ts", 'import { Client } from "../client/client.ts"', "may not import client/client.ts"],
    ["report/page/a.ts", 'import { readFile } from "node:fs/promises"', "is pure and may not import"],
    ["elsewhere/a.ts", 'import "../protocol/ids.ts"', "no folder that the table knows"],
  ])("%s is refused: %s", (path, text, reason) => {
    expect(objections({ path, text })).toEqual([expect.stringContaining(reason)]);
  });

  test.each([
    ["scheduler/core/a.ts", 'import type { TaskId } from "../../protocol/ids.ts"'],
    ["flow/flow.ts", 'import type { Cluster } from "../cluster/cluster.ts"'],
    ["cluster/local/a.ts", 'import { Nanny } from "../../worker/nanny.ts"'],
    ["worker/executor/pool.ts", 'import { a } from "./threads.ts"'],
    ["client/a.ts", 'import { build } from "esbuild"'],
    ["client/a.ts", 'import { Recorder } from "../report/recorder.ts"'],
    ["report/page/a.ts", 'import type { ReportData } from "../report-data.ts"'],
  ])("%s is allowed: %s", (path, text) => {
    expect(objections({ path, text })).toEqual([]);
  });
});
