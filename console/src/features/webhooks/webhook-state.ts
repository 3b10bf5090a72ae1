/** What the states of endpoints and deliveries mean for people: words and color. */
import type { Tone } from "../../components/badge.tsx";
import type { WebhookDeliverySummary, WebhookEndpoint } from "../../generated/types.gen.ts";

type Shown = { title: string; tone: Tone };

const endpointStates: Record<WebhookEndpoint["state"], Shown> = {
  healthy: { title: "Healthy", tone: "success" },
  failing: { title: "Failing", tone: "warning" },
  disabled: { title: "Off", tone: "neutral" },
};

/** What a fault has switched off looks other than what a person has. */
export const endpointStateOf = ({ state, fault }: Pick<WebhookEndpoint, "state" | "fault">): Shown =>
  state === "disabled" && fault !== null ? { title: "Switched off", tone: "danger" } : endpointStates[state];

export const deliveryTitles: Record<WebhookDeliverySummary["state"], string> = {
  waiting: "Waiting",
  delivered: "Delivered",
  failed: "Failed",
};

export const deliveryTones: Record<WebhookDeliverySummary["state"], Tone> = { waiting: "info", delivered: "success", failed: "danger" };
