/** Fields of an integration. What they hold is a draft of the page around them. */
import { Field, Input, Select } from "../../components/field.tsx";
import { InstantField } from "../../components/instant-field.tsx";
import type { Integration } from "../../generated/types.gen.ts";
import { type Draft, withKind } from "./draft.ts";
import "./integration-form.css";
import { kinds } from "./integration-search.ts";
import { kindTitles } from "./integration-state.ts";
import { modeTitles, ScheduleFields } from "./schedule-fields.tsx";
import { ChoiceGroup, SecretControl, SettingControl } from "./setting-field.tsx";
import { kindFields, type SettingField } from "./setting-fields.ts";

export type FormProps = {
  draft: Draft;
  onChange: (draft: Draft) => void;
  /** What the API says of a field of the last attempt to save, by its path. */
  errorOf: (path: string) => string | undefined;
  /** Masks of the stored secret; null for a new integration, or where it cannot be opened. */
  masks: Integration["secret"];
  isNew: boolean;
};

export const IntegrationForm = (props: FormProps) => (
  <>
    <Section title="Destination">
      {props.isNew ? <KindChoice {...props} /> : null}
      <Destination {...props} />
    </Section>
    <Section title="What and when">
      <WhatAndWhen {...props} />
    </Section>
    <PartSection {...props} title="Files" part="files" />
    <Advanced {...props} />
  </>
);

const Section = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <section className="panel" aria-label={title}>
    <div className="panel-header">
      <h2>{title}</h2>
    </div>
    <div className="panel-body form-grid">{children}</div>
  </section>
);

const KindChoice = ({ draft, onChange }: FormProps) => (
  <fieldset className="choice-group">
    <legend className="field-label">Kind</legend>
    <div className="kind-choices">
      {kinds.map((kind) => (
        <label key={kind} className="kind-choice">
          <input type="radio" name="kind" value={kind} checked={draft.kind === kind} onChange={() => onChange(withKind(draft, kind))} />
          <span>
            <strong>{kindTitles[kind]}</strong>
            <span className="field-hint">{kind === "blob_storage" ? "Files in S3, or a store that speaks it" : "Events in a project"}</span>
          </span>
        </label>
      ))}
    </div>
  </fieldset>
);

const isFieldShown = ({ name }: SettingField, { settings }: Draft): boolean => {
  if (name === "endpoint") return settings["type"] === "S3_COMPATIBLE" || (settings["endpoint"] ?? "") !== "";
  if (name === "kmsKeyId") return settings["sse"] === "aws:kms" || (settings["kmsKeyId"] ?? "") !== "";
  return true;
};

const Settings = ({ draft, onChange, errorOf, part }: FormProps & { part: SettingField["part"] }) =>
  kindFields[draft.kind].settings
    .filter((field) => field.part === part && isFieldShown(field, draft))
    .map((field) => (
      <SettingControl
        key={field.name}
        field={field}
        value={draft.settings[field.name] ?? ""}
        error={errorOf(`settings.${field.name}`)}
        onChange={(value) => onChange({ ...draft, settings: { ...draft.settings, [field.name]: value } })}
      />
    ));

const Destination = (props: FormProps) => {
  const { draft, onChange, errorOf, masks } = props;
  return (
    <>
      <Field label="Name" error={errorOf("name")}>
        {(control) => (
          <Input
            {...control}
            value={draft.name}
            maxLength={200}
            placeholder="warehouse"
            onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
          />
        )}
      </Field>
      <Settings {...props} part="place" />
      {kindFields[draft.kind].secret.map((field) => (
        <SecretControl
          key={field.name}
          field={field}
          mask={masks?.[field.name]}
          value={draft.secret[field.name] ?? ""}
          error={errorOf(`secret.${field.name}`)}
          onChange={(value) => onChange({ ...draft, secret: { ...draft.secret, [field.name]: value } })}
        />
      ))}
    </>
  );
};

const modes = Object.entries(modeTitles).map(([value, title]) => ({ value: value as Draft["mode"], title }));

const WhatAndWhen = ({ draft, onChange, errorOf, isNew }: FormProps) => (
  <>
    <ChoiceGroup
      label="Tables"
      options={kindFields[draft.kind].tables}
      chosen={draft.tables}
      error={errorOf("tables")}
      onChange={(tables) => onChange({ ...draft, tables })}
    />
    <ScheduleFields draft={draft} errorOf={errorOf} onChange={(change) => onChange({ ...draft, ...change })} />
    <div className="field-row">
      <Field
        label="Begins"
        hint={isNew ? "On the instant a row was written." : "A change begins again from there: windows are delivered again."}
        error={errorOf("mode")}
      >
        {(control) => <Select {...control} value={draft.mode} options={modes} onChange={(mode) => onChange({ ...draft, mode })} />}
      </Field>
      {draft.mode === "FROM_CUSTOM_DATE" ? (
        <InstantField
          label="Start"
          error={errorOf("startDate")}
          value={draft.startDate}
          onChange={(startDate) => onChange({ ...draft, startDate })}
        />
      ) : null}
      <InstantField
        label="End"
        hint="Empty: none."
        error={errorOf("endsAt")}
        value={draft.endsAt}
        onChange={(endsAt) => onChange({ ...draft, endsAt })}
      />
    </div>
  </>
);

const hasPart = ({ draft: { kind } }: FormProps, part: SettingField["part"]): boolean =>
  kindFields[kind].settings.some((field) => field.part === part);

const PartSection = ({ title, part, ...props }: FormProps & { title: string; part: SettingField["part"] }) =>
  hasPart(props, part) ? (
    <Section title={title}>
      <Settings {...props} part={part} />
    </Section>
  ) : null;

/** Folded, unless something in it is set or wrong. */
const Advanced = (props: FormProps) => {
  if (!hasPart(props, "advanced")) return null;
  const { draft, errorOf } = props;
  const fields = kindFields[draft.kind].settings.filter(({ part }) => part === "advanced");
  const isOpen = fields.some(({ name }) => errorOf(`settings.${name}`) !== undefined || (draft.settings[name] ?? "") !== "");
  return (
    <details className="panel" open={isOpen || undefined}>
      <summary className="panel-summary">Advanced</summary>
      <div className="panel-body form-grid">
        <Settings {...props} part="advanced" />
      </div>
    </details>
  );
};
