/** Rotation of the key that seals secrets, while others read and change them. */

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKeyring, type Keyring } from "../../core/integrations/sealed-secret.ts";
import { execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { rotateSecrets } from "../../services/rotate-secrets.ts";
import { newId } from "../support/fixture.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";
import { insertProject } from "../support/project.ts";

const keys = { old: "0a".repeat(32), present: "0b".repeat(32), lost: "0c".repeat(32) };
const ring = (present: string, ...previous: string[]): Keyring =>
  createKeyring({ present, previous, randomBytes: (size) => new Uint8Array(randomBytes(size)) });

let postgres: OpenDatabase & { url: string };
let projectId: string;
beforeAll(async () => {
  postgres = await openOwnDatabase(8);
  projectId = await insertProject(postgres.db);
});
afterAll(() => postgres.close());

const insert = async (keyring: Keyring): Promise<string> => {
  const id = newId("integration");
  const sealed = await keyring.seal(id, `secret of ${id}`);
  await execute(
    postgres.db,
    sql`insert into integrations (id, project_id, kind, name, enabled, settings, sealed_secret, tables, frequency, mode)
      values (${id}, ${projectId}, 'mixpanel', ${id}, false, '{}', ${sealed}, '{traces}', 'hourly', 'FULL_HISTORY')`,
  );
  return id;
};
const stored = async (): Promise<{ id: string; sealed: string }[]> =>
  execute(postgres.db, sql`select id, sealed_secret as sealed from integrations order by id`);

describe("rotation", () => {
  it("loses no secret while jobs read and people change them, and leaves none under the former key", async () => {
    const ids = await Promise.all(Array.from({ length: 250 }, () => insert(ring(keys.old))));
    const both = ring(keys.present, keys.old);
    const former = ring(keys.old);
    let isDone = false;
    let reads = 0;
    const changed = new Map<string, string>();
    /** A job that opens secrets, as runners do. */
    const reader = async () => {
      while (!isDone)
        for (const { id, sealed } of await stored()) {
          const secret = await both.open(id, sealed);
          expect([`secret of ${id}`, changed.get(id)]).toContain(secret);
          reads++;
        }
    };
    /** A process of the version before, which still seals with the former key. */
    const writer = async () => {
      for (const id of ids.filter((_, index) => index % 5 === 0)) {
        const secret = `changed secret of ${id}`;
        changed.set(id, secret);
        await execute(postgres.db, sql`update integrations set sealed_secret = ${await former.seal(id, secret)} where id = ${id}`);
      }
    };
    const reading = reader();
    const results = await Promise.all([rotateSecrets(postgres.db, both), rotateSecrets(postgres.db, both), writer()]);
    isDone = true;
    await reading;
    expect(reads).toBeGreaterThan(0);
    expect(results[0].failed).toEqual([]);
    // What the former process sealed behind the rotation is found by the next one.
    const last = await rotateSecrets(postgres.db, both);
    expect(last.failed).toEqual([]);
    expect(await rotateSecrets(postgres.db, both)).toEqual({ rotated: 0, current: 250, failed: [] });
    const alone = ring(keys.present);
    for (const { id, sealed } of await stored()) expect(await alone.open(id, sealed)).toBe(changed.get(id) ?? `secret of ${id}`);
  });

  it("by the command goes on past a secret that no key opens, and says which", async () => {
    const fine = await insert(ring(keys.old));
    const lost = await insert(ring(keys.lost));
    const rotate = (env: Record<string, string>) =>
      spawnSync(bunPath, ["cli/operator/admin.ts", "rotate-secrets"], {
        cwd: repositoryRoot,
        encoding: "utf8",
        env: { ...process.env, DATABASE_URL: postgres.url, ...env },
      });
    const first = rotate({ ENCRYPTION_KEY: keys.present, SPILLWAY_PREVIOUS_ENCRYPTION_KEYS: keys.old });
    expect(first.stderr).toMatch(new RegExp(`${lost}: SECRET_UNREADABLE: .*not configured`));
    expect([first.status, first.stderr.includes(fine)]).toEqual([1, false]);
    const second = rotate({ ENCRYPTION_KEY: keys.present, SPILLWAY_PREVIOUS_ENCRYPTION_KEYS: ` ${keys.old}, ${keys.lost} ` });
    expect([second.status, second.stdout]).toEqual([0, expect.stringMatching(/^1 sealed anew, 251 already/)]);
    expect(rotate({ ENCRYPTION_KEY: "short" }).status).toBe(64);
    for (const text of [first.stdout, first.stderr, second.stdout, second.stderr]) expect(text).not.toMatch(/secret of|0a0a|0b0b|0c0c/);
  });
});
