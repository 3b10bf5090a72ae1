/** The tables that have a page, and what is particular to each. A new page is an entry here, in app/router.tsx and in app/navigation.ts. */
import type { CreateComment } from "../../generated/types.gen.ts";

export const tableNames = ["events", "traces", "observations", "scores", "sessions"] as const;
export type TableName = (typeof tableNames)[number];

export type TablePage = {
  title: string;
  /** One row, in a sentence. */
  noun: string;
  /** Shown unless the URL says otherwise. */
  columns: readonly string[];
  /** Column of a row that names its trace; null if a row has none of its own. */
  traceColumn: string | null;
  /** What comments of a row are attached to. */
  commentObject: CreateComment["objectType"] | null;
  /** Column of the table `scores` that names a row of this table; null if rows have no scores. */
  scoreColumn: "traceId" | "sessionId" | null;
};

const pages: Record<TableName, TablePage> = {
  events: {
    title: "Events",
    noun: "event",
    columns: [
      "startTime",
      "type",
      "name",
      "level",
      "input",
      "output",
      "latencyMs",
      "totalCost",
      "providedModelName",
      "traceName",
      "userId",
    ],
    traceColumn: "traceId",
    commentObject: "OBSERVATION",
    scoreColumn: "traceId",
  },
  traces: {
    title: "Traces",
    noun: "trace",
    columns: ["timestamp", "name", "input", "output", "userId", "sessionId", "environment", "tags"],
    traceColumn: "id",
    commentObject: "TRACE",
    scoreColumn: "traceId",
  },
  observations: {
    title: "Observations",
    noun: "observation",
    columns: ["startTime", "type", "name", "level", "input", "output", "latencyMs", "totalCost", "model", "traceName"],
    traceColumn: "traceId",
    commentObject: "OBSERVATION",
    scoreColumn: "traceId",
  },
  scores: {
    title: "Scores",
    noun: "score",
    columns: ["timestamp", "name", "dataType", "value", "stringValue", "source", "comment", "traceName", "userId"],
    traceColumn: "traceId",
    commentObject: null,
    scoreColumn: null,
  },
  sessions: {
    title: "Sessions",
    noun: "session",
    columns: ["createdAt", "id", "userIds", "countTraces", "sessionDurationMs", "totalTokens", "totalCost", "environments"],
    traceColumn: null,
    commentObject: "SESSION",
    scoreColumn: "sessionId",
  },
};

export const pageOf = (name: TableName): TablePage => pages[name];
