import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/support/longest-first.ts";

/** Ends what hangs. No test is judged by it: it is many times what the slowest one takes on a busy machine. */
const hangMs = 600_000;

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/global-setup.ts"],
    setupFiles: ["tests/support/check-answers.ts", "tests/support/seed-properties.ts"],
    pool: "threads",
    // Files share the modules of their worker: loading them anew costs each file about a second of CPU. No module keeps state but memos,
    // and every file makes its own fixture.
    isolate: false,
    // Two workers leave a fifth of two cores idle, because many tests wait; four are no faster than three.
    maxWorkers: 3,
    testTimeout: hangMs,
    hookTimeout: hangMs,
    // The thread of a file may take longer than the usual 10 s to end on a busy machine.
    teardownTimeout: 120_000,
    sequence: { sequencer: LongestFirst },
  },
});
