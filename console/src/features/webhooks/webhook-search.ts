/** State of the pages of webhooks in their URLs. */
import { oneOf, textOf } from "../../app/search-params.ts";
import { type EventType, eventTypes } from "./event-types.ts";

export const endpointsSearch = (search: Record<string, unknown>): { cursor?: string } => {
  const cursor = textOf(search, "cursor");
  return cursor === undefined ? {} : { cursor };
};

export const deliveryStates = ["waiting", "delivered", "failed"] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** `delivery`: the one that is open in the drawer. */
export type EndpointSearch = { state?: DeliveryState; type?: EventType; delivery?: string; cursor?: string };

export const endpointSearch = (search: Record<string, unknown>): EndpointSearch => {
  const state = oneOf(search, "state", deliveryStates);
  const type = oneOf(search, "type", eventTypes);
  const delivery = textOf(search, "delivery");
  const cursor = textOf(search, "cursor");
  return { ...(state && { state }), ...(type && { type }), ...(delivery && { delivery }), ...(cursor && { cursor }) };
};
