/** The audit log of the project: who changed what, and how. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field, Input, Select } from "../../components/field.tsx";
import { Page } from "../../components/page.tsx";
import { Pager } from "../../components/pager.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listAuditLogsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { AuditLog } from "../../generated/types.gen.ts";
import { AuditDrawer } from "./audit-drawer.tsx";
import "./audit-page.css";
import { actions, resourceTitle, resourceTitles } from "./audit-words.ts";
import { Author } from "./author.tsx";

const route = getRouteApi("/projects/$projectId/audit");
const pageSize = 50;

export const AuditPage = () => {
  const { entry, cursor, ...filter } = route.useSearch();
  const navigate = useNavigate({ from: "/projects/$projectId/audit" });
  const query = useQuery({
    ...listAuditLogsOptions({ query: { limit: pageSize, ...filter, ...(cursor && { cursor }) } }),
    placeholderData: keepPreviousData,
  });
  const isFiltered = Object.keys(filter).length > 0;
  const open = (id: string | undefined) =>
    void navigate({ search: ({ entry: _, ...rest }) => ({ ...rest, ...(id && { entry: id }) }), replace: id === undefined });
  const shown = query.data?.data.find(({ id }) => id === entry);
  return (
    <Page title="Audit log">
      <Filters key={JSON.stringify(filter)} />
      <QueryView
        query={query}
        label="the audit log"
        isEmpty={({ data }) => data.length === 0}
        empty={isFiltered || cursor !== undefined ? <FilteredAway /> : <Empty icon="audit" title="Nothing has been changed yet" />}
      >
        {({ data, nextCursor }) => (
          <>
            <Table label="Audit log" columns={columnsOf(open)} rows={data} rowKey={({ id }) => id} selectedKey={entry ?? null} />
            <Pager cursor={cursor} nextCursor={nextCursor} shown={data.length === 1 ? "1 entry" : `${data.length} entries on this page`} />
          </>
        )}
      </QueryView>
      {shown === undefined ? null : <AuditDrawer key={shown.id} entry={shown} onClose={() => open(undefined)} />}
    </Page>
  );
};

const columnsOf = (open: (id: string) => void): Column<AuditLog>[] => [
  { id: "when", title: "When", cell: ({ createdAt }) => <Time at={createdAt} /> },
  {
    id: "action",
    title: "Action",
    cell: ({ id, action, resourceType }) => (
      <button type="button" data-row-focus="" onClick={() => open(id)}>
        {resourceTitle(resourceType)}: {action}
      </button>
    ),
  },
  {
    id: "object",
    title: "Object",
    className: "audit-id",
    cell: ({ resourceId }) => (
      <span className="mono truncate">
        <SafeText text={resourceId} isLine />
      </span>
    ),
  },
  { id: "by", title: "By", cell: (entry) => <Author entry={entry} /> },
  { id: "address", title: "Address", cell: ({ ipAddress }) => <span className="mono">{ipAddress ?? "–"}</span> },
];

const typeOptions = (chosen: string | undefined) => [
  { value: "", title: "Everything" },
  ...Object.entries(resourceTitles).map(([value, title]) => ({ value, title })),
  // A link may name a type that this console does not know.
  ...(chosen === undefined || Object.hasOwn(resourceTitles, chosen) ? [] : [{ value: chosen, title: chosen }]),
];

const Filters = () => {
  const { resourceType, resourceId, action } = route.useSearch();
  const navigate = useNavigate({ from: "/projects/$projectId/audit" });
  const [id, setId] = useState(resourceId ?? "");
  const [typed, setTyped] = useState(action ?? "");
  const apply = (changed: { resourceType?: string; resourceId?: string; action?: string }) => {
    const next = { resourceType, resourceId: id.trim(), action: typed.trim(), ...changed };
    // Another filter begins at its first page.
    void navigate({ search: Object.fromEntries(Object.entries(next).filter(([, value]) => value)) });
  };
  return (
    <form
      className="audit-filters"
      aria-label="Filter"
      onSubmit={(event) => {
        event.preventDefault();
        apply({});
      }}
    >
      <Field label="Object">
        {(control) => (
          <Select
            {...control}
            value={resourceType ?? ""}
            options={typeOptions(resourceType)}
            onChange={(value) => apply({ resourceType: value })}
          />
        )}
      </Field>
      <Field label="Action">
        {(control) => (
          <>
            <Input {...control} list="audit-actions" autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
            <datalist id="audit-actions">
              {actions.map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label="Id of the object">
        {(control) => (
          <Input {...control} autoComplete="off" spellCheck={false} value={id} onChange={(event) => setId(event.target.value)} />
        )}
      </Field>
      <Button type="submit" icon="search">
        Filter
      </Button>
      {resourceType || resourceId || action ? (
        <Link to="." search={{}} className="button button-ghost">
          Clear
        </Link>
      ) : null}
    </form>
  );
};

const FilteredAway = () => (
  <Empty
    title="No entry here"
    actions={
      <Link to="." search={{}} className="button button-secondary">
        Show the whole log
      </Link>
    }
  >
    <p>Nothing in the log fits these filters.</p>
  </Empty>
);
