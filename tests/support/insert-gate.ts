/** Holds the first insert into a table inside ClickHouse: after it has read what it selects, before anything is written. Others pass. */
import { createServer } from "node:http";

export const startInsertGate = async (
  { config, query }: { config: { database: string }; query: (sql: string) => Promise<string> },
  table: string,
) => {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let inserts = 0;
  // The condition asks for a value by HTTP; the server answers the first time when the gate is opened.
  const server = createServer(async (_, answer) => {
    reached.resolve();
    if (++inserts === 1) await opened.promise;
    answer.end("0\t0\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  await query(
    `CREATE DICTIONARY gate (id UInt64, v UInt64) PRIMARY KEY id SOURCE(HTTP(URL 'http://127.0.0.1:${port}/' FORMAT 'TabSeparated')) LAYOUT(DIRECT())`,
  );
  await query(
    `ALTER TABLE ${table} ADD CONSTRAINT gate CHECK dictGetOrDefault('${config.database}.gate', 'v', length(project_id), toUInt64(0)) = 0`,
  );
  return {
    reached: reached.promise,
    open: opened.resolve,
    remove: async () => {
      opened.resolve();
      await query(`ALTER TABLE ${table} DROP CONSTRAINT gate`);
      await query("DROP DICTIONARY gate");
      server.closeAllConnections();
      server.close();
    },
  };
};
