/** The test of an integration, step by step, with the provider's own reason where one has failed. */
import { useEffect } from "react";
import { announce } from "../../app/announce.tsx";
import { Badge } from "../../components/badge.tsx";
import { Icon } from "../../components/icon.tsx";
import { FailedNotice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import type { IntegrationValidation } from "../../generated/types.gen.ts";
import type { Kind } from "./integration-search.ts";
import { isEnded, type Validation } from "./use-validation.ts";

type Step = IntegrationValidation["steps"][number];
type StepName = Step["name"];

/** What a runner does, in its order. A test that never begins has the step `settings` instead. */
const stepsOf = (kind: Kind, shown: IntegrationValidation | undefined): readonly StepName[] => {
  if (shown?.steps.some(({ name }) => name === "settings")) return ["settings"];
  return kind === "blob_storage" ? ["write", "read", "list", "delete"] : ["authenticate"];
};

const titles: Record<StepName, string> = {
  settings: "Read settings and credentials",
  write: "Write an object",
  read: "Read it back",
  list: "List the prefix",
  delete: "Delete it",
  authenticate: "Sign in with the key",
};

type PanelProps = {
  kind: Kind;
  validation: Validation | undefined;
  /** The draft differs from what is saved, and so from what was tested. */
  isDraftNewer: boolean;
  /** What follows a passed test. */
  children?: React.ReactNode;
};

export const TestPanel = ({ kind, validation, isDraftNewer, children }: PanelProps) => {
  const shown = validation?.shown;
  const state = shown?.state;
  useEffect(() => {
    if (state === "passed" || state === "failed") announce(`The test has ${state}`);
  }, [state]);
  return (
    <section className="panel test-panel" aria-label="Test">
      <div className="panel-header">
        <h2>Test</h2>
        <Verdict validation={validation} />
      </div>
      <div className="panel-body stack">
        <ol className="test-steps" aria-busy={validation?.isUnderWay || undefined}>
          {stepsOf(kind, shown).map((name) => (
            <StepLine
              key={name}
              name={name}
              step={shown?.steps.find((step) => step.name === name)}
              isUnderWay={validation?.isUnderWay ?? false}
            />
          ))}
        </ol>
        {shown?.error == null ? null : (
          <p>
            <strong>{shown.error.message}</strong> <span className="mono muted">{shown.error.code}</span>
          </p>
        )}
        {validation === undefined || validation.error === null ? null : <FailedNotice error={validation.error} />}
        {shown !== undefined && isEnded(shown) && isDraftNewer ? (
          <p className="field-hint">You have changed something since: save it to test it.</p>
        ) : null}
        {validation === undefined || (shown === undefined && !validation.isUnderWay) ? (
          <p className="field-hint">
            {kind === "blob_storage"
              ? "A runner writes, reads, lists and deletes one object below the prefix."
              : "A runner checks the key with one request, which sends no event."}
          </p>
        ) : null}
        {state === "passed" && !isDraftNewer ? children : null}
      </div>
    </section>
  );
};

const Verdict = ({ validation }: Pick<PanelProps, "validation">) => {
  if (validation?.isUnderWay)
    return <Badge tone="info">{validation.shown?.state === "running" ? "Under way" : "Waiting for a runner"}</Badge>;
  const shown = validation?.shown;
  if (shown === undefined || !isEnded(shown)) return null;
  return (
    <span className="toolbar">
      {shown.finishedAt === null ? null : (
        <span className="muted">
          <Time at={shown.finishedAt} form="relative" />
        </span>
      )}
      <Badge tone={shown.state === "passed" ? "success" : "danger"}>{shown.state === "passed" ? "Passed" : "Failed"}</Badge>
    </span>
  );
};

const outcomeTitles = { passed: "passed", failed: "failed", skipped: "skipped", waiting: "not yet" } as const;

const StepLine = ({ name, step, isUnderWay }: { name: StepName; step: Step | undefined; isUnderWay: boolean }) => {
  const outcome = step?.outcome ?? "waiting";
  return (
    <li className={`test-step test-${outcome}`} data-step={name}>
      <span className="test-mark" aria-hidden="true">
        {outcome === "passed" ? <Icon name="check" size={12} /> : null}
        {outcome === "failed" ? <Icon name="close" size={12} /> : null}
        {outcome === "waiting" && isUnderWay ? <span className="spinner" /> : null}
      </span>
      <div>
        <span className="test-title">{titles[name]}</span>
        <span className="visually-hidden">: {outcomeTitles[outcome]}</span>
        {outcome === "skipped" ? <span className="muted"> skipped</span> : null}
        {step?.message == null ? null : (
          <p>
            {step.message} {step.code === null ? null : <span className="mono muted">{step.code}</span>}
          </p>
        )}
        {step?.help == null || step.help === "" ? null : <p className="muted">{step.help}</p>}
      </div>
    </li>
  );
};
