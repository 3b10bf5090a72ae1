/** One field of the settings of a kind, or of its secret. */
import { Checkbox, Field, Input, Select, TextArea } from "../../components/field.tsx";
import type { SecretField, SettingField } from "./setting-fields.ts";

type ControlProps = { field: SettingField; value: string; error: string | undefined; onChange: (value: string) => void };

export const SettingControl = ({ field, value, error, onChange }: ControlProps) => {
  const { label, hint, placeholder } = field;
  if (field.type === "flag")
    return (
      <div className="field">
        <Checkbox checked={value === "true"} onChange={(event) => onChange(event.currentTarget.checked ? "true" : "")}>
          {label}
        </Checkbox>
        {error === undefined ? null : <span className="field-error">{error}</span>}
      </div>
    );
  if (field.type === "list") return <Choices field={field} value={value} error={error} onChange={onChange} />;
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => {
        const typed = { ...control, placeholder, spellCheck: false, value };
        switch (field.type) {
          case "choice":
          case "flag-or-default":
            return <Select {...control} value={value} options={field.choices} onChange={onChange} />;
          case "columns":
            return <TextArea {...typed} className="mono" onChange={(event) => onChange(event.currentTarget.value)} />;
          case "number":
            return (
              <Input {...typed} type="number" min={field.min} max={field.max} onChange={(event) => onChange(event.currentTarget.value)} />
            );
          case "text":
            return <Input {...typed} onChange={(event) => onChange(event.currentTarget.value)} />;
          default:
            return field satisfies never;
        }
      }}
    </Field>
  );
};

type ChoicesProps = Omit<ControlProps, "field"> & { field: Extract<SettingField, { type: "list" }> };

const Choices = ({ field: { label, hint, choices }, value, error, onChange }: ChoicesProps) => {
  const chosen = value.split(",").filter((part) => part !== "");
  return (
    <ChoiceGroup
      {...{ label, hint, error, chosen }}
      options={choices.map((choice) => choice.value)}
      onChange={(next) => onChange(next.join(","))}
    />
  );
};

type GroupProps = {
  label: string;
  hint?: string | undefined;
  error: string | undefined;
  options: readonly string[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
};

/** Several of a few names. */
export const ChoiceGroup = ({ label, hint, error, options, chosen, onChange }: GroupProps) => (
  <fieldset className="choice-group">
    <legend className="field-label">{label}</legend>
    <div className="choice-list">
      {options.map((option) => (
        <Checkbox
          key={option}
          checked={chosen.includes(option)}
          onChange={(event) => onChange(options.filter((each) => (each === option ? event.currentTarget.checked : chosen.includes(each))))}
        >
          {option}
        </Checkbox>
      ))}
    </div>
    {hint === undefined ? null : <span className="field-hint">{hint}</span>}
    {error === undefined ? null : (
      <span className="field-error" role="alert">
        {error}
      </span>
    )}
  </fieldset>
);

type SecretProps = {
  field: SecretField;
  value: string;
  /** What the API shows of the stored one; undefined where none is stored. */
  mask: string | undefined;
  error: string | undefined;
  onChange: (value: string) => void;
};

/** Never filled in: what is left empty is kept. */
export const SecretControl = ({ field: { label, hint, isSecret }, value, mask, error, onChange }: SecretProps) => (
  <Field label={label} hint={[hint, mask === undefined ? "" : `Leave it empty to keep ${mask}`].filter(Boolean).join(" ")} error={error}>
    {(control) => (
      <Input
        {...control}
        type={isSecret ? "password" : "text"}
        autoComplete="off"
        data-1p-ignore=""
        spellCheck={false}
        placeholder={mask === undefined ? undefined : `${mask} is kept`}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )}
  </Field>
);
