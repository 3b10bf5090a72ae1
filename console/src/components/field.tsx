/** Fields of forms. A field ties label, hint and error to its control. */
import { type ComponentProps, type ReactNode, useId } from "react";
import { classNames } from "./class-names.ts";
import "./field.css";

type Control = { id: string; "aria-describedby"?: string; "aria-invalid"?: true };
type FieldProps = { label: string; hint?: string | undefined; error?: string | undefined; children: (control: Control) => ReactNode };

/** `<Field label="Name">{(control) => <Input {...control} … />}</Field>` */
export const Field = ({ label, hint, error, children }: FieldProps) => {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {children({ id, ...(described && { "aria-describedby": described }), ...(error && { "aria-invalid": true }) })}
      {hint ? (
        <span className="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      ) : null}
      {error ? (
        <span className="field-error" id={`${id}-error`}>
          {error}
        </span>
      ) : null}
    </div>
  );
};

export const Input = ({ className, ...more }: ComponentProps<"input">) => <input {...more} className={classNames("input", className)} />;

export const TextArea = ({ className, ...more }: ComponentProps<"textarea">) => (
  <textarea {...more} className={classNames("input", className)} />
);

type SelectProps<Value extends string> = Omit<ComponentProps<"select">, "value" | "onChange"> & {
  value: Value;
  options: readonly { value: Value; title: string }[];
  onChange: (value: Value) => void;
};

export const Select = <Value extends string>({ value, options, onChange, className, ...more }: SelectProps<Value>) => (
  <select
    {...more}
    className={classNames("input", className)}
    value={value}
    onChange={(event) => {
      const chosen = options.find((option) => option.value === event.target.value);
      if (chosen !== undefined) onChange(chosen.value);
    }}
  >
    {options.map((option) => (
      <option key={option.value} value={option.value}>
        {option.title}
      </option>
    ))}
  </select>
);

export const Checkbox = ({ children, ...more }: Omit<ComponentProps<"input">, "type">) => (
  <label className="checkbox">
    <input {...more} type="checkbox" />
    <span>{children}</span>
  </label>
);
