/** Port of what an integration delivers to: storage or an analytics product. The handler knows nothing else of either. */
import type { TableResult } from "../../core/integrations/run-result.ts";

export type Destination = {
  /** Tables that a window delivers, in order. */
  tables: readonly string[];
  /** Delivers the rows of the window. Resolves once the other side has acknowledged all of them. */
  deliverTable: (table: string) => Promise<TableResult>;
  /** Called after all tables: what tells readers that the window is complete. */
  finish: (results: Record<string, TableResult>) => Promise<{ manifestKey: string | null; contentHash: string | null }>;
};
