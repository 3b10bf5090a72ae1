/** How the files of an export are loaded elsewhere. */
import { CodeBlock } from "../../components/code-block.tsx";
import { Empty } from "../../components/states.tsx";
import type { BatchExport } from "../../generated/types.gen.ts";
import { loadStatements } from "./load-sql.ts";

export const ExportLoad = ({ export: { result, ...one } }: { export: BatchExport }) => {
  const statements = loadStatements({ ...one, files: result?.files ?? [] });
  if (statements.length === 0) return <Empty title="There is no file to load" />;
  return (
    <>
      <p className="muted">Download the files first, and run the statement in their folder.</p>
      {statements.map(({ id, title, code }) => (
        <section key={id} className="panel" aria-labelledby={`load-${id}`}>
          <div className="panel-header">
            <h2 id={`load-${id}`}>{title}</h2>
          </div>
          <div className="panel-body">
            <CodeBlock label={`statement for ${title}`} code={code} />
          </div>
        </section>
      ))}
    </>
  );
};
