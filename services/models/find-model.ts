/** Finds one model that a project can see. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { columns, type ModelRow, visible } from "./model-columns.ts";

export const findModel = async (db: Database, projectId: string, id: string): Promise<ModelRow | undefined> => {
  const [row] = await execute<ModelRow>(db, sql`select ${columns} from models where ${visible(projectId)} and id = ${id}`);
  return row;
};
