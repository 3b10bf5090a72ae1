/** Bodies that create and change an integration: their shape. core/integrations/check-integration.ts checks what depends on the kind. */
import { z } from "zod";
import { isStorableInstant, notStorable, notStorableInstant, storable, storableText } from "../storable.ts";
import { frequencies, integrationKinds, syncModes } from "./integration.ts";

const instant = z.iso.datetime({ offset: true }).refine(isStorableInstant, notStorableInstant);
const name = z.string().trim().min(1).max(200).refine(storable, notStorable);

const Schedule = z.strictObject({
  frequency: z.enum(frequencies),
  cron: storableText(200).nullable().default(null).describe("Five fields; only with the frequency `cron`."),
  timeZone: storableText(100).default("UTC").describe("IANA name. Windows begin and end by its clock."),
});

const tables = z.array(storableText(100)).min(1).max(20);
/** Checked by the schema of the kind. */
const fieldsOfKind = z.record(z.string().max(100), z.unknown());

const shape = {
  enabled: z.boolean(),
  schedule: Schedule,
  mode: z.enum(syncModes).describe("Where deliveries begin, on the instant a row was written."),
  startDate: instant.nullable().describe("For FROM_CUSTOM_DATE: where deliveries begin."),
  endsAt: instant.nullable().describe("Rows written at this instant or later are not delivered."),
  tables: tables.describe("Default: all of the kind but dataset_run_items."),
  settings: fieldsOfKind.describe("Settings of the kind."),
  secret: fieldsOfKind.describe("Credentials of the kind. Answers only show a mask."),
};

export const CreateIntegration = z.strictObject({
  kind: z.enum(integrationKinds),
  name,
  enabled: shape.enabled.default(true),
  schedule: shape.schedule,
  mode: shape.mode.default("FULL_HISTORY"),
  startDate: shape.startDate.default(null),
  endsAt: shape.endsAt.default(null),
  tables: shape.tables.optional(),
  settings: shape.settings,
  secret: shape.secret,
});
export type CreateIntegration = z.infer<typeof CreateIntegration>;

export const UpdateIntegration = z.strictObject({
  name: name.optional(),
  enabled: shape.enabled.optional(),
  schedule: shape.schedule.optional(),
  mode: shape.mode.optional(),
  startDate: shape.startDate.optional(),
  endsAt: shape.endsAt.optional(),
  tables: shape.tables.optional(),
  settings: shape.settings.optional().describe("Fields to change; the others stay. Null resets a field to its default."),
  secret: shape.secret.optional().describe("Fields to change; those left out or blank stay."),
  updatedAt: instant.optional().describe("If given, the change is refused unless the integration was last changed at this instant."),
});
export type UpdateIntegration = z.infer<typeof UpdateIntegration>;
