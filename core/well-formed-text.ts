/** Text that can be sent and stored. */
import { z } from "zod";

/** Half a surrogate pair has no UTF-8 spelling: it can neither be sent nor be stored. */
export const WellFormedText = z
  .string()
  .max(20_000)
  .refine((text) => text.isWellFormed(), "well-formed Unicode, without lone surrogates");
