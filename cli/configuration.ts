import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "../protocol/errors.ts";
import { didYouMean } from "./closest.ts";
import type { Settings, Values } from "./setting.ts";

/** Where a value came from; a nearer source wins over a farther one. */
export type Origin = "command line" | "environment" | "file" | "default";

export interface Configuration<S extends Settings> {
  readonly values: Values<S>;
  readonly origins: { readonly [K in keyof S]: Origin };
}

export interface ConfigurationSources {
  /** The command that runs. */
  readonly command: string;
  /** The settings of every command by its name: what is no setting of any of them is a mistake. */
  readonly commands: Readonly<Record<string, Settings>>;
  /** What the command line gave, by the setting's key. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where `muster.config.json` or `muster.config.ts` is looked for. */
  readonly directory: string;
}

interface Found {
  readonly raw: unknown;
  readonly origin: Origin;
  /** How the source calls the setting, for messages. */
  readonly name: string;
}

/** Variables that other parts of Muster read. */
const otherVariables: readonly string[] = ["MUSTER_TOKEN", "MUSTER_TOKEN_DIR"];

/**
 * Reads every setting of a command from the command line, the environment, and the configuration file, in that
 * precedence. A setting may be narrowed to one command: `MUSTER_WORKER_EXECUTOR`, or `{ "worker": { "executor": … } }`.
 * @throws ConfigurationError BAD_OPTION that lists every unknown name and bad value, each with where it came from.
 */
export async function readConfiguration<S extends Settings>(
  settings: S,
  sources: ConfigurationSources,
): Promise<Configuration<S>> {
  const file = await readFile(sources.directory);
  const problems = [...unknownVariables(sources), ...unknownKeys(file, sources)];
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const [key, { schema, fallback }] of Object.entries(settings)) {
    const found = find(key, settings, sources, file);
    origins[key] = found?.origin ?? "default";
    if (!found) {
      values[key] = fallback;
      continue;
    }
    const read = schema.safeParse(found.raw);
    if (read.success) values[key] = read.data;
    else problems.push(`${found.name} ${JSON.stringify(found.raw)} is not valid: ${read.error.issues[0]?.message}`);
  }
  if (problems.length > 0) throw new ConfigurationError("BAD_OPTION", problems.join("; "));
  return { values, origins } as Configuration<S>;
}

function find(
  key: string,
  settings: Settings,
  { command, given, environment }: ConfigurationSources,
  file: ConfigurationFile,
): Found | undefined {
  const setting = settings[key];
  if (given[key] !== undefined) {
    // An argument that has no flag goes by its own name.
    const name = setting?.flag.split(" ")[0]?.replace(/[<>[\]]/g, "") ?? key;
    return { raw: given[key], origin: "command line", name };
  }
  if (setting?.commandLineOnly) return undefined;
  for (const name of [variableName(key, command), variableName(key)]) {
    const raw = environment[name];
    if (raw !== undefined && raw !== "" && !isServiceLink(name, raw)) return { raw, origin: "environment", name };
  }
  const section = file.content[command];
  for (const [path, content] of [
    [`${command}.${key}`, isRecord(section) ? section : {}] as const,
    [key, file.content] as const,
  ]) {
    if (Object.hasOwn(content, key)) return { raw: content[key], origin: "file", name: `"${path}" in ${file.path}` };
  }
  return undefined;
}

function variableName(key: string, command?: string): string {
  const words = [...(command ? [command] : []), key.replace(/[A-Z]/g, (letter) => `_${letter}`)];
  return `MUSTER_${words.join("_")}`.toUpperCase();
}

/** Kubernetes describes each service of a namespace in variables; one that is called "muster" must not confuse us. */
function isServiceLink(name: string, value: string): boolean {
  return /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)/.test(name) || /^(?:tcp|udp|sctp):\/\//.test(value);
}

function unknownVariables({ commands, environment }: ConfigurationSources): string[] {
  const known = new Set(otherVariables);
  for (const [command, settings] of Object.entries(commands)) {
    for (const key of fileKeys(settings)) known.add(variableName(key)).add(variableName(key, command));
  }
  return Object.entries(environment)
    .filter(([name, value]) => name.startsWith("MUSTER_") && !known.has(name) && !isServiceLink(name, value ?? ""))
    .map(([name]) => `the environment variable ${name} is not known${didYouMean(name, known)}: unset it`);
}

function unknownKeys({ path, content }: ConfigurationFile, { commands }: ConfigurationSources): string[] {
  const shared = Object.values(commands).flatMap(fileKeys);
  const problems: string[] = [];
  const check = (record: Readonly<Record<string, unknown>>, known: readonly string[], prefix: string): void => {
    for (const key of Object.keys(record).filter((name) => !known.includes(name))) {
      problems.push(`"${prefix}${key}" in ${path} is not known${didYouMean(key, known)}: remove it`);
    }
  };
  check(content, [...shared, ...Object.keys(commands)], "");
  for (const [command, settings] of Object.entries(commands)) {
    const section = content[command];
    if (section === undefined) continue;
    if (isRecord(section)) check(section, fileKeys(settings), `${command}.`);
    else problems.push(`"${command}" in ${path} is not valid: give an object with that command's settings`);
  }
  return problems;
}

function fileKeys(settings: Settings): string[] {
  return Object.keys(settings).filter((key) => !settings[key]?.commandLineOnly);
}

interface ConfigurationFile {
  readonly path: string;
  readonly content: Readonly<Record<string, unknown>>;
}

async function readFile(directory: string): Promise<ConfigurationFile> {
  const [json, ts] = ["json", "ts"].map((extension) => join(directory, `muster.config.${extension}`));
  const paths = [json, ts].filter((path): path is string => path !== undefined && existsSync(path));
  const path = paths[0];
  if (path === undefined) return { path: "", content: {} };
  if (paths.length > 1) throw refuse(`both ${paths.join(" and ")} exist: keep one of them`);
  let content: unknown;
  try {
    content = path === json ? JSON.parse(readFileSync(path, "utf8")) : await importDefault(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(`${path} cannot be read (${reason}): mend or remove it`, error);
  }
  if (!isRecord(content)) throw refuse(`${path} is not valid: let it hold (a .ts file: export as default) an object`);
  return { path, content };
}

async function importDefault(path: string): Promise<unknown> {
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  return module.default;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(message: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError("BAD_OPTION", message, cause === undefined ? {} : { cause });
}
