/** A price for a million units; the price per unit is its hint. */
import { perMillion, perUnit } from "./price-text.ts";

export const Price = ({ price }: { price: number | null }) =>
  price === null ? (
    <span className="muted">–</span>
  ) : (
    <span className="numeric" title={perUnit(price)}>
      {perMillion(price)}
    </span>
  );
