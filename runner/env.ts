/** Parses the runner's configuration once from the environment. Reports all problems at once, by name and never by value. */
import { checkLangfuseVariables } from "../core/langfuse-variables.ts";
import { type AwsEnvironment, awsVariables } from "./credentials/aws-credentials.ts";
import { runnerConfig } from "./env-config.ts";
import { roleWarnings, runnerEnvProblems } from "./env-problems.ts";
import { RunnerEnv } from "./env-schema.ts";

/** Variables that were renamed. The former name is read if the new one is unset. */
const formerNames = { SPILLWAY_HEARTBEAT_SECONDS: "SPILLWAY_PULSE_SECONDS" } as const;

export const parseRunnerEnv = (env: Record<string, string | undefined>) => {
  // Langfuse, too, treats an empty variable as unset.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  for (const [name, former] of Object.entries(formerNames)) given[name] ??= given[former];
  const parsed = RunnerEnv.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join(".")}: ${issue.code === "invalid_type" ? "missing or not of the right type" : issue.message}`,
    );
    return { ok: false as const, problems };
  }
  const e = parsed.data;
  const langfuse = checkLangfuseVariables(given);
  const aws: AwsEnvironment = Object.fromEntries(awsVariables.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
  const problems = [...langfuse.problems, ...runnerEnvProblems(e, { aws })];
  if (problems.length > 0) return { ok: false as const, problems };
  const warnings = [...langfuse.warnings, ...roleWarnings(e)];
  return { ok: true as const, config: runnerConfig(e, { aws, warnings }) };
};
