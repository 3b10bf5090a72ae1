/** How long tests wait for what must come. It ends a hang and judges nothing: more than any machine needs, less than the limit of a test. */
export const waitSeconds = Number(process.env["SPILLWAY_TEST_WAIT_SECONDS"] ?? "480");
