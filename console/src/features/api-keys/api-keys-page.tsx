/** API keys of the project: what each may do, until when, and when it was last used. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useCommands } from "../../app/commands.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Page } from "../../components/page.tsx";
import { Pager } from "../../components/pager.tsx";
import { countOf } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listApiKeysOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { ApiKey } from "../../generated/types.gen.ts";
import { ApiKeyDrawer } from "./api-key-drawer.tsx";
import "./api-keys-page.css";
import { CreateKeyDialog } from "./create-key-dialog.tsx";
import { keyName, keyStateOf } from "./key-state.ts";
import { scopeTitle } from "./scope-titles.ts";

const route = getRouteApi("/projects/$projectId/api-keys");
const pageSize = 50;

export const ApiKeysPage = () => {
  const { cursor, key } = route.useSearch();
  const navigate = useNavigate({ from: "/projects/$projectId/api-keys" });
  const [isCreating, setCreating] = useState(false);
  const query = useQuery({
    ...listApiKeysOptions({ query: { limit: pageSize, ...(cursor && { cursor }) } }),
    placeholderData: keepPreviousData,
  });
  const open = (id: string | undefined) =>
    void navigate({ search: ({ key: _, ...rest }) => ({ ...rest, ...(id && { key: id }) }), replace: id === undefined });
  useCommands([{ id: "new-key", title: "Create an API key", group: "API keys", icon: "plus", keys: "n", run: () => setCreating(true) }]);
  const shown = query.data?.data.find(({ id }) => id === key);
  return (
    <Page
      title="API keys"
      actions={
        <Button variant="primary" icon="plus" onClick={() => setCreating(true)}>
          Create key
        </Button>
      }
    >
      <QueryView
        query={query}
        label="API keys"
        isEmpty={({ data }) => data.length === 0}
        empty={
          <Empty
            icon="key"
            title="No API keys yet"
            actions={
              <Button variant="primary" onClick={() => setCreating(true)}>
                Create the first key
              </Button>
            }
          >
            <p>Programs send data, read it and start exports with a key. Its secret is shown once.</p>
          </Empty>
        }
      >
        {({ data, nextCursor }) => (
          <>
            <div className="api-keys-table">
              <Table label="API keys" columns={columnsOf(open)} rows={data} rowKey={({ id }) => id} selectedKey={key ?? null} />
            </div>
            <Pager cursor={cursor} nextCursor={nextCursor} shown={countOf(data.length, "key")} />
          </>
        )}
      </QueryView>
      {shown === undefined ? null : <ApiKeyDrawer key={shown.id} apiKey={shown} onClose={() => open(undefined)} />}
      <CreateKeyDialog isOpen={isCreating} onClose={() => setCreating(false)} />
    </Page>
  );
};

const columnsOf = (open: (id: string) => void): Column<ApiKey>[] => [
  {
    id: "name",
    title: "Name",
    className: "name",
    cell: (key) => (
      <>
        <button type="button" className="truncate" data-row-focus="" onClick={() => open(key.id)}>
          <SafeText text={keyName(key)} isLine />
        </button>
        <span className="truncate muted mono">{key.note === null ? key.displaySecretKey : key.publicKey}</span>
      </>
    ),
  },
  {
    id: "state",
    title: "State",
    cell: (key) => {
      const { title, tone } = keyStateOf(key, Date.now());
      return <Badge tone={tone}>{title}</Badge>;
    },
  },
  { id: "scopes", title: "May", cell: ({ scopes }) => <ScopeList scopes={scopes} /> },
  {
    id: "used",
    title: "Last used",
    cell: ({ lastUsedAt }) => (lastUsedAt === null ? <span className="muted">Never</span> : <Time at={lastUsedAt} form="relative" />),
  },
  {
    id: "expires",
    title: "Expires",
    cell: ({ expiresAt }) => (expiresAt === null ? <span className="muted">Never</span> : <Time at={expiresAt} form="relative" />),
  },
  { id: "created", title: "Created", cell: ({ createdAt }) => <Time at={createdAt} /> },
];

const scopesShown = 2;

const ScopeList = ({ scopes }: { scopes: readonly string[] }) => (
  <span className="key-scopes" title={scopes.map(scopeTitle).join("\n")}>
    {scopes.slice(0, scopesShown).map((scope) => (
      <Badge key={scope} isPlain>
        {scopeTitle(scope)}
      </Badge>
    ))}
    {scopes.length > scopesShown ? <span className="muted">and {scopes.length - scopesShown} more</span> : null}
  </span>
);
