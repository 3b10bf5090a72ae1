/** A ClickHouse database of its own for a test file, migrated, and dropped at its end. */
import { randomUUID } from "node:crypto";
import { inject } from "vitest";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { cloneClickHouse } from "./clickhouse-clone.ts";

export const createClickHouseDatabase = async () => {
  const url = inject("clickhouseUrl");
  const database = `test_${randomUUID().replaceAll("-", "")}`;
  const config = { url, user: "default", password: "", database };
  await cloneClickHouse(url, database);

  /** Any statement, with the raw text of its answer. */
  const query = async (sql: string, body?: string): Promise<string> => {
    const target = new URL(url);
    target.searchParams.set("database", database);
    if (body !== undefined) target.searchParams.set("query", sql);
    const response = await fetch(target, { method: "POST", body: body ?? sql });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };
  return {
    config,
    query,
    clickhouse: createClickHouse(config, fetch),
    insertEvents: (rows: readonly object[]) =>
      query("INSERT INTO events FORMAT JSONEachRow", rows.map((row) => JSON.stringify(row)).join("\n")),
    drop: () => query(`DROP DATABASE IF EXISTS ${database} SYNC`),
  };
};
