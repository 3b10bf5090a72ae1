/** A field for an instant, read and shown in the reader's zone. */
import { Field, Input } from "./field.tsx";

type InstantFieldProps = {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  /** As `datetime-local` has it: `2026-11-01T14:05`, or empty. */
  value: string;
  onChange: (value: string) => void;
};

const zone = new Intl.DateTimeFormat("en-GB").resolvedOptions().timeZone;

export const InstantField = ({ label, hint, error, value, onChange }: InstantFieldProps) => (
  <Field label={label} hint={[hint, `Your time zone, ${zone}.`].filter(Boolean).join(" ")} error={error}>
    {(control) => (
      <Input {...control} type="datetime-local" step={1} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
    )}
  </Field>
);
