/** SQL that is mentioned several times in an expression, evaluated once and written once: long expressions would multiply the text of a query. */

/** Texts up to here are cheaper repeated: ClickHouse evaluates equal expressions of a query once. */
const shortMax = 100;

/** `body` with the value of `sql` under a name. `name` must be free in both. `sql` may be nullable. */
export const bindOnce = (sql: string, name: string, body: (value: string) => string): string =>
  sql.length <= shortMax ? body(sql) : `arrayMap(${name} -> ${body(name)}, [${sql}])[1]`;
