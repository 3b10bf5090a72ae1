/** The end of an export's files: expired, or deleted by their owner. The objects are handed to the sweep, which deletes them and tries again until they are gone. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

/** Hands over the files of up to 100 exports whose time is over. The grace lets links made just before still work. Returns the exports. */
export const expireExports = (db: Database, { graceSeconds }: { graceSeconds: number }): Promise<{ id: string }[]> =>
  execute<{ id: string }>(
    db,
    sql`with expired as (
      select id from batch_exports
      where status = 'COMPLETED' and files_deleted_at is null and expires_at < now() - make_interval(secs => ${graceSeconds})
      order by expires_at limit 100 for update skip locked
    ), marked as (
      update batch_exports b set files_deleted_at = now(), updated_at = now() from expired where b.id = expired.id returning b.id
    ), objects as (
      update export_objects o set state = 'open', updated_at = now() from expired where o.batch_export_id = expired.id and o.state = 'kept'
    )
    select id from marked`,
  );
