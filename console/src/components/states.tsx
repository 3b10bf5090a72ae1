/** What a table or panel shows where there are no rows to show: loading, empty, failed, no right. */
import type { ReactNode } from "react";
import { factsOf } from "../app/api-error.ts";
import { Button } from "./button.tsx";
import { classNames } from "./class-names.ts";
import { CodeText } from "./code-text.tsx";
import { Icon, type IconName } from "./icon.tsx";
import "./states.css";

/** Room of the rows that are on their way. */
export const Loading = ({ rows = 8, label = "Loading" }: { rows?: number; label?: string }) => (
  <div className="skeleton" role="status" aria-label={label}>
    {Array.from({ length: rows }, (_, row) => row).map((row) => (
      <span key={row} />
    ))}
  </div>
);

type EmptyProps = { icon?: IconName; title: string; children?: ReactNode; actions?: ReactNode };

/** Nothing here: says how the first one is made, or how to see more. */
export const Empty = ({ icon = "search", title, children, actions }: EmptyProps) => (
  <div className="state">
    <span className="state-icon">
      <Icon name={icon} size={18} />
    </span>
    <h2>{title}</h2>
    {children}
    {actions === undefined ? null : <div className="state-actions">{actions}</div>}
  </div>
);

/** A failed read in place of its rows: what happened, what to do, and the id by which an operator finds it. */
export const Failed = ({ error, retry }: { error: unknown; retry?: () => void }) => {
  const { title, detail, help, code, requestId, status } = factsOf(error);
  if (status === 403) return <NoRight detail={detail} />;
  return (
    <div className="state" role="alert">
      <span className="state-icon">
        <Icon name="warning" size={18} />
      </span>
      <h2>{title}</h2>
      {detail === title ? null : (
        <p>
          <CodeText text={detail} />
        </p>
      )}
      {help === "" ? null : (
        <p>
          <CodeText text={help} />
        </p>
      )}
      <p className="state-facts mono">
        {code}
        {requestId === null ? null : ` · request ${requestId}`}
      </p>
      {retry === undefined ? null : (
        <div className="state-actions">
          <Button icon="retry" onClick={retry}>
            Try again
          </Button>
        </div>
      )}
    </div>
  );
};

export const NoRight = ({ detail }: { detail?: string }) => (
  <Empty icon="key" title="You have no right to see this">
    <p>{detail ?? "Your role in this organisation does not include it."} An owner or admin of the organisation can change your role.</p>
  </Empty>
);

/** A sentence inside a page that needs attention. */
export const Notice = ({ tone = "neutral", children }: { tone?: "neutral" | "warning" | "danger"; children: ReactNode }) => (
  <div className={classNames("notice", `notice-${tone}`)}>
    <Icon name="warning" size={14} />
    <div className="notice-body">{children}</div>
  </div>
);

/** A failed action or refetch beside what is still shown. */
export const FailedNotice = ({ error, retry }: { error: unknown; retry?: () => void }) => {
  const { title, detail, help, requestId } = factsOf(error);
  return (
    <div className="notice notice-danger" role="alert">
      <Icon name="warning" size={14} />
      <div className="notice-body">
        <strong>
          <CodeText text={detail || title} />
        </strong>{" "}
        <CodeText text={help} /> {requestId === null ? null : <span className="muted mono">request {requestId}</span>}
      </div>
      {retry === undefined ? null : (
        <Button size="small" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
};
