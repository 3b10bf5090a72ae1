/** Preflight: keys that encrypt and hash, and the addresses that customers may name. */
import { createKeyring } from "../../../core/integrations/sealed-secret.ts";
import { openPostgres } from "../../../db/postgres/client.ts";
import { countSealed } from "../../../services/count-sealed.ts";
import { type CheckResult, failed, ok, runCheck, warning } from "./check-result.ts";
import type { PreflightTarget } from "./preflight-target.ts";

export const checkSecrets = async (target: PreflightTarget): Promise<CheckResult[]> => [
  await runCheck("encryption key", () => checkEncryptionKey(target)),
  ...(target.api === null ? [] : [saltResult(target.api.salt), adminResult(target.api.hasAdminKey)]),
  egressResult(target),
];

const checkEncryptionKey = async ({ keys: { present, previous }, databaseUrl }: PreflightTarget): Promise<CheckResult> => {
  const check = "encryption key";
  const how = "Set ENCRYPTION_KEY to the output of `openssl rand -hex 32`, the same for the API and the runner.";
  if (present === null) return warning(check, "Not set: integrations and privacy rules that hash are off.", how);
  if (new Set(present.toLowerCase().match(/../g)).size < 8) return failed(check, "The key is not random.", how);
  const keyring = createKeyring({ present, previous, randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)) });
  const open = openPostgres(databaseUrl, { connectionsMax: 1, applicationName: "spillway-preflight" });
  try {
    // Postgres has checks of its own; without it, and before the first migration, no secret can be looked at.
    const counts = await countSealed(open.db, keyring).catch(() => undefined);
    if (counts === undefined) return ok(check, "Set. Stored secrets could not be looked at.");
    const { current, former, unreadable } = counts;
    if (unreadable > 0)
      return failed(
        check,
        `${unreadable} of ${current + former + unreadable} stored secrets cannot be opened with it.`,
        "Set the key that sealed them in SPILLWAY_PREVIOUS_ENCRYPTION_KEYS, then run `npm run admin -- rotate-secrets`.",
      );
    if (former > 0)
      return warning(check, `${former} stored secrets are sealed with a former key.`, "Run `npm run admin -- rotate-secrets`.");
    return ok(check, `It opens all ${current} stored secrets.`);
  } finally {
    await open.close();
  }
};

const saltResult = (salt: string): CheckResult =>
  salt === "change-me" || salt.length < 16
    ? warning(
        "salt",
        "SALT is the example or short.",
        "Set SALT to a random text of 16 characters or more before the first key is made; existing keys end with the old one.",
      )
    : ok("salt", "Set.");

const adminResult = (hasKey: boolean): CheckResult =>
  hasKey
    ? ok("admin key", "Set: /api/admin is open to its holder.")
    : warning("admin key", "ADMIN_API_KEY is not set: /api/admin is off.", "Set it to create projects and keys.");

/** Settings that open more than a server or two. */
const egressResult = ({ egressPolicy: { allowsHttp, ranges, ports, hosts } }: PreflightTarget): CheckResult => {
  const check = "egress";
  const risks = [
    ...(allowsHttp ? ["SPILLWAY_EGRESS_ALLOW_HTTP lets credentials travel unencrypted"] : []),
    ...(ports.some(([from, to]) => to - from >= 1000) ? ["SPILLWAY_EGRESS_ALLOWED_PORTS opens 1,000 ports or more"] : []),
    ...(ranges.some(([, bits]) => bits < 8) ? ["SPILLWAY_EGRESS_ALLOWED_RANGES opens a network wider than /8"] : []),
  ];
  if (risks.length > 0) return warning(check, `${risks.join("; ")}.`, "Allow single hosts and ports instead (docs/egress.md).");
  const exceptions = hosts.length + ranges.length;
  return ok(check, exceptions === 0 ? "Only public hosts are allowed." : `Public hosts and ${exceptions} exceptions are allowed.`);
};
