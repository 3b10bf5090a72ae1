/** Options of `export create`, `preview` and `estimate`, and the request of the API that they make. */
import { readFile } from "node:fs/promises";
import { text as readText } from "node:stream/consumers";
import { type Command, Option } from "@commander-js/extra-typings";
import type { CreateBatchExport, ExportTable, SpillwayClient } from "../../../openapi/client/index.ts";
import { usageError } from "../exit-codes.ts";
import { parseFilter } from "../filter/parse-filter.ts";
import { parseInstant } from "../filter/parse-instant.ts";
import { type ApiFilter, typeCondition } from "../filter/type-filter.ts";
import type { Terminal } from "../terminal.ts";
import { collect, collectNamed, commaList, namesAmong, wholeNumber } from "./option-values.ts";

type Query = CreateBatchExport["query"];
type Format = CreateBatchExport["format"];
type Choices<Name extends string> = Record<Name, Name>;

const formats = { csv: "CSV", json: "JSON", jsonl: "JSONL", parquet: "PARQUET" } as const satisfies Record<Lowercase<Format>, Format>;
const compressions = { none: "none", gzip: "gzip", zstd: "zstd" } as const satisfies Choices<NonNullable<CreateBatchExport["compression"]>>;
const scoreModes = { columns: "columns", nested: "nested", none: "none" } as const satisfies Choices<NonNullable<Query["scores"]>>;
const shapes = { row: "row", trace: "trace" } as const satisfies Choices<NonNullable<Query["shape"]>>;
const searchTypes = { id: "id", content: "content", input: "input", output: "output" } as const satisfies Choices<
  NonNullable<Query["searchType"]>[number]
>;
const actions = { drop: "drop", hash: "hash", mask: "mask" } as const satisfies Choices<NonNullable<Query["privacy"]>[number]["action"]>;

const namesOf = <Name extends string>(choices: Record<Name, string>): Name[] => Object.keys(choices) as Name[];

/** Which rows and columns. */
export const queryOptions = (command: Command) =>
  command
    .option("--table <name>", "table to export: `spillway tables` lists them")
    .option("--filter <filter>", "condition on a column, such as 'level = ERROR'; repeat it, or write `and`", collect)
    .option("--filter-json <json>", "filters in the API's own form: an array, or @FILE")
    .option("--since <when>", "rows from this instant on: 7d, 24h, 2026-11-01, 2026-11-01T12:00:00Z")
    .option("--until <when>", "rows before this instant")
    .option("--columns <names>", "columns in the order of the file, separated by commas", commaList)
    .option("--order-by <column>", "column to sort by, with `asc` or `desc` behind it")
    .option("--limit <rows>", "most rows", wholeNumber({ min: 1 }))
    .option("--search <text>", "only rows that contain the text")
    .option("--search-in <places>", `where to search: ${namesOf(searchTypes).join(", ")}`, namesAmong(namesOf(searchTypes)))
    .addOption(new Option("--scores <mode>", "scores as one column for each name, nested in one, or left out").choices(namesOf(scoreModes)))
    .addOption(new Option("--shape <shape>", "one row for each item, or whole traces").choices(namesOf(shapes)))
    .option("--privacy <rule>", "drop, hash or mask a path: 'mask input.messages[*].content'; repeat it", collect)
    .option("--request <file>", "whole request as JSON, - for stdin; other options change it");

/** How the files are written. */
export const fileOptions = (command: ReturnType<typeof queryOptions>) =>
  command
    .addOption(new Option("--format <format>", "format of the files").choices(namesOf(formats)))
    .addOption(new Option("--compression <name>", "compression of the files; Parquet compresses itself").choices(namesOf(compressions)))
    .option("--name <name>", "name of the export")
    .option("--target-file-mib <mib>", "begin a new file after about so many MiB of rows", wholeNumber({ min: 1 }))
    .option("--no-embed-json", "keep JSON in columns as text")
    .option("--csv-bom", "begin CSV files with a byte order mark, for Excel")
    .option("--csv-keep-formulas", "write CSV cells that look like formulas as they are")
    .option("--expires-after <hours>", "hours until the files are deleted", wholeNumber({ min: 1 }))
    .option("--no-notify", "send no mail when the export ends")
    .option("--metadata <key=value>", "pair that is kept with the export; repeat it", collectNamed);

export type QueryOptions = ReturnType<ReturnType<typeof queryOptions>["opts"]>;
export type FileOptions = ReturnType<ReturnType<typeof fileOptions>["opts"]>;

