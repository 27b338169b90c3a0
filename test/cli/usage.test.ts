import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MusterBench } from "./muster.ts";

/** Any certificate. */
const pem = fileURLToPath(new URL("./fixtures/authority.pem", import.meta.url));

let bench: MusterBench;
beforeAll(() => {
  bench = new MusterBench();
});
afterAll(() => bench.close());

describe("what a user asks for", () => {
  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await bench.run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("--help names every command, with examples", async () => {
    const { code, stdout, stderr } = await bench.run(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const word of [
      "scheduler",
      "worker",
      "run",
      "status",
      "explain",
      "logs",
      "cancel",
      "bench",
      "completion",
      "Examples:",
    ])
      expect(stdout).toContain(word);
  });

  test.each([
    [
      "scheduler",
      ["--host", "--port", "--scheduler-file", "--token-file", "--idle-timeout", "--no-workers-timeout", "--tls-cert"],
    ],
    ["scheduler", ["--allowed-worker-losses", "--grace", "--worker-ttl"]],
    [
      "worker",
      ["--nworkers", "--nthreads", "--memory-limit", "--resources", "--reconnect", "--lifetime-stagger", "--no-nanny"],
    ],
    ["run", ["--name", "--param", "--address", "--executor", "--quiet"]],
    ["status", ["--watch", "--json"]],
    ["logs", ["--run", "--worker", "--task", "--level", "--limit", "--follow", "--json"]],
    ["cancel", ["--drain", "--reason", "--json"]],
    ["bench", ["--only", "--peers", "--quick", "--json"]],
    ["completion", ["shell"]],
    ["explain", ["--scheduler-file", "--json"]],
  ])("%s --help explains its options, with examples", async (command, flags) => {
    const { code, stdout } = await bench.run([command, "--help"]);
    expect(code).toBe(0);
    for (const word of [...flags, "Examples:", `$ muster ${command}`]) expect(stdout).toContain(word);
  });
});

