/**
 * `npm run preflight [-- --for api|runner] [--json]`: checks every variable and everything behind it, before a deployment. Prints one line
 * for each check, and what to do. Exit status 0: nothing failed, 1: a check failed, 64: misuse. Never prints the value of a variable.
 */
import { parseArgs } from "node:util";
import type { CheckOutcome, CheckResult } from "./preflight/check-result.ts";
import type { ProcessName } from "./preflight/preflight-target.ts";
import { type Part, parts, runChecks } from "./preflight/run-checks.ts";

const usage = `Usage:
  npm run preflight                        checks what the API and the runner need, from this environment
  npm run preflight -- --for api|runner    checks one of them
  npm run preflight -- --only PART,PART    checks some parts: postgres, clickhouse, buckets, mail, sign-in, keys
  npm run preflight -- --json              prints { "ok": …, "checks": [{ check, outcome, message, help }] }`;

const marks: Record<CheckOutcome, string> = { ok: "ok      ", warning: "warning ", failed: "FAILED  ", skipped: "skipped " };

const lineOf = ({ check, outcome, message, help }: CheckResult): string =>
  `${marks[outcome]} ${check}: ${message}${help === null ? "" : ` ${help}`}`;

const processesOf = (name: string | undefined): ProcessName[] | undefined => {
  if (name === undefined) return ["api", "runner"];
  return name === "api" || name === "runner" ? [name] : undefined;
};

const isPart = (name: string): name is Part => (parts as readonly string[]).includes(name);
const partsOf = (names: string | undefined): Part[] | undefined => {
  if (names === undefined) return [...parts];
  const named = names.split(",");
  return named.every(isPart) ? named : undefined;
};

const readOptions = () => {
  try {
    return parseArgs({ options: { for: { type: "string" }, only: { type: "string" }, json: { type: "boolean", default: false } } }).values;
  } catch {
    return undefined;
  }
};

const options = readOptions();
const processes = options === undefined ? undefined : processesOf(options.for);
const only = options === undefined ? undefined : partsOf(options.only);
if (options === undefined || processes === undefined || only === undefined) {
  console.error(usage);
  process.exit(64);
}
const checks = await runChecks(process.env, { processes, only });
const isOk = checks.every(({ outcome }) => outcome !== "failed");
if (options.json) console.log(JSON.stringify({ ok: isOk, checks }, null, 2));
else for (const check of checks) console.log(lineOf(check));
process.exit(isOk ? 0 : 1);
