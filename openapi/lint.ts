/** Lints openapi.json with Redocly's strict rules, and demands a description of every tag, parameter and named schema. Part of `npm run check`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createConfig, lintFromString } from "@redocly/openapi-core";

const path = fileURLToPath(new URL("openapi.json", import.meta.url));
const source = readFileSync(path, "utf8");

/** Where a rule does not hold, and why. */
const exceptions: { rule: string; at: RegExp; why: string }[] = [
  { rule: "no-ambiguous-paths", at: /integrations/, why: "Langfuse's blob-storage routes are below ours; ids never equal `blob-storage`." },
  { rule: "operation-2xx-response", at: /(download|oidc)/, why: "Success is a redirect." },
  { rule: "operation-4xx-response", at: /(health|ready|sign-in-methods)/, why: "These take no input and no key." },
];

const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    "no-invalid-media-type-examples": "error",
    "no-invalid-schema-examples": "error",
    "no-duplicated-tag-names": "error",
    "no-unused-components": "error",
    "operation-singular-tag": "error",
    "operation-tag-defined": "error",
    "parameter-description": "error",
    "rule/operation-id-style": {
      subject: { type: "Operation", property: "operationId" },
      assertions: { casing: "camelCase" },
      severity: "error",
    },
    "tag-description": "error",
  },
});
const problems = (await lintFromString({ source, absoluteRef: path, config })).map(({ ruleId, message, location: [where] }) => ({
  rule: ruleId,
  at: where?.pointer ?? "",
  message,
}));
const { components } = JSON.parse(source) as { components: { schemas: Record<string, { description?: string }> } };
const undescribed = Object.entries(components.schemas)
  .filter(([, { description }]) => description === undefined)
  .map(([name]) => ({
    rule: "schema-description",
    at: `#/components/schemas/${name}`,
    message: "Describe it in api/routes/system/descriptions.ts.",
  }));
const found = [...problems, ...undescribed].filter(({ rule, at }) => !exceptions.some((one) => one.rule === rule && one.at.test(at)));
for (const { rule, at, message } of found) console.error(`${at}\n  ${rule}: ${message}`);
if (found.length > 0) process.exit(1);
