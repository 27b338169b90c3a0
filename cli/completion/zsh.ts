import type { CommandWords, Value } from "./words.ts";

/** To be sourced, or to lie in a folder of `fpath` under the name `_muster`. */
export function zshScript(commands: readonly CommandWords[]): string {
  return `#compdef muster
# Completes muster's commands and options. Made by "muster completion zsh".
_muster() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    _arguments '--help[show help]' '--version[show the version]'
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
if [ "$funcstack[1]" = "_muster" ]; then _muster "$@"; else compdef _muster muster; fi
`;
}

function commandCase({ name, options, positions }: CommandWords): string {
  const specs = [
    ...options.map(({ flag, meaning, value }) =>
      quoted(`${flag}[${bare(meaning)}]${value === undefined ? "" : `:value:${action(value)}`}`),
    ),
    ...positions.map((position, index) => quoted(`${index + 1}:${bare(position.name)}:${action(position.value)}`)),
  ];
  return `    ${name}) _arguments ${specs.join(" ")} ;;`;
}

function action(value: Value): string {
  if (value === "text") return " ";
  if (value === "file") return "_files";
  if (value === "folder") return "_files -/";
  return `(${value.join(" ")})`;
}

/** Without what _arguments would take for its own syntax. */
function bare(text: string): string {
  return text.replace(/[[\]:\\]/g, (char) => `\\${char}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
