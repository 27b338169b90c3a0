import type { AnyCommand, CliCommand } from "./command.ts";
import { bashScript } from "./completion/bash.ts";
import { fishScript } from "./completion/fish.ts";
import { wordsOf } from "./completion/words.ts";
import { zshScript } from "./completion/zsh.ts";
import { oneOf, perCall } from "./setting.ts";

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const shells = ["bash", "zsh", "fish"] as const;

const settings = {
  shell: perCall("<shell>", "bash, zsh or fish", oneOf(...shells), "bash"),
};

const command: CliCommand<typeof settings> = {
  name: "completion",
  summary: "Print a script that lets a shell complete muster's commands and options.",
  settings,
  examples: [
    ['eval "$(muster completion bash)"', "in this shell; in ~/.bashrc, in every one"],
    ["muster completion zsh > ~/.zfunc/_muster", "for zsh, in a folder of its fpath"],
    ["muster completion fish > ~/.config/fish/completions/muster.fish", "for fish"],
  ],
  logLevel: "warn",
  run({ values, print, commands }) {
    print(scripts[values.shell](commands.map(wordsOf)).trimEnd());
    return Promise.resolve(0);
  },
};

/** `muster completion`: made from the commands that there are, so that it never lags behind them. */
export const completionCommand: AnyCommand = command;
