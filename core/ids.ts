/** Prefixes of our ids: an id shows its kind, even in a log line. */
export const idPrefixes = {
  organization: "org",
  project: "prj",
  user: "usr",
  membership: "mem",
  apiKey: "key",
  batchExport: "exp",
  job: "job",
  auditLog: "aud",
  comment: "com",
  model: "mdl",
  integration: "int",
  integrationRun: "run",
  request: "req",
  outboxEvent: "evt",
  webhookEndpoint: "whe",
  webhookDelivery: "whd",
  session: "ses",
  signInLink: "sil",
  invitation: "inv",
} as const;

export type IdKind = keyof typeof idPrefixes;

/** Characters and length of any id, including those other systems assign. Anything else is not an id. */
export const idPattern = /^[A-Za-z0-9_-]{1,100}$/;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * Creates an id such as `exp_01k9…`: 10 characters of time (milliseconds, so ids sort by creation) and 16 random ones (80 bits).
 * Time and randomness are arguments: `nowMs` since the epoch, `random` at least 16 bytes.
 */
export const createId = (kind: IdKind, nowMs: number, random: Uint8Array): string => {
  let time = "";
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time;
  let chance = "";
  for (let i = 0; i < 16; i++) chance += alphabet[(random[i] ?? 0) % 32];
  return `${idPrefixes[kind]}_${time}${chance}`;
};
