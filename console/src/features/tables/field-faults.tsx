/** What is wrong with fields of a refused request. */
import { factsOf } from "../../app/api-error.ts";
import { visibleLine } from "../../components/visible-text.ts";

export const FieldFaults = ({ error }: { error: unknown }) => {
  const { fields } = factsOf(error);
  if (fields.length === 0) return null;
  return (
    <ul className="field-faults">
      {fields.map(({ path, message }) => (
        <li key={`${path} ${message}`}>
          <span className="mono">{visibleLine(path)}</span>: {visibleLine(message)}
        </li>
      ))}
    </ul>
  );
};
