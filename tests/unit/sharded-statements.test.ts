import { describe, expect, it } from "vitest";
import { clusterReadSettings, clusterWriteSettings, toEveryShard } from "../../db/clickhouse/cluster.ts";
import { parsePooledUrl } from "../../db/postgres/pooled-url.ts";

const sharded = { name: "c", sharded: true, insertQuorum: "auto" };
const replicated = { ...sharded, sharded: false };

describe("a statement that changes rows", () => {
  it.each([
    ["DELETE FROM events WHERE 1", "DELETE FROM events_local ON CLUSTER `c` WHERE 1"],
    ["ALTER TABLE traces_mt UPDATE a = 1 WHERE 1", "ALTER TABLE traces_mt_local ON CLUSTER `c` UPDATE a = 1 WHERE 1"],
    ["DELETE FROM other.events WHERE 1", "DELETE FROM other.events_local ON CLUSTER `c` WHERE 1"],
  ])("goes to the local tables of all shards: %s", (sql, sent) => {
    expect(toEveryShard(sql, sharded)).toBe(sent);
  });

  it.each(["INSERT INTO events SELECT 'DELETE FROM events'", "SELECT 1"])("is left alone if it is none: %s", (sql) => {
    expect(toEveryShard(sql, sharded)).toBe(sql);
  });

  it.each([undefined, replicated])("is left alone where tables are not distributed", (cluster) => {
    expect(toEveryShard("DELETE FROM events WHERE 1", cluster)).toBe("DELETE FROM events WHERE 1");
  });
});

describe("settings", () => {
  it("are none on a single server, whose statements stay as they were", () => {
    expect([clusterReadSettings(undefined), clusterWriteSettings(undefined)]).toEqual([{}, {}]);
  });

  it("ask for a quorum wherever there are replicas, and keep subqueries on the shard only where there are shards", () => {
    expect(clusterWriteSettings(replicated)).toMatchObject({ insert_quorum: "auto" });
    expect(clusterReadSettings(replicated)).toEqual({});
    expect(clusterReadSettings(sharded)).toEqual({ optimize_skip_unused_shards: "1", distributed_product_mode: "local" });
  });
});

describe("the address of Postgres", () => {
  it.each([
    ["postgres://a:b@h:1/d?pgbouncer=true", { url: "postgres://a:b@h:1/d", isPooled: true }],
    ["postgres://a:b@h:1/d?sslmode=require&pgbouncer=true", { url: "postgres://a:b@h:1/d?sslmode=require", isPooled: true }],
    ["postgres://a:b@h:1/d?pgbouncer=false", { url: "postgres://a:b@h:1/d", isPooled: false }],
    ["postgres://a:b@h:1/d?sslmode=require", { url: "postgres://a:b@h:1/d?sslmode=require", isPooled: false }],
    ["host=h dbname=d", { url: "host=h dbname=d", isPooled: false }],
  ])("says by its mark whether a pooler is in between, and is sent without it: %s", (given, parsed) => {
    expect(parsePooledUrl(given)).toEqual(parsed);
  });
});
