/** What a validation of an integration found: its steps in order, each with the provider's own reason. Stored with the job that ran it. */
import { z } from "zod";

const stepOutcomes = ["passed", "failed", "skipped"] as const;

export const ValidationStep = z.strictObject({
  /** `settings`, then of storage `write`, `read`, `list`, `delete`, and of sinks of events `authenticate`. */
  name: z.enum(["settings", "write", "read", "list", "delete", "authenticate"]),
  outcome: z.enum(stepOutcomes),
  code: z.string().nullable(),
  message: z.string().nullable().describe("What the provider answered."),
  help: z.string().nullable(),
});
export type ValidationStep = z.infer<typeof ValidationStep>;

export const ValidationResult = z.strictObject({ steps: z.array(ValidationStep) });
export type ValidationResult = z.infer<typeof ValidationResult>;
