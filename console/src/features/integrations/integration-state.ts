/** What the state of an integration, and of a window, means for people: words and color. */
import type { Tone } from "../../components/badge.tsx";
import type { Integration, IntegrationRunSummary } from "../../generated/types.gen.ts";
import type { Kind } from "./integration-search.ts";

export const kindTitles: Record<Kind, string> = { blob_storage: "Bucket", posthog: "PostHog", mixpanel: "Mixpanel" };

type Facts = Pick<Integration, "status">;

export const stateOf = ({ status: { syncStatus, disabledCode } }: Facts): { title: string; tone: Tone } => {
  switch (syncStatus) {
    case "disabled":
      return disabledCode === null ? { title: "Paused", tone: "neutral" } : { title: "Switched off", tone: "danger" };
    case "error":
      return { title: "Failing", tone: "danger" };
    case "running":
      return { title: "Delivering", tone: "info" };
    case "queued":
      return { title: "Queued", tone: "info" };
    case "idle":
      return { title: "Not begun", tone: "neutral" };
    case "up_to_date":
      return { title: "Up to date", tone: "success" };
    default:
      return syncStatus satisfies never;
  }
};

/** Something is under way or about to be. */
export const isBusy = ({ status }: Facts): boolean =>
  status.syncStatus === "running" || status.syncStatus === "queued" || status.runs.running + status.runs.queued + status.runs.pending > 0;

/** Where deliveries go, in a few words. */
export const destinationOf = ({ kind, settings }: Pick<Integration, "kind" | "settings">): string => {
  const text = (name: string): string => (typeof settings[name] === "string" ? String(settings[name]) : "");
  switch (kind) {
    case "blob_storage":
      return `${text("bucketName")}/${text("prefix")}`;
    case "posthog":
      return text("hostName").replace(/^https?:\/\//, "");
    case "mixpanel":
      return `${text("region")}.mixpanel.com`;
    default:
      return kind satisfies never;
  }
};

type RunState = IntegrationRunSummary["state"];

/** In the order of how much they need somebody's attention: the color of a cell is that of its first state. */
export const runStateOrder = ["failed", "running", "queued", "pending", "completed"] as const satisfies readonly RunState[];

export const runTitles: Record<RunState, string> = {
  failed: "Failed",
  running: "Delivering",
  queued: "Queued",
  pending: "Waits to be delivered again",
  completed: "Delivered",
};

export const runTones: Record<RunState, Tone> = {
  failed: "danger",
  running: "info",
  queued: "info",
  pending: "warning",
  completed: "success",
};
