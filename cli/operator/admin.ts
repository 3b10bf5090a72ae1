/**
 * `npm run admin -- <resource> <action> [--name value…]`: manages tenants through the admin API of the local stack or of SPILLWAY_API_URL.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../local/service.ts";
import { rotateAllSecrets } from "./rotate-secrets.ts";

const usage = `Usage:
  npm run admin -- organizations create --name NAME
  npm run admin -- projects create --organizationId ID --name NAME [--runningJobsMax N]
  npm run admin -- users create --email ADDRESS [--name NAME]
  npm run admin -- memberships create --organizationId ID --userId ID --role OWNER|ADMIN|MEMBER|VIEWER
  npm run admin -- api-keys create --projectId ID --userId ID --scopes SCOPE,SCOPE [--note TEXT] [--expiresAt INSTANT]
  npm run admin -- api-keys rotate --id ID [--overlapSeconds N]    shows the new secret once; the former one is valid for 24 hours by default
  npm run admin -- api-keys delete --id ID
  npm run admin -- projects set-plan --id ID [--plan PLAN|default] [--overrides JSON]    sets quotas, see docs/limits.md
  npm run admin -- RESOURCE list
  npm run admin -- rotate-secrets    seals the secrets of integrations and webhook endpoints with the present ENCRYPTION_KEY
Talks to the running local stack, or to SPILLWAY_API_URL with ADMIN_API_KEY. rotate-secrets works on DATABASE_URL, or the database of the
local stack, with ENCRYPTION_KEY and SPILLWAY_PREVIOUS_ENCRYPTION_KEYS.`;

const [resource, action, ...rest] = process.argv.slice(2);
if (resource === "rotate-secrets") process.exit(await rotateAllSecrets(process.env));
/** Options that are no plain texts. */
const readers = new Map<string, (text: string) => unknown>([
  ["runningJobsMax", Number],
  ["overlapSeconds", Number],
  ["scopes", (text) => text.split(",")],
  ["overrides", parseOverrides],
  ["plan", (text) => (text === "default" ? null : text)],
]);
const options: Record<string, unknown> = {};
for (let i = 0; i < rest.length; i += 2) {
  const name = rest[i]?.replace(/^--/, "") ?? "";
  const value = rest[i + 1];
  options[name] = value === undefined ? undefined : (readers.get(name) ?? String)(value);
}
const stackFile = join(process.env["SPILLWAY_DATA_DIR"] || join(repositoryRoot, ".spillway"), "stack.json");
const stack = existsSync(stackFile) ? (JSON.parse(readFileSync(stackFile, "utf8")) as { apiUrl: string; adminKey: string }) : undefined;
const apiUrl = process.env["SPILLWAY_API_URL"] || stack?.apiUrl;
const adminKey = process.env["ADMIN_API_KEY"] || stack?.adminKey;
const { id, ...body } = options;
type Call = { method: string; path: string; body?: unknown };
const call = new Map<string | undefined, Call>([
  ["create", { method: "POST", path: "", body: options }],
  ["list", { method: "GET", path: "" }],
  ["delete", { method: "DELETE", path: `/${id}` }],
  ["rotate", { method: "POST", path: `/${id}/rotate`, body }],
  ["set-plan", { method: "PATCH", path: `/${id}`, body }],
]).get(action);
if (resource === undefined || call === undefined) {
  console.error(usage);
  process.exit(64);
}
if (apiUrl === undefined || adminKey === undefined) {
  console.error("No stack is running here. Start it with `npm start`, or set SPILLWAY_API_URL and ADMIN_API_KEY.");
  process.exit(69);
}
const response = await fetch(`${apiUrl}/api/admin/${resource}${call.path}`, {
  method: call.method,
  headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
  ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
});
const text = await response.text();
console.log(text === "" ? "done" : JSON.stringify(JSON.parse(text), null, 2));
process.exit(response.ok ? 0 : 1);

function parseOverrides(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    console.error("--overrides must be JSON, such as '{ \"exportsPerHour\": 500 }'.");
    process.exit(64);
  }
}
