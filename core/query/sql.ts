/**
 * SQL as a value: its text, its parameters, and the relations it uses. Values are composed with the tag `sql`. Which tables to join follows
 * from `uses`, never from the query text, even if a score is called `trace.name`.
 */

/** An expression without parameters. */
export type Expression = {
  readonly sql: string;
  /** Aliases of the relations that the text uses, each once. */
  readonly uses: readonly string[];
};

export type Sql = Expression & { readonly params: Readonly<Record<string, unknown>> };

/** A plain string is text that uses no relation. */
export type SqlLike = string | Expression | Sql;

export const toSql = (value: SqlLike): Sql => (typeof value === "string" ? { sql: value, uses: [], params: {} } : { params: {}, ...value });

const unite = (parts: readonly Sql[], sql: string): Sql => ({
  sql,
  uses: [...new Set(parts.flatMap(({ uses }) => uses))],
  params: Object.assign({}, ...parts.map(({ params }) => params)) as Record<string, unknown>,
});

/** Composes SQL. Strings are inserted unchanged, so values of users must be parameters. */
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

/** Builds columns of a relation, by the alias it is joined under. */
export const relation =
  (alias: string) =>
  (column: string): Sql => ({ sql: `${alias}.${column}`, uses: [alias], params: {} });

export type RelationColumn = ReturnType<typeof relation>;

/** Lists every relation that any of these uses. */
export const usesOf = (values: readonly Pick<Expression, "uses">[]): string[] => [...new Set(values.flatMap(({ uses }) => uses))];
