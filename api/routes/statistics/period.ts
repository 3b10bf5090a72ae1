/** The period that statistics are asked for: half-open, at most 31 days. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { isStorableInstant, notStorableInstant } from "../../../core/storable.ts";

export const daysMax = 31;

const Instant = z.iso.datetime({ offset: true }).refine(isStorableInstant, notStorableInstant);

export const Period = {
  from: Instant.describe(`First instant of the period, which has at most ${daysMax} days.`),
  to: Instant.optional().describe("End of the period, which is not part of it; now if left out."),
};

/** Throws INVALID_REQUEST for a period that ends before it begins, or has more than 31 days. */
export const readPeriod = ({ from, to }: { from: string; to?: string | undefined }, nowMs: number): { from: string; to: string } => {
  const [fromMs, toMs] = [Date.parse(from), to === undefined ? nowMs : Date.parse(to)];
  const message = fromMs > toMs ? "must be before the end of the period" : `must be at most ${daysMax} days before the end of the period`;
  if (fromMs > toMs || toMs - fromMs > daysMax * 86_400_000)
    throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: "from", message }] });
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
};
