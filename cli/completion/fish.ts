import type { CommandWords, Value } from "./words.ts";

/** To lie in `~/.config/fish/completions/muster.fish`. */
export function fishScript(commands: readonly CommandWords[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# Completes muster's commands and options. Made by "muster completion fish".
complete -c muster -f
complete -c muster -n "not __fish_seen_subcommand_from ${names}" -l help -d 'show help'
complete -c muster -n "not __fish_seen_subcommand_from ${names}" -l version -d 'show the version'
${commands
  .map(
    ({ name, summary }) =>
      `complete -c muster -n "not __fish_seen_subcommand_from ${names}" -a ${name} -d ${quoted(summary)}`,
  )
  .join("\n")}
${commands.flatMap(linesOf).join("\n")}
`;
}

function linesOf({ name, options, positions }: CommandWords): string[] {
  const within = `complete -c muster -n "__fish_seen_subcommand_from ${name}"`;
  return [
    ...options.map(
      ({ flag, meaning, value }) =>
        `${within} -l ${flag.slice(2)} -d ${quoted(meaning)}${value === undefined ? "" : ` ${argument(value)}`}`,
    ),
    // Fish does not count positions: what any of them may be is offered for all.
    ...positions.flatMap(({ value }) => (value === "text" ? [] : [`${within} ${offer(value)}`])),
  ];
}

/** Of an option: required, and nothing but what is offered. */
function argument(value: Value): string {
  return value === "text" ? "-x" : value === "file" || value === "folder" ? `-r ${offer(value)}` : `-x ${offer(value)}`;
}

function offer(value: Exclude<Value, "text">): string {
  if (value === "file") return "-F";
  return value === "folder" ? "-a '(__fish_complete_directories)'" : `-a ${quoted(value.join(" "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
