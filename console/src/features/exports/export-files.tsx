/** Files of a completed export with sizes and checksums, and its receipt. */
import { useQuery } from "@tanstack/react-query";
import { useCan } from "../../app/use-project.ts";
import { Button } from "../../components/button.tsx";
import { CodeBlock } from "../../components/code-block.tsx";
import { bytesText, countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { getBatchExportManifestOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { BatchExport } from "../../generated/types.gen.ts";
import { scopeOf } from "./export-state.ts";
import { useExportActions } from "./use-export-actions.ts";

type File = NonNullable<BatchExport["result"]>["files"][number];

export const ExportFiles = ({ export: { id, result, isDownloadable } }: { export: BatchExport }) => {
  const manifest = useQuery(getBatchExportManifestOptions({ path: { id } }));
  const can = useCan();
  const { download } = useExportActions();
  const columns: Column<File>[] = [
    { id: "name", title: "File", cell: ({ name }) => <span className="mono">{name}</span> },
    { id: "rows", title: "Rows", align: "end", cell: ({ rows }) => countText(rows) },
    { id: "bytes", title: "Bytes", align: "end", cell: ({ bytes }) => <span title={bytesText(bytes)}>{countText(bytes)}</span> },
    { id: "crc32", title: "CRC-32", cell: ({ crc32 }) => <span className="mono">{crc32}</span> },
    {
      id: "action",
      title: "Action",
      isTitleHidden: true,
      align: "end",
      cell: ({ index, name }) =>
        isDownloadable && can(scopeOf("download")) ? (
          <Button
            size="small"
            icon="export"
            aria-label={`Download ${name}`}
            isBusy={download.isPending && download.variables.file === index}
            onClick={() => download.mutate({ id, file: index })}
          >
            Download
          </Button>
        ) : null,
    },
  ];
  return (
    <>
      <Table label="Files" columns={columns} rows={result?.files ?? []} rowKey={({ name }) => name} />
      <section className="panel" aria-labelledby="receipt">
        <div className="panel-header">
          <h2 id="receipt">Receipt</h2>
        </div>
        <div className="panel-body">
          <QueryView query={manifest} label="the receipt" loadingRows={3}>
            {(receipt) => <CodeBlock label="receipt as JSON" code={JSON.stringify(receipt, null, 2)} />}
          </QueryView>
        </div>
      </section>
    </>
  );
};
