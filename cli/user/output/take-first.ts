/** The first items of a list in pages; later pages are not asked for. */
export async function* takeFirst<Item>(items: AsyncIterable<Item>, count: number): AsyncGenerator<Item, void, undefined> {
  let taken = 0;
  if (count <= 0) return;
  for await (const item of items) {
    yield item;
    taken += 1;
    if (taken >= count) return;
  }
}
