/** `export …`: makes batch exports, follows them and downloads their files. */
import { type Command, Option } from "@commander-js/extra-typings";
import type { BatchExport, BatchExportSummary } from "../../../openapi/client/index.ts";
import type { Context, Run } from "../context.ts";
import type { Colors } from "../output/output.ts";
import { exportCells, exportHead, previewNotes, showEstimate, showExport, showPreview } from "../output/show-export.ts";
import { takeFirst } from "../output/take-first.ts";
import { buildExport, buildRequest, type FileOptions, fileOptions, type QueryOptions, queryOptions } from "./export-request.ts";
import { downloadFiles, downloadToStdout, followExport } from "./follow-export.ts";
import { wholeNumber } from "./option-values.ts";

type Status = BatchExportSummary["status"];
const statuses = {
  queued: "QUEUED",
  processing: "PROCESSING",
  completed: "COMPLETED",
  failed: "FAILED",
  cancelled: "CANCELLED",
} as const satisfies Record<Lowercase<Status>, Status>;

export const addExportCommands = (program: Command, run: Run): void => {
  const group = program.command("export").description("Make exports, follow them and download their files");
  addMakers(group, run);
  addReaders(group, run);
  addChangers(group, run);
};

const addMakers = (group: Command, run: Run): void => {
  fileOptions(queryOptions(group.command("create")))
    .description("Start an export")
    .option("--wait", "wait until it has ended")
    .option("--download <dir>", "wait, then write its files and manifest.json to a folder")
    .option("--idempotency-key <key>", "calls with the same key make one export")
    .action((options, command) => run(command, (context) => create(context, options)));
  fileOptions(queryOptions(group.command("preview")))
    .description("Show the first rows of an export as its file would hold them")
    .action((options, command) =>
      run(command, async (context) => {
        const client = await context.openClient();
        const preview = await client.exports.preview(await buildExport(client, options, context.terminal));
        context.output.document(preview, () => showPreview(preview));
        for (const note of previewNotes(preview, context.output.colors)) context.output.note(note);
      }),
    );
  queryOptions(group.command("estimate"))
    .description("Count the rows of an export without making it")
    .action((options, command) =>
      run(command, async (context) => {
        const client = await context.openClient();
        const { query } = await buildRequest(client, options, context.terminal);
        const estimate = await client.exports.estimate({ query });
        context.output.document(estimate, () => showEstimate(estimate, context.output.colors));
      }),
    );
};

type CreateOptions = QueryOptions &
  FileOptions & { wait?: true | undefined; download?: string | undefined; idempotencyKey?: string | undefined };

const create = async (context: Context, options: CreateOptions): Promise<void> => {
  const { output, terminal } = context;
  const client = await context.openClient();
  const body = await buildExport(client, options, terminal);
  const created = await client.exports.create(body, options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey });
  if (options.wait === undefined && options.download === undefined) {
    output.document(created, () => showExport(created, output.colors, terminal.nowMs()));
    output.note(`Follow it with \`spillway export watch ${created.id}\`.`);
    return;
  }
  output.note(`Export ${created.id} is started.`);
  await finish(context, created.id, options.download);
};

type Ended = BatchExport & { paths?: string[] };

/** Waits for an export and downloads it if a folder is given. `paths` are then those of its files. */
const end = async (
  context: Context,
  id: string,
  folder: string | undefined,
  onChange?: (current: BatchExportSummary) => void,
): Promise<Ended> => {
  const client = await context.openClient();
  const finished = await followExport(context, client, id, onChange);
  return folder === undefined ? finished : { ...finished, paths: await downloadFiles(context, client, id, folder) };
};

const finish = async (context: Context, id: string, folder: string | undefined): Promise<void> => {
  const { output, terminal } = context;
  const ended = await end(context, id, folder);
  output.document(ended, () =>
    [
      showExport(ended, output.colors, terminal.nowMs()),
      ...(folder === undefined ? [] : [downloaded(ended.paths ?? [], folder, output.colors)]),
    ].join("\n"),
  );
  if (folder === undefined) output.note(`Download it with \`spillway export download ${id}\`.`);
};

/** The manifest is one of the paths. */
const downloaded = (paths: readonly string[], folder: string, paint: Colors): string =>
  `${paint.green("✓")} ${paths.length - 1} ${paths.length === 2 ? "file" : "files"} and manifest.json in ${folder}`;

const addReaders = (group: Command, run: Run): void => {
  group
    .command("list")
    .description("List exports, newest first")
    .addOption(new Option("--status <status>", "only exports in this state").choices(Object.keys(statuses) as (keyof typeof statuses)[]))
    .option("--limit <count>", "most exports", wholeNumber(), 50)
    .action(({ status, limit }, command) =>
      run(command, async ({ output, terminal, openClient }) => {
        const client = await openClient();
        const found = client.exports.list({
          limit: Math.min(100, Math.max(1, limit)),
          ...(status === undefined ? {} : { status: statuses[status] }),
        });
        await output.rows(takeFirst(found, limit), {
          head: exportHead,
          cells: (one) => exportCells(one, output.colors, terminal.nowMs()),
          empty: "No exports.",
        });
      }),
    );
  group
    .command("show")
    .description("Show an export")
    .argument("<id>", "id of the export")
    .action((id, _options, command) =>
      run(command, async ({ output, terminal, openClient }) => {
        const one = await (await openClient()).exports.get(id);
        output.document(one, () => showExport(one, output.colors, terminal.nowMs()));
      }),
    );
  group
    .command("watch")
    .description("Wait until an export has ended; with --json, print a line for each change")
    .argument("<id>", "id of the export")
    .option("--download <dir>", "then write its files and manifest.json to a folder")
    .action((id, { download }, command) => run(command, (context) => watch(context, id, download)));
  group
    .command("download")
    .description("Write the files of an export and manifest.json to a folder, checked and resumed")
    .argument("<id>", "id of the export")
    .option("--output <dir>", "folder, or - for stdout; the id by default")
    .option("--file <number>", "with --output -: which file of the manifest, from 0", wholeNumber())
    .action((id, { output: folder = id, file }, command) =>
      run(command, async (context) => {
        const client = await context.openClient();
        if (folder === "-") return downloadToStdout(context, client, id, file);
        const paths = await downloadFiles(context, client, id, folder);
        context.output.document({ id, paths }, () => downloaded(paths, folder, context.output.colors));
      }),
    );
};

const watch = async (context: Context, id: string, folder: string | undefined): Promise<void> => {
  if (!context.output.isJson) return finish(context, id, folder);
  const ended = await end(context, id, folder, (current) => {
    if (current.finishedAt === null) context.output.event(current);
  });
  context.output.event(ended);
};

const addChangers = (group: Command, run: Run): void => {
  const changes = {
    cancel: "Cancel an export and remove what it wrote",
    retry: "Run a failed or cancelled export again, with the present rows",
    rerun: "Make a new export with the request of a finished one",
  } as const;
  for (const [name, description] of Object.entries(changes) as [keyof typeof changes, string][])
    group
      .command(name)
      .description(description)
      .argument("<id>", "id of the export")
      .action((id, _options, command) =>
        run(command, async ({ output, terminal, openClient }) => {
          const one = await (await openClient()).exports[name](id);
          output.document(one, () => showExport(one, output.colors, terminal.nowMs()));
        }),
      );
};
