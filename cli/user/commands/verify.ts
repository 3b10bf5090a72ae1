/** `verify DIR`: whether a downloaded export is what its manifest says. Needs no server. */
import type { Command } from "@commander-js/extra-typings";
import type { Context, Run } from "../context.ts";
import { CommandError } from "../exit-codes.ts";
import { formatTable } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { openProgress } from "../output/progress.ts";
import { formatBytes, formatCount } from "../output/quantities.ts";
import { readManifest } from "../verify/manifest.ts";
import { verifyExport } from "../verify/verify-export.ts";

export const addVerify = (program: Command, run: Run): void => {
  program
    .command("verify")
    .description("Check a downloaded export against its manifest: sizes, checksums and rows. Works offline")
    .argument("<dir>", "folder with manifest.json")
    .action((directory, _options, command) => run(command, (context) => verify(context, directory)));
};

const verify = async ({ terminal, output }: Context, directory: string): Promise<void> => {
  const manifest = await readManifest(directory);
  const progress = openProgress(terminal, { format: formatBytes });
  let done = 0;
  const verdict = await verifyExport(directory, manifest, {
    signal: terminal.signal,
    onBytes: (bytes) => {
      done += bytes;
      progress.update({ label: "verify", done, total: manifest.bytes });
    },
  }).finally(() => progress.stop());
  const { colors: paint } = output;
  const faults = [
    ...verdict.faults.map((fault) => ({ name: "manifest.json", fault })),
    ...verdict.files.flatMap(({ name, faults: found }) => found.map((fault) => ({ name, fault }))),
  ];
  output.document(verdict, () =>
    formatTable(
      verdict.files.map(({ name, bytes, rows, faults: found }) => [
        found.length === 0 ? paint.green("✓") : paint.red("✗"),
        printable(name),
        rows === null ? "rows not counted" : `${formatCount(rows)} rows`,
        formatBytes(bytes),
      ]),
    ),
  );
  if (verdict.isWhole) return output.note(`The export ${manifest.exportId} is whole.`);
  throw new CommandError("verification", `${directory} is not what its manifest says.`, {
    detail: faults.map(({ name, fault }) => `${name}: ${fault}`),
    help: `Download it again: spillway export download ${manifest.exportId} --output ${directory}`,
  });
};
