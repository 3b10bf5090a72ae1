/** The document does not depend on what a program loaded before the API: schemas of core are made before the library that describes them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bunPath, repositoryRoot } from "../../../local/service.ts";

const program = `
  const { readdirSync } = await import("node:fs");
  for (const file of readdirSync("core", { recursive: true })) if (file.endsWith(".ts")) await import("./core/" + file);
  const { createApp } = await import("./api/app.ts");
  const { apiDocument } = await import("./api/routes/system/document.ts");
  console.log(JSON.stringify(apiDocument(createApp({})), null, 2));
`;

it("the document is the same when all of core was loaded first", () => {
  const printed = execFileSync(bunPath, ["-e", program], { cwd: repositoryRoot, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  expect(printed).toBe(readFileSync(`${repositoryRoot}/openapi/openapi.json`, "utf8"));
});
