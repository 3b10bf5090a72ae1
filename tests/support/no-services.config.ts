import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["tests/unit/**/*.test.ts"],
    setupFiles: ["tests/support/seed-properties.ts"],
    pool: "threads",
    isolate: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
