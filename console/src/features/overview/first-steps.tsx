/** What to do first in a new project, with commands. A step that is done says so. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useCan, useProject } from "../../app/use-project.ts";
import { buttonClass } from "../../components/button.tsx";
import { classNames } from "../../components/class-names.ts";
import { CodeBlock } from "../../components/code-block.tsx";
import { Icon } from "../../components/icon.tsx";
import { listTracesOptions } from "../../generated/@tanstack/react-query.gen.ts";

const followMs = 5000;

export const FirstSteps = ({ hasExports }: { hasExports: boolean }) => {
  const can = useCan();
  const { id: projectId } = useProject();
  const traces = useQuery({
    ...listTracesOptions({ query: { limit: 1, fields: "core" } }),
    enabled: can("traces:read"),
    refetchInterval: ({ state }) => (state.data?.data.length ? false : followMs),
  });
  const hasData = (traces.data?.data.length ?? 0) > 0;
  const { origin } = window.location;
  return (
    <section className="steps" aria-label="First steps">
      <Step number={1} title="Send events" isDone={hasData}>
        <p className="muted">
          With a Langfuse SDK, an OTLP exporter, or by hand. {hasData ? "They have arrived." : "This page sees when they arrive."}
        </p>
        {can("apiKeys:CRUD") ? (
          <div className="toolbar">
            <Link
              to="/projects/$projectId/api-keys"
              params={{ projectId }}
              className={buttonClass({ variant: hasData ? "secondary" : "primary" })}
            >
              <Icon name="key" size={14} />
              Create an API key
            </Link>
          </div>
        ) : (
          <p className="muted">An owner or admin of your organisation gives you a key.</p>
        )}
        {can("ingestion:write") ? <CodeBlock label="command that sends a trace" code={sendCommand(origin)} /> : null}
      </Step>
      <Step number={2} title="Look at them" isDone={false}>
        <p className="muted">Within seconds of their arrival.</p>
        <CodeBlock label="command that lists traces" code={`curl -u PUBLIC_KEY:SECRET_KEY '${origin}/api/public/traces?limit=5'`} />
      </Step>
      {can("batchExports:create") ? (
        <Step number={3} title="Export them" isDone={hasExports}>
          <p className="muted">As CSV, JSON, JSONL or Parquet, to a file that you download.</p>
          <CodeBlock label="command that starts an export" code={exportCommand(origin)} />
        </Step>
      ) : null}
    </section>
  );
};

type StepProps = { number: number; title: string; isDone: boolean; children: ReactNode };

const Step = ({ number, title, isDone, children }: StepProps) => (
  <section className={classNames("panel step", isDone && "step-done")} aria-label={title}>
    <div className="step-head">
      <span className="step-number">{isDone ? <Icon name="check" size={14} /> : number}</span>
      <h2>
        {title}
        {isDone ? <span className="visually-hidden"> (done)</span> : null}
      </h2>
    </div>
    {children}
  </section>
);

const sendCommand = (origin: string): string => `curl -u PUBLIC_KEY:SECRET_KEY ${origin}/api/public/ingestion \\
  -H 'Content-Type: application/json' \\
  -d '{"batch": [{"id": "1", "type": "trace-create", "timestamp": "${new Date().toISOString()}",
       "body": {"id": "first", "name": "my first trace", "input": "hello"}}]}'`;

const exportCommand = (origin: string): string => `curl -u PUBLIC_KEY:SECRET_KEY ${origin}/api/public/batch-exports \\
  -H 'Content-Type: application/json' \\
  -d '{"format": "JSONL", "query": {"tableName": "traces", "filter": []}}'`;
