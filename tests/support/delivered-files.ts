/** Writes files as a delivery does: the real columns of a delivered table in the real formats, over rows given with the query. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { selectList } from "../../core/query/formats/file-format.ts";
import { type CompressionName, type compressions, type FormatName, formats } from "../../core/query/formats/index.ts";
import { sqlText } from "../../core/query/sql-text.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import { readSettings } from "../../db/clickhouse/pinned-settings.ts";

export type DeliveredBytes = { stored: Uint8Array; plain: Uint8Array };

/** `structure`: columns of the stored table, as in CREATE TABLE. `rows`: by those columns. */
export const writeDeliveredFile = async (
  clickhouseUrl: string,
  {
    table,
    columns,
    structure,
    rows,
    format,
    compression,
    embedJson = false,
  }: {
    table: ExportTable;
    columns: readonly string[];
    structure: string;
    rows: readonly object[];
    format: FormatName;
    compression: CompressionName;
    /** Deliveries do not embed documents in JSON. */
    embedJson?: boolean;
  },
): Promise<DeliveredBytes> => {
  const fileFormat = formats[format];
  const selected = columns.map((id) => {
    const column = table.columns[id];
    if (column === undefined) throw new Error(`no column ${id}`);
    return { ...column, id };
  });
  const slice = fileFormat.slice(selected, { neutralizeFormulas: false, embedJson, embedLevels: 250, isFirst: true });
  const url = new URL(clickhouseUrl);
  const settings: Record<string, string> = { ...readSettings, ...slice.settings, max_query_size: "10000000" };
  for (const [name, value] of Object.entries(settings)) url.searchParams.set(name, value);
  const lines = rows.map((row) => JSON.stringify(row)).join("\n");
  const from = rows.length === 0 ? `null(${sqlText(structure)})` : `format(JSONEachRow, ${sqlText(structure)}, ${sqlText(lines)})`;
  const response = await fetch(url, {
    method: "POST",
    body: `SELECT ${selectList(slice).sql} FROM ${from} AS e FORMAT ${slice.clickhouseFormat}`,
  });
  const body = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) throw new Error(new TextDecoder().decode(body));
  const plain = Buffer.concat([Buffer.from(fileFormat.before), body, Buffer.from(fileFormat.after)]);
  return { plain, stored: compress[compression](plain) };
};

/** Several members, as in a file of several slices (RFC 1952, RFC 8878): a reader that stops after the first loses rows. */
const inMembers = (bytes: Uint8Array, member: (part: Uint8Array) => Uint8Array): Uint8Array => {
  const third = Math.ceil(bytes.byteLength / 3);
  return Buffer.concat([0, 1, 2].map((i) => member(bytes.subarray(i * third, (i + 1) * third))));
};

const compress: Record<keyof typeof compressions, (bytes: Uint8Array) => Uint8Array> = {
  none: (bytes) => bytes,
  gzip: (bytes) => inMembers(bytes, (part) => gzipSync(part)),
  zstd: (bytes) => inMembers(bytes, (part) => zstdCompressSync(part)),
};
