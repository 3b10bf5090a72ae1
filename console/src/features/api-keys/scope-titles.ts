/** What each scope allows, in words, in the order in which people need them. */
import type { Scope } from "../../app/account.ts";

export const scopeTitles: Record<Scope, { title: string; allows: string }> = {
  "ingestion:write": { title: "Send data", allows: "Traces, observations and scores, by SDK or OpenTelemetry." },
  "traces:read": { title: "Read data", allows: "Traces, observations, scores, sessions and models." },
  "batchExports:create": { title: "Create exports", allows: "And cancel, retry and delete them." },
  "batchExports:read": { title: "Read exports", allows: "And download their files." },
  "integrations:CRUD": { title: "Manage integrations", allows: "Destinations and their credentials." },
  "webhooks:CRUD": { title: "Manage webhooks", allows: "Endpoints, deliveries and signing secrets." },
  "comments:CRUD": { title: "Manage comments", allows: "On traces, observations, sessions." },
  "models:CUD": { title: "Manage models", allows: "Models of the project and their prices." },
  "apiKeys:CRUD": { title: "Manage API keys", allows: "With at most the scopes that it has itself." },
  "members:CRUD": { title: "Manage members", allows: "Roles and invitations of the organisation." },
  "auditLogs:read": { title: "Read the audit log", allows: "Who changed what in the project." },
};

export const scopeOrder = Object.keys(scopeTitles) as Scope[];

/** Of a scope that this console does not know yet: its own name. */
export const scopeTitle = (scope: string): string => (isScope(scope) ? scopeTitles[scope].title : scope);

const isScope = (scope: string): scope is Scope => Object.hasOwn(scopeTitles, scope);

/** What most keys are for. */
export const scopePresets: readonly { title: string; scopes: readonly Scope[] }[] = [
  { title: "SDK", scopes: ["ingestion:write", "traces:read"] },
  { title: "Collector", scopes: ["ingestion:write"] },
  { title: "Exports", scopes: ["batchExports:create", "batchExports:read", "traces:read"] },
];
