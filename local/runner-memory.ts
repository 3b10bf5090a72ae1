/**
 * How Bun's allocator (mimalloc) gets memory for a runner, as in deploy/Dockerfile and deploy/spillway-runner.service: in pages of 2 MiB, so
 * that an export takes a fifth of the page faults (docs/benchmarks.md). Read when the process starts. A kernel without such pages ignores it.
 */
export const runnerMemory = { MIMALLOC_ALLOW_THP: "1" };
