import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfigurationError } from "../../protocol/errors.ts";
import { createToken, findToken, forgetToken, keepToken, readTokenFile } from "../../protocol/token.ts";

const address = "ws://127.0.0.1:8786";
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "muster-token-"));
  vi.stubEnv("MUSTER_TOKEN_DIR", join(directory, "tokens"));
  vi.stubEnv("MUSTER_TOKEN", undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const errorOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};

describe("tokens", () => {
  test("are long and never the same", () => {
    expect(createToken()).toMatch(/^[\w-]{43}$/);
    expect(createToken()).not.toBe(createToken());
  });

  test("are found by the address they were kept for, and by no other", () => {
    keepToken(address, "secret");
    expect(findToken(address)).toBe("secret");
    for (const same of ["ws://localhost:8786", "127.0.0.1:8786", "ws://[::1]:8786"])
      expect(findToken(same)).toBe("secret");
    expect(findToken("wss://127.0.0.1:8786/")).toBe("secret");
    expect(findToken("ws://127.0.0.1:8787")).toBeUndefined();
    expect(findToken("ws://192.168.0.7:8786")).toBeUndefined();
  });

  test("are readable by their owner alone, and leave no draft behind", () => {
    const file = keepToken(address, "first");
    keepToken(address, "second");
    expect(findToken(address)).toBe("second");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "tokens")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(directory, "tokens"))).toHaveLength(1);
  });

  test("come from MUSTER_TOKEN first", () => {
    keepToken(address, "kept");
    vi.stubEnv("MUSTER_TOKEN", "given");
    expect(findToken(address)).toBe("given");
  });

  test("are forgotten, once or twice", () => {
    const file = keepToken(address, "secret");
    forgetToken(address);
    forgetToken(address);
    expect(existsSync(file)).toBe(false);
    expect(findToken(address)).toBeUndefined();
  });

  test("are refused when others can read the file", () => {
    const file = keepToken(address, "secret");
    chmodSync(file, 0o644);
    const error = errorOf(() => findToken(address));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ code: "BAD_TOKEN", message: expect.stringContaining(`chmod 600 ${file}`) });
    expect(String(error)).not.toContain("secret");
  });

  test("are refused when the file is missing or empty", () => {
    expect(errorOf(() => readTokenFile(join(directory, "none")))).toMatchObject({ code: "BAD_TOKEN" });
    const empty = join(directory, "empty");
    writeFileSync(empty, "\n", { mode: 0o600 });
    expect(errorOf(() => readTokenFile(empty))).toMatchObject({
      code: "BAD_TOKEN",
      message: expect.stringContaining("is empty"),
    });
  });

  test("are told apart where a scheme's default port is written out", () => {
    keepToken("ws://10.0.0.1:80", "plain");
    keepToken("wss://10.0.0.1:443", "secure");
    expect([findToken("ws://10.0.0.1:80"), findToken("wss://10.0.0.1:443")]).toEqual(["plain", "secure"]);
  });

  test("cannot be kept for what is not an address", () => {
    expect(errorOf(() => keepToken("nowhere", "secret"))).toMatchObject({ code: "BAD_ADDRESS" });
  });
});
