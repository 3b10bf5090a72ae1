/** Settings of an integration, to read. Secrets are shown as the API shows them: as masks. */
import { Facts } from "../../components/facts.tsx";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import type { Integration } from "../../generated/types.gen.ts";
import { textOf } from "./draft.ts";
import { kindTitles } from "./integration-state.ts";
import { frequencyTitles, modeTitles } from "./schedule-fields.tsx";
import { kindFields, type SettingField } from "./setting-fields.ts";

export const IntegrationSettings = ({ integration: one }: { integration: Integration }) => {
  const { settings, secret } = kindFields[one.kind];
  const given = settings.filter((field) => textOf(field, one.settings[field.name]) !== "");
  return (
    <div className="columns">
      <section className="panel" aria-labelledby="destination">
        <div className="panel-header">
          <h2 id="destination">Destination</h2>
        </div>
        <div className="panel-body stack">
          {one.secret === null ? (
            <Notice tone="danger">No key of this server opens the stored credentials. Edit the integration and enter them again.</Notice>
          ) : null}
          <Facts
            facts={[
              ["Kind", kindTitles[one.kind]],
              ...given.map((field) => [field.label, shown(field, one.settings[field.name])] as const),
              ...secret.map(({ name, label }) => [label, <Mask key={name} mask={one.secret?.[name]} />] as const),
            ]}
          />
        </div>
      </section>
      <section className="panel" aria-labelledby="what">
        <div className="panel-header">
          <h2 id="what">What and when</h2>
        </div>
        <div className="panel-body">
          <Facts
            facts={[
              [
                "Tables",
                <span key="tables" className="mono">
                  {one.tables.join(", ")}
                </span>,
              ],
              ["Schedule", frequencyTitles[one.schedule.frequency]],
              [
                "Cron",
                one.schedule.cron === null ? null : (
                  <span key="cron" className="mono">
                    {one.schedule.cron}
                  </span>
                ),
              ],
              ["Time zone", one.schedule.timeZone],
              ["Not before", `${one.schedule.jitterSeconds} s after the end of a window`],
              ["Begins", modeTitles[one.mode]],
              ["Start", one.startDate === null ? null : <Time key="start" at={one.startDate} form="full" />],
              ["End", one.endsAt === null ? null : <Time key="end" at={one.endsAt} form="full" />],
              ["Created", <Time key="created" at={one.createdAt} form="full" />],
              ["Changed", <Time key="changed" at={one.updatedAt} form="full" />],
            ]}
          />
        </div>
      </section>
    </div>
  );
};

const Mask = ({ mask }: { mask: string | undefined }) => <span className="mono">{mask ?? "unreadable"}</span>;

const shown = (field: SettingField, value: unknown): React.ReactNode => {
  const text = textOf(field, value);
  if (field.type === "flag" || field.type === "flag-or-default") return text === "true" ? "Yes" : "No";
  if (field.type === "choice") return field.choices.find((choice) => choice.value === text)?.title ?? text;
  return <span className="mono">{text}</span>;
};
