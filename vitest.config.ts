import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/support/longest-first.ts";

/** Ends what hangs. No test is judged by it: it is many times what the slowest one takes on a busy machine. */
const hangMs = 600_000;

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/global-setup.ts"],
    setupFiles: ["tests/support/check-answers.ts"],
    pool: "threads",
    // Measured on two cores: five files of tests with engines took 218 s with two workers, and what amounts to 350 s with four. Threads of
    // one process slow each other down.
    maxWorkers: 2,
    testTimeout: hangMs,
    hookTimeout: hangMs,
    // The thread of a file may take longer than the usual 10 s to end on a busy machine.
    teardownTimeout: 120_000,
    sequence: { sequencer: LongestFirst },
  },
});
