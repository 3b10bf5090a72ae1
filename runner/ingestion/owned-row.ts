/** Names of rows across projects: an id is unique in its project only. */
import { type OwnedId, ownedName } from "../../db/clickhouse/stored-entities.ts";

export type OwnedRow = { project_id: string; id: string };

export const ownId = ({ project_id, id }: OwnedRow): OwnedId => ({ projectId: project_id, id });
export const nameOf = (row: OwnedRow): string => ownedName(ownId(row));
