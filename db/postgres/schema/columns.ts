/** Columns that many tables have. */

import { sql } from "drizzle-orm";
import { bigint, timestamp } from "drizzle-orm/pg-core";
import { type IdKind, idPrefixes } from "../../../core/ids.ts";

export const at = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
export const createdAt = () => at("created_at").notNull().defaultNow();
export const updatedAt = () => at("updated_at").notNull().defaultNow();
export const bytes = (name: string) => bigint(name, { mode: "number" });

/** Default for ids of rows that other statements write in passing. `new_id`, a function of the migrations, does what `createId` does. */
export const newId = (kind: IdKind) => sql.raw(`new_id('${idPrefixes[kind]}')`);
