/**
 * SQL as a value: its text, its parameters, and the relations it names. Values are composed with the tag `sql`, so nothing is ever looked for in the text of a query:
 * which tables to join follows from `uses`, also where a score is called `trace.name`.
 */

/** An expression without parameters of its own. */
export type Expression = {
  readonly sql: string;
  /** Aliases of the relations that the text names, each once. */
  readonly uses: readonly string[];
};

export type Sql = Expression & { readonly params: Readonly<Record<string, unknown>> };

/** Text that names no relation stands for itself. */
export type SqlLike = string | Expression | Sql;

export const toSql = (value: SqlLike): Sql => (typeof value === "string" ? { sql: value, uses: [], params: {} } : { params: {}, ...value });

const unite = (parts: readonly Sql[], sql: string): Sql => ({
  sql,
  uses: [...new Set(parts.flatMap(({ uses }) => uses))],
  params: Object.assign({}, ...parts.map(({ params }) => params)) as Record<string, unknown>,
});

/** Puts values into SQL. Text is taken as it is: values of users travel as parameters. */
export const sql = (strings: TemplateStringsArray, ...values: readonly SqlLike[]): Sql => {
  const parts = values.map(toSql);
  return unite(
    parts,
    strings.reduce((text, next, i) => `${text}${parts[i - 1]?.sql ?? ""}${next}`),
  );
};

export const joinSql = (values: readonly SqlLike[], separator: string): Sql => {
  const parts = values.map(toSql);
  return unite(parts, parts.map((part) => part.sql).join(separator));
};

/** A column of a relation, by the alias the relation is joined under. */
export const relation =
  (alias: string) =>
  (column: string): Sql => ({ sql: `${alias}.${column}`, uses: [alias], params: {} });

export type RelationColumn = ReturnType<typeof relation>;

/** Every relation that any of these names. */
export const usesOf = (values: readonly Pick<Expression, "uses">[]): string[] => [...new Set(values.flatMap(({ uses }) => uses))];
