/** How an integration is: the sentence of the API, how far it has got, and what to do about a fault. */
import { durationText } from "../../components/quantity.ts";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import type { Integration } from "../../generated/types.gen.ts";
import { Health } from "./health.tsx";
import "./integration-status.css";

export const IntegrationStatus = ({ integration: { id, status, enabled } }: { integration: Integration }) => (
  <section className="panel" aria-label="Status">
    <div className="panel-body integration-status">
      <p>{status.sentence}</p>
      {status.lastError === null ? null : <Fault fault={status.lastError} tone={enabled ? "warning" : "danger"} />}
      <dl className="figures">
        <Figure name="Delivered through">
          {status.deliveredThrough === null ? "Nothing yet" : <Time at={status.deliveredThrough} form="full" />}
        </Figure>
        <Figure name="Lag">
          <span className="numeric">{status.lagSeconds === null ? "–" : durationText(status.lagSeconds)}</span>
        </Figure>
        <Figure name="Next run">{status.nextRunAt === null ? "None planned" : <Time at={status.nextRunAt} form="relative" />}</Figure>
        <Figure name="Last 24 hours">
          <Health id={id} />
        </Figure>
      </dl>
    </div>
  </section>
);

const Figure = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

/** The code's sentence, the provider's own words, and what to do. */
export const Fault = ({ fault, tone }: { fault: NonNullable<Integration["status"]["lastError"]>; tone: "warning" | "danger" }) => (
  <Notice tone={tone}>
    <p>
      <strong>{fault.message}</strong> <span className="mono muted">{fault.code}</span>
      {fault.table === null ? null : (
        <>
          {" "}
          in <span className="mono">{fault.table}</span>
        </>
      )}{" "}
      <span className="muted">
        <Time at={fault.at} form="relative" />
      </span>
    </p>
    {fault.detail === null || fault.detail === fault.message ? null : <p className="mono">{fault.detail}</p>}
    {fault.help === "" ? null : <p>{fault.help}</p>}
  </Notice>
);
