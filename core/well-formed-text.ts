/** Schema of text that can be sent and stored. */
import { z } from "zod";

/** Refuses lone surrogates, which UTF-8 cannot encode. */
export const WellFormedText = z
  .string()
  .max(20_000)
  .refine((text) => text.isWellFormed(), "must be well-formed Unicode, without lone surrogates");