/** The request with the query that the options make, over the one of `--request`. Throws a usage error. */
export const buildRequest = async (
  client: SpillwayClient,
  options: QueryOptions,
  terminal: Pick<Terminal, "stdin" | "nowMs">,
): Promise<Partial<CreateBatchExport> & { query: Query }> => {
  const base =
    options.request === undefined ? {} : ((await readJson(options.request, terminal, "--request")) as Partial<CreateBatchExport>);
  if (typeof base !== "object" || base === null || Array.isArray(base)) throw usageError("--request holds no JSON object.");
  const tableName = options.table ?? base.query?.tableName;
  if (tableName === undefined) throw usageError("Which table?", { help: "For example: --table events. `spillway tables` lists them." });
  const query: Query = {
    ...base.query,
    tableName,
    ...(await filterOf(client, tableName, base.query?.filter ?? [], options, terminal)),
    ...(options.columns === undefined ? {} : { columns: options.columns }),
    ...(options.orderBy === undefined ? {} : { orderBy: parseOrder(options.orderBy) }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.search === undefined ? {} : { searchQuery: options.search }),
    ...(options.searchIn === undefined ? {} : { searchType: options.searchIn }),
    ...(options.scores === undefined ? {} : { scores: options.scores }),
    ...(options.shape === undefined ? {} : { shape: options.shape }),
    ...(options.privacy === undefined ? {} : { privacy: options.privacy.map(parseRule) }),
  };
  return { ...base, query };
};

/** As `buildRequest`, with what is said about the files. */
export const buildExport = async (
  client: SpillwayClient,
  options: FileOptions & QueryOptions,
  terminal: Pick<Terminal, "stdin" | "nowMs">,
): Promise<CreateBatchExport> => {
  const base = await buildRequest(client, options, terminal);
  const format = options.format === undefined ? base.format : formats[options.format];
  if (format === undefined) throw usageError("Which format?", { help: `--format takes ${namesOf(formats).join(", ")}.` });
  const csv = {
    ...base.csv,
    ...(options.csvBom === true ? { bom: true } : {}),
    ...(options.csvKeepFormulas === true ? { neutralizeFormulas: false } : {}),
  };
  return {
    ...base,
    format,
    ...(options.compression === undefined ? {} : { compression: options.compression }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.targetFileMib === undefined ? {} : { targetFileMib: options.targetFileMib }),
    ...(options.embedJson ? {} : { json: { ...base.json, embed: false } }),
    ...(Object.keys(csv).length === 0 ? {} : { csv }),
    ...(options.expiresAfter === undefined ? {} : { expiresAfterHours: options.expiresAfter }),
    ...(options.notify ? {} : { notify: false }),
    ...(options.metadata === undefined ? {} : { metadata: { ...base.metadata, ...Object.fromEntries(options.metadata) } }),
  };
};

/** Asks the API about the table only if a condition has to be given types. */
const filterOf = async (
  client: SpillwayClient,
  tableName: string,
  before: readonly unknown[],
  { filter = [], filterJson, since, until }: QueryOptions,
  terminal: Pick<Terminal, "stdin" | "nowMs">,
): Promise<Pick<Query, "filter">> => {
  const conditions = filter.flatMap(parseFilter);
  const given = filterJson === undefined ? [] : await readJson(filterJson, terminal, "--filter-json");
  if (!Array.isArray(given)) throw usageError("--filter-json holds no JSON array.");
  const nowMs = terminal.nowMs();
  const bounds = [
    ...(since === undefined ? [] : [{ operator: ">=", value: parseInstant(since, nowMs) }]),
    ...(until === undefined ? [] : [{ operator: "<", value: parseInstant(until, nowMs) }]),
  ];
  if (conditions.length + bounds.length === 0) return { filter: [...before, ...given] };
  const table: ExportTable = await client.tables.get(tableName);
  const typed = conditions.map((condition) => typeCondition(table, condition, nowMs));
  const inTime = bounds.map((bound): ApiFilter => ({ type: "datetime", column: table.timeColumn, ...bound }));
  return { filter: [...before, ...given, ...typed, ...inTime] };
};

/** Reads JSON from an argument, `@FILE`, or with `--request` a path or `-`. */
const readJson = async (source: string, { stdin }: Pick<Terminal, "stdin">, option: "--filter-json" | "--request"): Promise<unknown> => {
  const isInline = option === "--filter-json" && !source.startsWith("@");
  const path = option === "--filter-json" ? source.slice(1) : source;
  try {
    return JSON.parse(isInline ? source : path === "-" ? await readText(stdin) : await readFile(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`${option}: ${reason}`);
  }
};

const parseOrder = (text: string): NonNullable<Query["orderBy"]> => {
  const match = /^\s*(\S+?)(?:[\s:]+(asc|desc))?\s*$/i.exec(text);
  if (match?.[1] === undefined) throw usageError(`--order-by ${JSON.stringify(text)} is not a column with asc or desc behind it.`);
  return { column: match[1], order: match[2]?.toLowerCase() === "desc" ? "DESC" : "ASC" };
};

const parseRule = (text: string): NonNullable<Query["privacy"]>[number] => {
  const match = /^\s*(\S+)\s+(\S.*?)\s*$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined)
    throw usageError(`--privacy ${JSON.stringify(text)} is not an action and a path.`, {
      help: "For example: --privacy 'mask metadata.email'",
    });
  return { action: privacyAction(match[1]), path: match[2] };
};

const privacyAction = (name: string): keyof typeof actions => {
  const action = namesOf(actions).find((known) => known === name);
  if (action === undefined) throw usageError(`--privacy: ${JSON.stringify(name)} is none of ${namesOf(actions).join(", ")}.`);
  return action;
};
