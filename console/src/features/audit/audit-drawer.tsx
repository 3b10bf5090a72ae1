/** One entry of the audit log: who, from where, and what changed. */

import { useState } from "react";
import { CopyText } from "../../components/code-block.tsx";
import { Drawer } from "../../components/drawer.tsx";
import { Facts } from "../../components/facts.tsx";
import { Checkbox } from "../../components/field.tsx";
import { Time } from "../../components/time.tsx";
import { visibleLine, visibleText } from "../../components/visible-text.ts";
import type { AuditLog } from "../../generated/types.gen.ts";
import { resourceTitle } from "./audit-words.ts";
import { Author } from "./author.tsx";
import { type Difference, differences } from "./difference.ts";
import "./audit-drawer.css";

export const AuditDrawer = ({ entry, onClose }: { entry: AuditLog; onClose: () => void }) => (
  <Drawer title={`${resourceTitle(entry.resourceType)}: ${entry.action}`} onClose={onClose}>
    <Facts
      facts={[
        ["When", <Time key="when" at={entry.createdAt} form="full" />],
        ["By", <Author key="by" entry={entry} />],
        ["Role", entry.userProjectRole?.toLowerCase() ?? null],
        [resourceTitle(entry.resourceType), <CopyText key="id" text={entry.resourceId} label="id of the object" />],
        ["Address", entry.ipAddress],
        ["Request", entry.requestId === null ? null : <CopyText key="request" text={entry.requestId} label="request id" />],
        ["Entry", <CopyText key="entry" text={entry.id} label="id of the entry" />],
      ]}
    />
    <Changes before={entry.before} after={entry.after} />
  </Drawer>
);

const Changes = ({ before, after }: { before: unknown; after: unknown }) => {
  const [withEqual, setWithEqual] = useState(false);
  const isChange = isThere(before) && isThere(after);
  const lines = differences(before, after, { withEqual: withEqual || !isChange });
  return (
    <section className="changes" aria-labelledby="changes">
      <div className="toolbar">
        <h3 id="changes">{isChange ? "What changed" : isThere(before) ? "What was there" : "What is there now"}</h3>
        {isChange ? (
          <span className="toolbar-end">
            <Checkbox checked={withEqual} onChange={(event) => setWithEqual(event.target.checked)}>
              Show what stayed
            </Checkbox>
          </span>
        ) : null}
      </div>
      {lines.length === 0 ? <p className="muted">Nothing is recorded beyond the action itself.</p> : <Lines lines={lines} />}
    </section>
  );
};

const isThere = (value: unknown): boolean => value !== null && value !== undefined;

const Lines = ({ lines }: { lines: readonly Difference[] }) => (
  <ul className="difference">
    {lines.map(({ path, before, after }) => (
      <li key={path}>
        <span className="mono">{path === "" ? "value" : visibleLine(path)}</span>
        {before === after ? (
          <Value text={after} />
        ) : (
          <>
            {before === undefined ? null : <Value text={before} kind="before" />}
            {after === undefined ? null : <Value text={after} kind="after" />}
          </>
        )}
      </li>
    ))}
  </ul>
);

/** Longer values are cut: the log of the API has them whole. */
const charactersMax = 2000;

const Value = ({ text = "", kind }: { text: string | undefined; kind?: "before" | "after" }) => {
  const shown = visibleText(text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text);
  if (kind === undefined) return <code>{shown}</code>;
  return kind === "before" ? (
    <del>
      <span className="visually-hidden">before: </span>
      <code>{shown}</code>
    </del>
  ) : (
    <ins>
      <span className="visually-hidden">after: </span>
      <code>{shown}</code>
    </ins>
  );
};
