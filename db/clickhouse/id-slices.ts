/** ClickHouse: splits lists of ids to the size one query parameter can take. */

/** ClickHouse refuses a form field above 128 KiB (http_max_field_value_size); a character takes up to three bytes, or two if escaped. */
const charactersMax = 40_000;

/** Keeps the order; a slice has at most `idsMax` ids, and an id too long by itself stands alone. */
export const idSlices = (ids: readonly string[], idsMax: number): string[][] => {
  const slices: string[][] = [];
  let characters = 0;
  for (const id of ids) {
    const length = id.length + 3;
    const last = slices.at(-1);
    if (last === undefined || last.length >= idsMax || characters + length > charactersMax) {
      slices.push([id]);
      characters = length;
    } else {
      last.push(id);
      characters += length;
    }
  }
  return slices;
};
