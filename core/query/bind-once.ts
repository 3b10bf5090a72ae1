/**
 * SQL that an expression mentions several times, evaluated once and written once, so that long expressions do not multiply the query text.
 */

/** Shorter texts are repeated instead: ClickHouse evaluates equal expressions of a query once. */
const shortMax = 100;

/** Returns `body` with the value of `sql` bound to a name. `name` must be unused in both. `sql` may be nullable. */
export const bindOnce = (sql: string, name: string, body: (value: string) => string): string =>
  sql.length <= shortMax ? body(sql) : `arrayMap(${name} -> ${body(name)}, [${sql}])[1]`;
