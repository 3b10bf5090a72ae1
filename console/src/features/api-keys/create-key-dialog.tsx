/** Creates an API key, and then shows its secret once. */
import { useState } from "react";
import type { Scope } from "../../app/account.ts";
import { fieldError, isShownByFields } from "../../app/api-error.ts";
import { useProject } from "../../app/use-project.ts";
import { Button } from "../../components/button.tsx";
import { FormDialog } from "../../components/dialog.tsx";
import { Checkbox, Field, Input, Select } from "../../components/field.tsx";
import { scopeOrder, scopePresets, scopeTitles } from "./scope-titles.ts";
import { SecretDialog } from "./secret-dialog.tsx";
import { useCreateApiKey } from "./use-api-keys.ts";

export const CreateKeyDialog = ({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) =>
  isOpen ? <OpenCreateKeyDialog onClose={onClose} /> : null;

const dayMs = 86_400_000;
const lifetimes = [
  { value: "30", title: "In 30 days" },
  { value: "90", title: "In 90 days" },
  { value: "365", title: "In a year" },
  { value: "never", title: "Never" },
] as const;
type Lifetime = (typeof lifetimes)[number]["value"];

const expiryOf = (lifetime: Lifetime): string | undefined =>
  lifetime === "never" ? undefined : new Date(Date.now() + Number(lifetime) * dayMs).toISOString();

const OpenCreateKeyDialog = ({ onClose }: { onClose: () => void }) => {
  const create = useCreateApiKey();
  const [note, setNote] = useState("");
  const [lifetime, setLifetime] = useState<Lifetime>("90");
  const [scopes, setScopes] = useState<readonly Scope[]>([]);
  const [isUnscoped, setUnscoped] = useState(false);
  if (create.data !== undefined) return <SecretDialog title="API key created" apiKey={create.data} onClose={onClose} />;
  const submit = () => {
    if (scopes.length === 0) return setUnscoped(true);
    const expiresAt = expiryOf(lifetime);
    create.mutate({ body: { scopes: [...scopes], ...(note.trim() && { note: note.trim() }), ...(expiresAt && { expiresAt }) } });
  };
  const shown = ["note", "scopes", "expiresAt"];
  return (
    <FormDialog
      title="Create an API key"
      action="Create key"
      isOpen
      isWide
      isBusy={create.isPending}
      error={create.error === null || isShownByFields(create.error, shown) ? null : create.error}
      onClose={onClose}
      onSubmit={submit}
    >
      <div className="form-row">
        <Field label="Note" hint="What uses the key, such as “nightly export”." error={fieldError(create.error, "note")}>
          {(control) => (
            <Input {...control} maxLength={200} autoComplete="off" value={note} onChange={(event) => setNote(event.target.value)} />
          )}
        </Field>
        <Field label="Expires" error={fieldError(create.error, "expiresAt")}>
          {(control) => <Select {...control} value={lifetime} options={lifetimes} onChange={setLifetime} />}
        </Field>
      </div>
      <ScopeField
        chosen={scopes}
        error={fieldError(create.error, "scopes") ?? (isUnscoped && scopes.length === 0 ? "Choose at least one." : undefined)}
        onChange={setScopes}
      />
    </FormDialog>
  );
};

type ScopeFieldProps = { chosen: readonly Scope[]; error: string | undefined; onChange: (scopes: readonly Scope[]) => void };

/** Offers the scopes that the person has: the API gives no others. */
const ScopeField = ({ chosen, error, onChange }: ScopeFieldProps) => {
  const held = useProject().scopes;
  const offered = scopeOrder.filter((scope) => held.includes(scope));
  const toggle = (scope: Scope, isChosen: boolean) =>
    onChange(offered.filter((each) => (each === scope ? isChosen : chosen.includes(each))));
  return (
    <fieldset className="fieldset" aria-describedby={error === undefined ? undefined : "scopes-error"}>
      <legend>What it may do</legend>
      <div className="toolbar">
        {scopePresets
          .filter((preset) => preset.scopes.every((scope) => held.includes(scope)))
          .map((preset) => (
            <Button key={preset.title} size="small" onClick={() => onChange(preset.scopes)}>
              {preset.title}
            </Button>
          ))}
        <span className="muted">or choose:</span>
      </div>
      <div className="scope-list">
        {offered.map((scope) => (
          <Checkbox key={scope} checked={chosen.includes(scope)} onChange={(event) => toggle(scope, event.target.checked)}>
            {scopeTitles[scope].title}
            <span className="muted">{scopeTitles[scope].allows}</span>
          </Checkbox>
        ))}
      </div>
      {error === undefined ? null : (
        <span className="field-error" id="scopes-error" role="alert">
          {error}
        </span>
      )}
    </fieldset>
  );
};
