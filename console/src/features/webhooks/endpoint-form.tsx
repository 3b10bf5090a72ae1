/** Fields of a webhook endpoint, new or stored. */
import { useState } from "react";
import { Checkbox, Field, Input, Select, TextArea } from "../../components/field.tsx";
import type { WebhookEndpoint } from "../../generated/types.gen.ts";
import "./endpoint-form.css";
import { type EventType, eventTypes, meaningOf } from "./event-types.ts";

export type EndpointDraft = {
  name: string;
  url: string;
  description: string;
  /** Null: all, also types that are added later. */
  eventTypes: readonly EventType[] | null;
  signing: WebhookEndpoint["signing"];
};

export const emptyEndpoint: EndpointDraft = { name: "", url: "", description: "", eventTypes: null, signing: "hmac-sha256" };

export const draftOfEndpoint = ({ name, url, description, eventTypes: types, signing }: WebhookEndpoint): EndpointDraft => ({
  ...{ name, url, signing, eventTypes: types, description: description ?? "" },
});

/** What the API takes, without the scheme of signing, which only a new one has. */
export const bodyOf = ({ name, url, description, eventTypes: types }: EndpointDraft) => ({
  ...{ name, url, eventTypes: types === null ? null : [...types], description: description.trim() === "" ? null : description },
});

type FormProps = {
  draft: EndpointDraft;
  onChange: (draft: EndpointDraft) => void;
  errorOf: (path: string) => string | undefined;
  isNew: boolean;
};

export const EndpointForm = ({ draft, onChange, errorOf, isNew }: FormProps) => (
  <>
    <Field label="Name" error={errorOf("name")}>
      {(control) => (
        <Input
          {...control}
          value={draft.name}
          maxLength={200}
          placeholder="pipeline"
          onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
        />
      )}
    </Field>
    <Field label="Address" hint="A public host, by https. It is shown whole, so put no secret in it." error={errorOf("url")}>
      {(control) => (
        <Input
          {...control}
          type="url"
          value={draft.url}
          placeholder="https://example.com/webhooks/spillway"
          onChange={(event) => onChange({ ...draft, url: event.currentTarget.value })}
        />
      )}
    </Field>
    <EventTypes draft={draft} onChange={onChange} errorOf={errorOf} />
    {isNew ? (
      <Field label="Signed by" hint={signingHints[draft.signing]}>
        {(control) => (
          <Select {...control} value={draft.signing} options={signings} onChange={(signing) => onChange({ ...draft, signing })} />
        )}
      </Field>
    ) : null}
    <Field label="Description" error={errorOf("description")}>
      {(control) => (
        <TextArea
          {...control}
          rows={2}
          value={draft.description}
          maxLength={1000}
          onChange={(event) => onChange({ ...draft, description: event.currentTarget.value })}
        />
      )}
    </Field>
  </>
);

const signings: { value: EndpointDraft["signing"]; title: string }[] = [
  { value: "hmac-sha256", title: "hmac-sha256: a shared secret" },
  { value: "ed25519", title: "ed25519: a public key" },
];

const signingHints: Record<EndpointDraft["signing"], string> = {
  "hmac-sha256": "The receiver verifies with a secret, which is shown once.",
  ed25519: "The receiver verifies with a public key, which cannot sign.",
};

const EventTypes = ({ draft, onChange, errorOf }: Omit<FormProps, "isNew">) => {
  // Chosen before "all", so that a person may change their mind.
  const [chosenBefore, setChosenBefore] = useState<readonly EventType[]>(draft.eventTypes ?? ["export.completed", "export.failed"]);
  const chosen = draft.eventTypes;
  const error = errorOf("eventTypes");
  const choose = (types: readonly EventType[] | null) => {
    if (chosen !== null) setChosenBefore(chosen);
    onChange({ ...draft, eventTypes: types });
  };
  return (
    <fieldset className="event-types">
      <legend className="field-label">Events</legend>
      <label className="checkbox">
        <input type="radio" name="events" checked={chosen === null} onChange={() => choose(null)} />
        <span>All, also types that are added later</span>
      </label>
      <label className="checkbox">
        <input type="radio" name="events" checked={chosen !== null} onChange={() => choose(chosenBefore)} />
        <span>Only these</span>
      </label>
      {chosen === null ? null : (
        <div className="event-type-list">
          {eventTypes.map((type) => (
            <Checkbox
              key={type}
              checked={chosen.includes(type)}
              onChange={(event) =>
                choose(eventTypes.filter((each) => (each === type ? event.currentTarget.checked : chosen.includes(each))))
              }
            >
              <span className="mono">{type}</span> <span className="muted">{meaningOf(type)}</span>
            </Checkbox>
          ))}
        </div>
      )}
      {error === undefined ? null : (
        <span className="field-error" role="alert">
          {error}
        </span>
      )}
    </fieldset>
  );
};
