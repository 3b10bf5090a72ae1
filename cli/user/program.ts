/** The commands of `spillway`. Help, docs/command-line.md and shell completion derive from this tree. */
import tab from "@bomb.sh/tab/commander";
import { Command } from "@commander-js/extra-typings";
import type { Command as CommanderCommand } from "commander";
import { addExportCommands } from "./commands/export.ts";
import { addIngest } from "./commands/ingest.ts";
import { addIntegrationCommands } from "./commands/integrations.ts";
import { addKeyCommands } from "./commands/keys.ts";
import { addLogin } from "./commands/login.ts";
import { addTables } from "./commands/tables.ts";
import { addVerify } from "./commands/verify.ts";
import { addWebhookCommands } from "./commands/webhooks.ts";
import { createContext, type GlobalOptions, type Run } from "./context.ts";
import packageJson from "./package.json" with { type: "json" };
import type { Terminal } from "./terminal.ts";

export const createProgram = (terminal: Terminal) => {
  const run: Run = (command, action) => action(createContext(terminal, command.optsWithGlobals() as GlobalOptions));
  const program = new Command("spillway")
    .description("Exports data of LLM applications as verified files, and delivers it on a schedule.")
    .version(packageJson.version)
    .option("--json", "print results as JSON: one document, or one on each line")
    .option("--profile <name>", "use the address and keys of this login")
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      // main.ts reports every error in one form.
      outputError: () => undefined,
    })
    .exitOverride()
    .showSuggestionAfterError();
  addLogin(program, run);
  addExportCommands(program, run);
  addTables(program, run);
  addIntegrationCommands(program, run);
  addWebhookCommands(program, run);
  addKeyCommands(program, run);
  addIngest(program, run);
  addVerify(program, run);
  // `completion bash|zsh|fish` prints a script; the script asks the hidden command `complete` for what fits.
  tab(asCommander(program), { completionCommandName: "completion" });
  return program;
};

/** The typings of extra-typings are another description of commander's own class. */
const asCommander = (program: object): CommanderCommand => program as CommanderCommand;
