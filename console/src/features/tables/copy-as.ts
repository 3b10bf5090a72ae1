/** The request of an export as something to run elsewhere: curl, the TypeScript client, and the command line. One request, three spellings. */
import { escapeHidden, hidesSomething } from "../../components/visible-text.ts";
import type { CreateBatchExport } from "../../generated/types.gen.ts";

export const asCurl = (request: CreateBatchExport, origin: string): string =>
  `curl -u PUBLIC_KEY:SECRET_KEY ${quoted(`${origin}/api/public/batch-exports`)} \\
  -H 'Content-Type: application/json' \\
  -d ${quoted(jsonOf(request, 2))}`;

export const asClient = (request: CreateBatchExport, origin: string): string => `import { SpillwayClient } from "@spillway/client";

const client = new SpillwayClient({
  baseUrl: ${JSON.stringify(origin)},
  publicKey: process.env["SPILLWAY_PUBLIC_KEY"],
  secretKey: process.env["SPILLWAY_SECRET_KEY"],
});
const created = await client.exports.create(${jsonOf(request, 2)});
const done = await client.exports.waitFor(created.id);
console.log(done.status, done.result?.files);`;

export const asCommand = (request: CreateBatchExport): string => {
  const parts = hasOptionFor(request) ? optionsOf(request) : undefined;
  return parts === undefined
    ? `printf %s ${quoted(jsonOf(request, 2))} | spillway export create --request -`
    : ["spillway export create", ...parts].join(" \\\n  ");
};

/** For a shell of POSIX: nothing inside of single quotes has a meaning. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** What would not be seen in it is escaped: a command should look like what it does. */
const jsonOf = (value: unknown, indent?: number): string => escapeHidden(JSON.stringify(value, null, indent));

/** Some requests have no spelling as options: a limit of levels, and texts that cannot be seen or that the command line would trim. */
const hasOptionFor = ({ name = "", query, json }: CreateBatchExport): boolean => {
  const texts = [name, query.searchQuery ?? "", ...(query.privacy ?? []).map(({ path }) => path)];
  return json?.embedLevels === undefined && texts.every((text) => !hidesSomething(text) && !/[\n\r]/.test(text) && text === text.trim());
};

type Option = readonly [name: string, value?: string | number | false | undefined];

const optionsOf = ({
  name,
  format,
  compression,
  query,
  csv,
  json,
  targetFileMib,
  expiresAfterHours,
  notify,
}: CreateBatchExport): string[] => {
  const { tableName, filter, searchQuery, searchType, orderBy, limit, columns, scores, privacy = [] } = query;
  const options: Option[] = [
    ["--table", tableName],
    ["--filter-json", filter && filter.length > 0 ? jsonOf(filter) : undefined],
    ["--search", searchQuery],
    ["--search-in", searchType?.join(",")],
    ["--columns", columns?.join(",")],
    ["--order-by", orderBy ? `${orderBy.column} ${orderBy.order.toLowerCase()}` : undefined],
    ["--scores", scores],
    ["--limit", limit],
    ...privacy.map(({ action, path }): Option => ["--privacy", `${action} ${path}`]),
    ["--format", format.toLowerCase()],
    ["--compression", compression],
    ["--target-file-mib", targetFileMib],
    ["--csv-bom", csv?.bom === true ? "" : undefined],
    ["--csv-keep-formulas", csv?.neutralizeFormulas === false ? "" : undefined],
    ["--no-embed-json", json?.embed === false ? "" : undefined],
    ["--name", name],
    ["--expires-after", expiresAfterHours],
    ["--no-notify", notify === false ? "" : undefined],
  ];
  return options.flatMap(([option, value]) =>
    value === undefined || value === false ? [] : value === "" ? [option] : [`${option} ${quoted(String(value))}`],
  );
};
