/** A list in pages: await it for the first page, iterate over it for every item, or over `pages()`. */
type Page = { data: unknown[]; nextCursor?: string | null; meta?: unknown };

/**
 * Loads a page when it is needed, and none before. `for await (const one of client.exports.list())` goes through all pages;
 * `await client.exports.list({ limit: 10 })` answers the first.
 */
export class Paginated<Item, P extends { data: Item[] }> implements AsyncIterable<Item>, PromiseLike<P> {
  readonly #load: (next: Record<string, unknown>) => Promise<P>;

  /** `load` gets the parameters of the query that name the page: `cursor` or `page`, none for the first. */
  constructor(load: (next: Record<string, unknown>) => Promise<P & { data: Item[] }>) {
    this.#load = load;
  }

  async *pages(): AsyncGenerator<P, void, undefined> {
    for (let next: Record<string, unknown> | undefined = {}; next !== undefined; ) {
      const page = await this.#load(next);
      yield page;
      next = nextOf(page);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise of its first page.
  then<A = P, B = never>(
    onPage?: ((page: P) => A | PromiseLike<A>) | null,
    onFailure?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#load({}).then(onPage, onFailure);
  }
}

/** Our lists have `nextCursor`. Those in Langfuse's shape have a cursor or the number of the page in `meta`. */
const nextOf = ({ nextCursor, meta }: Page): Record<string, unknown> | undefined => {
  const { cursor, page, totalPages } = (meta ?? {}) as { cursor?: string | null; page?: number; totalPages?: number };
  if (nextCursor ?? cursor) return { cursor: nextCursor ?? cursor };
  return page !== undefined && totalPages !== undefined && page < totalPages ? { page: page + 1 } : undefined;
};
