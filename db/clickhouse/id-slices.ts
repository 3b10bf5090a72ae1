/** Lists of ids cut to what one parameter of a query takes. */

/** ClickHouse refuses a form field above 128 KiB (http_max_field_value_size); a character is up to three bytes, or two when it is escaped. */
const charactersMax = 40_000;

/** In order; a slice has at most `idsMax` ids, and an id that is too long by itself stands alone. */
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
