/** Lists the models of a project. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { columns, type ModelRow, visible } from "./model-columns.ts";

/** Lists the default models and those of the project. */
export const listModels = (db: Database, projectId: string): Promise<ModelRow[]> =>
  execute<ModelRow>(db, sql`select ${columns} from models where ${visible(projectId)} order by id`);

/** Lists a page of the same: by name, and models of one name in the order in which they price calls. */
export const listModelPage = async (
  db: Database,
  projectId: string,
  { page, limit }: { page: number; limit: number },
): Promise<{ rows: ModelRow[]; totalItems: number }> => {
  const rows = await execute<ModelRow>(
    db,
    sql`select ${columns} from models where ${visible(projectId)}
      order by model_name collate "C", project_id is null, start_date desc nulls last, id collate "C" desc
      limit ${limit} offset ${(page - 1) * limit}`,
  );
  const [counted] = await execute<{ rows: number }>(db, sql`select count(*)::int as rows from models where ${visible(projectId)}`);
  return { rows, totalItems: counted?.rows ?? 0 };
};
