/** Gives a key a new secret, which is shown once; the former one stays valid for a while. */
import { useState } from "react";
import { FormDialog } from "../../components/dialog.tsx";
import { Field, Select } from "../../components/field.tsx";
import type { ApiKey } from "../../generated/types.gen.ts";
import { isOverlapping, keyName } from "./key-state.ts";
import { SecretDialog } from "./secret-dialog.tsx";
import { useRotateApiKey } from "./use-api-keys.ts";

type RotateKeyDialogProps = { apiKey: ApiKey; isOpen: boolean; onClose: () => void };

export const RotateKeyDialog = ({ isOpen, ...props }: RotateKeyDialogProps) => (isOpen ? <OpenRotateKeyDialog {...props} /> : null);

const overlaps = [
  { value: "86400", title: "For 24 hours" },
  { value: "604800", title: "For 7 days" },
  { value: "3600", title: "For an hour" },
  { value: "0", title: "Not at all: it has leaked" },
] as const;

const OpenRotateKeyDialog = ({ apiKey, onClose }: Omit<RotateKeyDialogProps, "isOpen">) => {
  const rotate = useRotateApiKey();
  const [overlap, setOverlap] = useState<(typeof overlaps)[number]["value"]>("86400");
  if (rotate.data !== undefined) return <SecretDialog title="Secret rotated" apiKey={rotate.data} onClose={onClose} />;
  return (
    <FormDialog
      title={`Rotate the secret of “${keyName(apiKey)}”`}
      action="Rotate secret"
      isOpen
      isBusy={rotate.isPending}
      error={rotate.error}
      onClose={onClose}
      onSubmit={() => rotate.mutate({ path: { id: apiKey.id }, body: { overlapSeconds: Number(overlap) } })}
    >
      <p>The key gets a new secret. Public key, scopes and expiry stay.</p>
      <Field label="The present secret stays valid" hint="Long enough to bring the new one to every program.">
        {(control) => <Select {...control} value={overlap} options={overlaps} onChange={setOverlap} />}
      </Field>
      {isOverlapping(apiKey, Date.now()) ? <p>The secret before the present one is still valid. It ends now.</p> : null}
    </FormDialog>
  );
};
