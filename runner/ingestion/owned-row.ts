/** Ingestion: names rows across projects, because an id is unique only within its project. */
import { type OwnedId, ownedName } from "../../db/clickhouse/stored-entities.ts";

export type OwnedRow = { project_id: string; id: string };

export const ownId = ({ project_id, id }: OwnedRow): OwnedId => ({ projectId: project_id, id });
export const nameOf = (row: OwnedRow): string => ownedName(ownId(row));
