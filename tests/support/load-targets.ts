/** Engines that load delivered files by the generated SQL: DuckDB in this process, the ClickHouse and the Postgres of the tests. */
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import postgresClient from "postgres";
import type { LoadScript } from "../../core/integrations/storage/load-sql/load-engine.ts";
import type { DeliveredBytes } from "./delivered-files.ts";

export type LoadTarget = {
  run: (script: LoadScript) => Promise<void>;
  rows: (sql: string) => Promise<Record<string, unknown>[]>;
  close: () => Promise<void>;
};

export type LoadTargetKind = {
  /** Makes a file readable to the engine and returns its address. */
  store: (key: string, bytes: DeliveredBytes) => Promise<string>;
  open: () => Promise<LoadTarget>;
};

/** The packaged DuckDB has no extension for object stores: it reads the files from a folder. */
export const duckdbTarget = (folder: string): LoadTargetKind => ({
  store: async (key, { stored }) => {
    const path = join(folder, key);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, stored);
    return path;
  },
  open: async () => {
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return {
      run: async ({ statements }) => {
        for (const { sql } of statements) await connection.run(sql);
      },
      rows: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson() as Record<string, unknown>[],
      close: async () => {
        connection.closeSync();
        instance.closeSync();
      },
    };
  },
});

/** Reads the objects from the store of the tests, with the credentials of a named collection. */
export const clickhouseTarget = (url: string, put: (key: string, bytes: Uint8Array) => Promise<string>): LoadTargetKind => ({
  store: (key, { stored }) => put(key, stored),
  open: async () => {
    const database = `load_${randomUUID().replaceAll("-", "")}`;
    const query = async (sql: string, settings: Record<string, string> = {}): Promise<string> => {
      const target = new URL(url);
      for (const [name, value] of Object.entries(settings)) target.searchParams.set(name, value);
      const response = await fetch(target, { method: "POST", body: sql });
      const text = await response.text();
      if (!response.ok) throw new Error(`${text}\n${sql}`);
      return text;
    };
    await query(`CREATE DATABASE ${database}`);
    return {
      run: async ({ statements }) => {
        for (const { sql } of statements) await query(sql, { database });
      },
      rows: async (sql) =>
        (
          await query(`${sql} FORMAT JSONEachRow`, {
            database,
            output_format_json_quote_decimals: "1",
            output_format_json_quote_64bit_integers: "1",
          })
        )
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      close: async () => void (await query(`DROP DATABASE ${database} SYNC`)),
    };
  },
});

/** The client sends the files, decompressed, as the notes of the script say. */
export const postgresTarget = (url: string): LoadTargetKind => {
  const files = new Map<string, Uint8Array>();
  return {
    store: async (key, { plain }) => {
      files.set(key, plain);
      return key;
    },
    open: async () => {
      const schema = `load_${randomUUID().replaceAll("-", "")}`;
      const sql = postgresClient(url, { max: 1, onnotice: () => {}, connection: { TimeZone: "UTC" } });
      await sql.unsafe(`CREATE SCHEMA ${schema}`);
      await sql.unsafe(`SET search_path TO ${schema}`);
      return {
        run: async ({ statements }) => {
          for (const { sql: statement, stdin } of statements) {
            if (stdin === undefined) await sql.unsafe(statement);
            else await pipeline(Readable.from([files.get(stdin) ?? new Uint8Array()]), await sql.unsafe(statement).writable());
          }
        },
        rows: async (statement) => [...(await sql.unsafe(statement))],
        close: async () => {
          await sql.unsafe(`DROP SCHEMA ${schema} CASCADE`);
          await sql.end({ timeout: 1 });
        },
      };
    },
  };
};
