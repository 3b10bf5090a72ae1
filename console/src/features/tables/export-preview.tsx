/** The first rows of an export as its file would hold them. */
import type { UseQueryResult } from "@tanstack/react-query";
import { LongText } from "../../components/long-text.tsx";
import { QueryView } from "../../components/query-view.tsx";
import type { Preview } from "../../generated/types.gen.ts";
import { FieldFaults } from "./field-faults.tsx";

type PreviewProps = { query: Pick<UseQueryResult<Preview, unknown>, "data" | "error" | "isPending" | "refetch" | "isPlaceholderData"> };

export const ExportPreview = ({ query }: PreviewProps) => (
  <>
    {query.error === null ? null : <FieldFaults error={query.error} />}
    <QueryView query={query} label="the preview" loadingRows={6}>
      {({ content, rows, rowCount }) => (
        <div className="export-preview" aria-busy={query.isPlaceholderData}>
          <p className="muted">
            {rowCount === 0
              ? "No rows: the file would be empty."
              : `The first ${rowCount} rows${content === null ? ", as a reader of Parquet shows them" : ""}.`}
          </p>
          {rowCount === 0 && content === null ? null : <LongText text={content ?? linesOf(rows ?? [])} label="preview" />}
        </div>
      )}
    </QueryView>
  </>
);

const linesOf = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join("\n");