describe("bad usage ends with 2 and one sentence that says what to do", () => {
  test.each([
    [["wrker"], /unknown command 'wrker' \(did you mean worker\?\); see "muster --help"/],
    [
      ["worker", "--nworker", "2"],
      /unknown option '--nworker' \(did you mean --nworkers\?\); see "muster worker --help"/,
    ],
    [["scheduler", "--port", "abc"], /--port "abc" is not valid: give a whole number from 0 to 65535/],
    [["scheduler", "--port"], /option '--port <number>' argument missing; see "muster scheduler --help"/],
    [["scheduler", "--idle-timeout", "10"], /--idle-timeout "10" is not valid: give a duration such as "500ms"/],
    [["scheduler", "--tls-cert", "cert.pem"], /--tls-cert "cert\.pem" cannot be read .*: give a PEM file/],
    [["scheduler", "--tls-key", pem], /TLS needs both --tls-cert and --tls-key: give --tls-cert, which is missing/],
    [["scheduler", "--tls-ca", pem], /--tls-ca alone does not make a scheduler serve wss: give --tls-cert and/],
    [["worker", "wss://127.0.0.1:1", "--tls-cert", pem], /give --tls-key, which is missing/],
    [["status", "wss://127.0.0.1:1", "--tls-ca", "none.pem"], /--tls-ca "none\.pem" cannot be read/],
    [["run", "x.ts", "--tls-ca", "none.pem", "--address", "wss://127.0.0.1:1"], /x\.ts is not a file/],
    [["scheduler", "--token-file", "none"], /token file none cannot be read/],
    [["scheduler", "extra"], /too many arguments for 'scheduler': expected 0 arguments but got 1/],
    [["worker"], /no scheduler is named: give its address/],
    [
      ["worker", "ws://127.0.0.1:1", "--death-timeout", "0"],
      /no token for ws:\/\/127\.0\.0\.1:1: start that scheduler/,
    ],
    [["worker", "--memory-limit", "lots", "ws://127.0.0.1:1"], /--memory-limit "lots" is not valid: give a size/],
    [["worker", "--resources", "GPU", "ws://127.0.0.1:1"], /--resources "GPU" is not valid: give names with amounts/],
    [["worker", "--executor", "fork", "ws://127.0.0.1:1"], /--executor "fork" is not valid: give threads or processes/],
    [["worker", "ws://127.0.0.1:1", "--scheduler-file", "s.json"], /both an address and --scheduler-file/],
    [["worker", "--scheduler-file", "s.json", "--death-timeout", "0"], /scheduler file s\.json did not appear/],
    [["status"], /no scheduler is named/],
    [["explain"], /missing required argument 'key'; see "muster explain --help"/],
    [["explain", "inc-1"], /no scheduler is named/],
    [["explain", "inc-1", "ws://127.0.0.1:1", "--scheduler-file", "s.json"], /both an address and --scheduler-file/],
    [["explain", "inc-1", "--scheduler-file", "s.json"], /scheduler file s\.json did not appear/],
    [["scheduler", "--no-workers-timeout", "10"], /--no-workers-timeout "10" is not valid: give a duration/],
    [
      ["scheduler", "--allowed-worker-losses", "-1"],
      /--allowed-worker-losses "-1" is not valid: give a whole number of at least 0/,
    ],
    [["scheduler", "--grace", "30"], /--grace "30" is not valid: give a duration/],
    [["scheduler", "--worker-ttl", "never"], /--worker-ttl "never" is not valid: give a duration/],
    [["worker", "--reconnect", "30", "ws://127.0.0.1:1"], /--reconnect "30" is not valid: give a duration/],
    [["logs"], /no scheduler is named/],
    [["logs", "ws://127.0.0.1:1", "--level", "loud"], /--level "loud" is not valid: give debug, info, warn or error/],
    [["logs", "ws://127.0.0.1:1", "--limit", "-1"], /--limit "-1" is not valid: give a whole number from 0 to 100000/],
    [["logs", "ws://127.0.0.1:1", "--folow"], /unknown option '--folow' \(did you mean --follow\?\)/],
    [["cancel"], /missing required argument 'run'/],
    [["cancel", "etl"], /no scheduler is named/],
    [["completion", "tcsh"], /shell "tcsh" is not valid: give bash, zsh or fish/],
    [["run"], /missing required argument 'file'; see "muster run --help"/],
    [["run", "nope.ts"], /nope\.ts is not a file/],
    [["run", "x.ts", "--param", "n"], /--param .* is not valid: give a name and a value/],
  ])("muster %j", async (args, sentence) => {
    const { code, stdout, stderr } = await bench.run(args);
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/^muster: [^\n]+\n$/);
    expect([code, stdout]).toEqual([2, ""]);
  });

  test.each([
    [["status", "--json"], "BAD_ADDRESS", /no scheduler is named/],
    [["stats", "--json"], "BAD_OPTION", /unknown command 'stats' \(did you mean status\?\)/],
    [["logs", "ws://127.0.0.1:1", "--json"], "BAD_TOKEN", /no token for/],
  ])("with --json the sentence comes as JSON: muster %j", async (args, code, sentence) => {
    const ended = await bench.run(args);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(JSON.parse(ended.stderr)).toEqual({ error: { code, message: expect.stringMatching(sentence) } });
  });

  test("no command at all shows the help", async () => {
    const { code, stdout, stderr } = await bench.run([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: muster");
  });

  test("a bad variable or file is named", async () => {
    const variable = await bench.run(["scheduler"], { env: { MUSTER_PORT: "abc" } });
    expect(variable).toMatchObject({ code: 2, stderr: expect.stringContaining('MUSTER_PORT "abc" is not valid') });
    const file = join(bench.directory, "muster.config.json");
    writeFileSync(file, '{ "prot": 1 }');
    const { code, stderr } = await bench.run(["status", "ws://127.0.0.1:1"]);
    expect(code).toBe(2);
    expect(stderr).toContain(`"prot" in ${file} is not known (did you mean "port"?)`);
  });
});
