/** Configuration: the keys that seal the secrets of integrations, shared by the API, the runner and the command that rotates them. */
import { z } from "zod";

const key = /^[0-9a-fA-F]{64}$/;

export const encryptionShape = {
  ENCRYPTION_KEY: z.string().regex(key, "must be 64 hex digits").optional(),
  /** Former values of ENCRYPTION_KEY, comma separated. They open secrets until these are sealed anew. */
  SPILLWAY_PREVIOUS_ENCRYPTION_KEYS: z
    .string()
    .transform((text) =>
      text
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== ""),
    )
    .refine((keys) => keys.every((one) => key.test(one)), "must be keys of 64 hex digits, comma separated")
    .default([]),
};
