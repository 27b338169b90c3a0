import { describe, expect, test } from "vitest";
import { codeOnly, type SourceFile, sourceFiles } from "./source-files.ts";

const code = sourceFiles(".ts", ".mts", ".js", ".mjs");
const tests = code.filter((file) => file.path.startsWith("test/"));
const self = "test/tidy.test.ts";

/** Synchronous, deterministic and without I/O: the shells around them own the clock, the dice and the log. */
const isCore = (file: SourceFile): boolean =>
  /^(scheduler|worker)\/core\//.test(file.path) ||
  ["flow/states.ts", "flow/triggers.ts", "cluster/adaptive/demand.ts", "cluster/adaptive/policy.ts"].includes(
    file.path,
  );

/** One line per offence, so that a failure reads as a list of what to mend. */
function offences(files: readonly SourceFile[], pattern: RegExp, read: (file: SourceFile) => string): string[] {
  return files.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

const asIs = (file: SourceFile): string => file.text;

describe("house rules", () => {
  test("there is something to check", () => {
    expect(code.map((file) => file.path)).toContain("protocol/errors.ts");
  });

  test("cores take no time, no dice and no console", () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bconsole\b|\bprocess\.|\basync\b|\bawait\b|\bPromise\b/;
    expect(offences(code.filter(isCore), impure, codeOnly)).toEqual([]);
  });

  test("libraries do not write to the console", () => {
    const libraries = code.filter((file) =>
      /^(protocol|scheduler|worker|client|cluster|flow|report)\//.test(file.path),
    );
    expect(offences(libraries, /\bconsole\.\w+\(/, codeOnly)).toEqual([]);
  });

  test("a file over 400 lines says why in its first comment", () => {
    const long = code.filter((file) => file.text.trimEnd().split("\n").length > 400);
    const silent = long.filter((file) => {
      const comment = /^(?:#![^\n]*\n)?\s*(\/\/[^\n]*(?:\n\/\/[^\n]*)*|\/\*[\s\S]*?\*\/)/.exec(file.text)?.[1] ?? "";
      return !/\b(long|lines|one file)\b/i.test(comment);
    });
    expect(silent.map((file) => file.path)).toEqual([]);
  });

  test("folders are named by role, never by kind", () => {
    const byKind = /(?:^|\/)(?:utils?|types|helpers?|common|shared|misc|classes)\//;
    expect(code.map((file) => file.path).filter((path) => byKind.test(path))).toEqual([]);
  });

  test("names are in kebab-case", () => {
    const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;
    const wrong = code
      .map((file) => file.path)
      .filter((path) => path.split("/").some((part) => part !== ".ci" && !kebab.test(part)));
    expect(wrong).toEqual([]);
  });

  test("nothing is left for later", () => {
    const rest = sourceFiles(".ts", ".mts", ".js", ".mjs", ".md", ".json", "Dockerfile", "run").filter(
      (file) => file.path !== self && file.path !== "package-lock.json",
    );
    expect(offences(rest, /\b(?:TODO|FIXME|XXX|HACK)\b|\bnot implemented\b/i, asIs)).toEqual([]);
  });

  test("no test is left out", () => {
    const tested = tests.filter((file) => file.path !== self);
    const left = /\b(?:test|it|describe|suite)\.(?:only|skip|todo|fails)\b|\bx(?:it|test|describe)\(/;
    expect(offences(tested, left, codeOnly)).toEqual([]);
  });

  test("no test waits for a fixed time", () => {
    // What may wait: a helper that polls a condition up to a deadline, named so, and tasks that exist to take time.
    const sleeping = /\bsleep\(|\bawait (?:delay|setTimeout)\(|new Promise\([^)]*\) => setTimeout\(/;
    const mayWait = /\/(?:until|eventually|poll)[^/]*$|\/(?:fixtures|modules)\//;
    const files = tests.filter((file) => file.path !== self && !mayWait.test(file.path));
    expect(offences(files, sleeping, codeOnly)).toEqual([]);
  });

  test("the lock file is whole, for every platform, and names no registry", () => {
    const text = sourceFiles("package-lock.json")[0]?.text ?? "{}";
    expect(text).not.toContain('"resolved": "http');
    const { packages } = JSON.parse(text) as {
      packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
    };
    const entries = Object.entries(packages);
    expect(entries.length).toBeGreaterThan(100);
    expect(entries.filter(([path, { version }]) => path !== "" && !version).map(([path]) => path)).toEqual([]);
    // A registry that lacks a platform's package leaves a gap here, and then `npm ci` refuses the file.
    const locked = new Set(entries.map(([path]) => path.replace(/^.*node_modules\//, "")));
    const wanted = entries.flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies));
    expect(wanted.filter((name) => !locked.has(name))).toEqual([]);
  });
});
