import type { CommandWords, Value } from "./words.ts";

/** Works with bash from version 3.2 on, which is what macOS has. */
export function bashScript(commands: readonly CommandWords[]): string {
  return `# Completes muster's commands and options. Made by "muster completion bash".
_muster() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= position=0 word
  local IFS=$'\\n'
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      -*) ;;
      *) if [ -z "$command" ]; then command=$word; else position=$((position + 1)); fi ;;
    esac
  done
  case $command:$prev in
${commands.flatMap(optionCases).join("\n")}
  esac
  case $command in
    "") COMPREPLY=($(compgen -W ${lines(["--help", "--version", ...commands.map(({ name }) => name)])} -- "$cur")) ;;
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _muster muster
`;
}

/** What follows an option that takes a value. */
function optionCases({ name, options }: CommandWords): string[] {
  return options.flatMap(({ flag, value }) =>
    value === undefined ? [] : [`    ${name}:${flag}) ${reply(value)} return ;;`],
  );
}

function commandCase({ name, options, positions }: CommandWords): string {
  const flags = lines(options.map(({ flag }) => flag));
  // Values of options count as positions, too, so that what comes last may come later than it should.
  const values = positions
    .map(({ value }, index) => `${index === positions.length - 1 ? "*" : index}) ${reply(value)} ;;`)
    .join(" ");
  return `    ${name}) case $cur in
      -*) COMPREPLY=($(compgen -W ${flags} -- "$cur")) ;;
      *) ${positions.length === 0 ? ":" : `case $position in ${values} esac`} ;;
    esac ;;`;
}

function reply(value: Value): string {
  if (value === "text") return "";
  if (value === "file") return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"));';
  if (value === "folder") return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur"));';
  return `COMPREPLY=($(compgen -W ${lines(value)} -- "$cur"));`;
}

/** One word a line, as `compgen -W` splits them by IFS. */
function lines(words: readonly string[]): string {
  return `$'${words.join("\\n")}'`;
}
