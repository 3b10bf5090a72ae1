/** What an API key can do at the moment, in words and color. */
import type { Tone } from "../../components/badge.tsx";
import type { ApiKey } from "../../generated/types.gen.ts";

type Facts = Pick<ApiKey, "expiresAt" | "previousSecretExpiresAt">;

/** Expiry within this time is worth a warning. */
const soonMs = 7 * 86_400_000;

export const keyStateOf = ({ expiresAt, previousSecretExpiresAt }: Facts, nowMs: number): { title: string; tone: Tone } => {
  if (expiresAt !== null && Date.parse(expiresAt) <= nowMs) return { title: "Expired", tone: "neutral" };
  if (isOverlapping({ previousSecretExpiresAt }, nowMs)) return { title: "Two secrets", tone: "info" };
  if (expiresAt !== null && Date.parse(expiresAt) - nowMs < soonMs) return { title: "Expires soon", tone: "warning" };
  return { title: "Active", tone: "success" };
};

/** The secret before the last rotation is still valid. */
export const isOverlapping = ({ previousSecretExpiresAt }: Pick<Facts, "previousSecretExpiresAt">, nowMs: number): boolean =>
  previousSecretExpiresAt !== null && Date.parse(previousSecretExpiresAt) > nowMs;

export const keyName = ({ note, publicKey }: Pick<ApiKey, "note" | "publicKey">): string => note || publicKey;
