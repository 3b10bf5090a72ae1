/** State of the pages of integrations in their URLs. */
import { oneOf, textOf } from "../../app/search-params.ts";

export const kinds = ["blob_storage", "posthog", "mixpanel"] as const;
export type Kind = (typeof kinds)[number];

export type IntegrationsSearch = { kind?: Kind; cursor?: string };

export const integrationsSearch = (search: Record<string, unknown>): IntegrationsSearch => {
  const kind = oneOf(search, "kind", kinds);
  const cursor = textOf(search, "cursor");
  return { ...(kind && { kind }), ...(cursor && { cursor }) };
};

export const newIntegrationSearch = (search: Record<string, unknown>): { kind?: Kind } => {
  const kind = oneOf(search, "kind", kinds);
  return kind === undefined ? {} : { kind };
};

/** `test`: an integration that was just saved is tested at once. */
export const editSearch = (search: Record<string, unknown>): { test?: "now" } => (search["test"] === "now" ? { test: "now" } : {});

export const integrationTabs = ["windows", "refused", "settings", "audit"] as const;
export type IntegrationTab = (typeof integrationTabs)[number];

export const runStates = ["completed", "running", "queued", "pending", "failed"] as const;
export type RunState = (typeof runStates)[number];

/** `from` and `to`: the chosen part of the strip, ISO 8601. `run`: the window that is unfolded. `rows`: `all` shows accepted refusals, too. */
export type IntegrationSearch = {
  tab?: IntegrationTab;
  state?: RunState;
  from?: string;
  to?: string;
  run?: string;
  rows?: "all";
  cursor?: string;
};

const instantOf = (search: Record<string, unknown>, name: string): string | undefined => {
  const text = textOf(search, name);
  return text !== undefined && /^\d{4}-/.test(text) && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : undefined;
};

export const integrationSearch = (search: Record<string, unknown>): IntegrationSearch => {
  const tab = oneOf(search, "tab", integrationTabs);
  const state = oneOf(search, "state", runStates);
  const from = instantOf(search, "from");
  const to = instantOf(search, "to");
  const run = textOf(search, "run");
  const rows = oneOf(search, "rows", ["all"] as const);
  const cursor = textOf(search, "cursor");
  return {
    ...(tab && { tab }),
    ...(state && { state }),
    ...(from && { from }),
    ...(to && { to }),
    ...(run && { run }),
    ...(rows && { rows }),
    ...(cursor && { cursor }),
  };
};
