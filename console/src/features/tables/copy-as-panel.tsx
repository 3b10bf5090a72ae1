/** The export as a command or program, to be taken along. */
import { CodeBlock } from "../../components/code-block.tsx";
import type { CreateBatchExport } from "../../generated/types.gen.ts";
import { asClient, asCommand, asCurl } from "./copy-as.ts";

export const CopyAs = ({ request }: { request: CreateBatchExport }) => {
  const { origin } = window.location;
  const spellings = [
    ["curl", asCurl(request, origin)],
    ["TypeScript client", asClient(request, origin)],
    ["Command line", asCommand(request)],
  ] as const;
  return spellings.map(([title, code]) => (
    <div key={title} className="export-copy">
      <h3>{title}</h3>
      <CodeBlock label={title} code={code} />
    </div>
  ));
};
