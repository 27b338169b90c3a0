import type { AnyCommand } from "../command.ts";
import type { Settings } from "../setting.ts";

/** What a shell may put in the place of a value. */
export type Value = "file" | "folder" | "text" | readonly string[];

export interface OptionWords {
  /** `--port`. */
  readonly flag: string;
  readonly meaning: string;
  /** Undefined for one that takes none. */
  readonly value: Value | undefined;
}

/** What can be completed of a command. */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionWords[];
  /** In their order. */
  readonly positions: readonly { readonly name: string; readonly value: Value }[];
}

export function wordsOf({ name, summary, settings }: AnyCommand): CommandWords {
  const all = Object.values(settings as Settings);
  const options = all
    .filter(({ flag }) => flag.startsWith("--"))
    .map(({ flag, description: meaning, schema }) => {
      const [long = "", placeholder] = flag.split(" ");
      return {
        flag: long,
        meaning,
        value: placeholder === undefined ? undefined : valueFor(placeholder, schema.description),
      };
    });
  const positions = all
    .filter(({ flag }) => /^[<[]/.test(flag))
    .map(({ flag, schema }) => ({ name: flag.slice(1, -1), value: valueFor(flag, schema.description) }));
  const help = { flag: "--help", meaning: "show help", value: undefined };
  return { name, summary, options: [...options, help], positions };
}

/** By the word in brackets; where only a few values are allowed, these are the schema's description. */
function valueFor(placeholder: string, allowed: string | undefined): Value {
  if (allowed !== undefined) return allowed.split(" ");
  if (/^[<[]file[\]>]$/.test(placeholder)) return "file";
  return /^[<[]folder[\]>]$/.test(placeholder) ? "folder" : "text";
}
