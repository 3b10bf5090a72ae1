/** The sidebar, in its order, and the keys that lead there. A page without an entry is reached from others only. */
import type { IconName } from "../components/icon.tsx";
import type { Account, ProjectAccess, Scope } from "./account.ts";

export type NavigationEntry = {
  title: string;
  to:
    | "/projects/$projectId"
    | `/projects/$projectId/${"events" | "traces" | "observations" | "scores" | "sessions"}`
    | "/projects/$projectId/exports"
    | "/projects/$projectId/integrations"
    | "/projects/$projectId/webhooks"
    | "/projects/$projectId/api-keys"
    | "/projects/$projectId/models"
    | "/projects/$projectId/limits"
    | "/projects/$projectId/members"
    | "/projects/$projectId/audit"
    | "/projects/$projectId/operator";
  icon: IconName;
  /** Two keys after one another. */
  keys: string;
  /** Without it the API would refuse the page, and the entry is hidden. Null: everyone sees it. */
  scope: Scope | null;
  /** Only for people who operate the installation. */
  isForOperators?: true;
};

type NavigationGroup = {
  /** Above the entries; the first group has none. */
  title: string | null;
  entries: readonly NavigationEntry[];
};

export const navigation: readonly NavigationGroup[] = [
  { title: null, entries: [{ title: "Overview", to: "/projects/$projectId", icon: "overview", keys: "g h", scope: null }] },
  {
    title: "Data",
    entries: [
      { title: "Exports", to: "/projects/$projectId/exports", icon: "export", keys: "g x", scope: "batchExports:read" },
      { title: "Events", to: "/projects/$projectId/events", icon: "events", keys: "g e", scope: "traces:read" },
      { title: "Traces", to: "/projects/$projectId/traces", icon: "trace", keys: "g t", scope: "traces:read" },
      { title: "Observations", to: "/projects/$projectId/observations", icon: "observation", keys: "g b", scope: "traces:read" },
      { title: "Scores", to: "/projects/$projectId/scores", icon: "score", keys: "g s", scope: "traces:read" },
      { title: "Sessions", to: "/projects/$projectId/sessions", icon: "session", keys: "g n", scope: "traces:read" },
    ],
  },
  {
    title: "Deliveries",
    entries: [
      { title: "Integrations", to: "/projects/$projectId/integrations", icon: "integration", keys: "g i", scope: "integrations:CRUD" },
      { title: "Webhooks", to: "/projects/$projectId/webhooks", icon: "webhook", keys: "g w", scope: "webhooks:CRUD" },
    ],
  },
  {
    title: "Settings",
    entries: [
      { title: "API keys", to: "/projects/$projectId/api-keys", icon: "key", keys: "g k", scope: "apiKeys:CRUD" },
      { title: "Models", to: "/projects/$projectId/models", icon: "model", keys: "g m", scope: "traces:read" },
      { title: "Limits", to: "/projects/$projectId/limits", icon: "limit", keys: "g l", scope: null },
      { title: "Members", to: "/projects/$projectId/members", icon: "members", keys: "g p", scope: "members:CRUD" },
      { title: "Audit log", to: "/projects/$projectId/audit", icon: "audit", keys: "g a", scope: "auditLogs:read" },
    ],
  },
  {
    title: "Installation",
    entries: [{ title: "Operator", to: "/projects/$projectId/operator", icon: "operator", keys: "g q", scope: null, isForOperators: true }],
  },
];

/** Groups with the entries that a person may open in a project; those without any are left out. */
export const navigationFor = ({ isOperator }: Pick<Account, "isOperator">, { scopes }: Pick<ProjectAccess, "scopes">): NavigationGroup[] =>
  navigation
    .map(({ title, entries }) => ({
      title,
      entries: entries.filter(
        ({ scope, isForOperators = false }) => (scope === null || scopes.includes(scope)) && (isOperator || !isForOperators),
      ),
    }))
    .filter(({ entries }) => entries.length > 0);
