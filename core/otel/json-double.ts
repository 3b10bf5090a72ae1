/** Encodes a double for OTLP/JSON: JSON cannot represent non-finite numbers and drops the sign of minus zero. */
export const jsonDouble = (value: number): number | "NaN" | "Infinity" | "-Infinity" => {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "Infinity";
  if (value === Number.NEGATIVE_INFINITY) return "-Infinity";
  return value === 0 ? 0 : value;
};
