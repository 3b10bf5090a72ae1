/** Shows the secret of an endpoint, the only time it can be seen, or its public key, with a snippet that verifies by it. */
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { CodeBlock } from "../../components/code-block.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Checkbox } from "../../components/field.tsx";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import type { WebhookEndpointWithSecret } from "../../generated/types.gen.ts";
import { verifySnippet } from "./verify-snippet.ts";

type SecretProps = { title: string; endpoint: WebhookEndpointWithSecret; onClose: () => void };

export const SecretDialog = ({ title, endpoint, onClose }: SecretProps) => {
  const { secret, publicKey, previousPublicKey, previousSecretUntil, signing } = endpoint;
  const [isStored, setStored] = useState(secret === null);
  return (
    <Dialog
      title={title}
      isOpen
      isWide
      // Not by accident: the secret is not shown again.
      onClose={() => isStored && onClose()}
      footer={
        <>
          {secret === null ? null : (
            <Checkbox checked={isStored} onChange={(event) => setStored(event.currentTarget.checked)}>
              I have stored the secret
            </Checkbox>
          )}
          <Button variant="primary" disabled={!isStored} onClick={onClose}>
            Done
          </Button>
        </>
      }
    >
      {secret === null ? null : (
        <>
          <Notice tone="warning">
            <strong>The secret is shown only now.</strong> Store it where the receiver reads it; a lost one is replaced by rotating it.
          </Notice>
          <div className="secret-value">
            <h3>Secret</h3>
            <CodeBlock label="secret" code={secret} />
          </div>
        </>
      )}
      {publicKey === null ? null : (
        <div className="secret-value">
          <h3>Public key</h3>
          <CodeBlock label="public key" code={publicKey} />
        </div>
      )}
      {previousPublicKey === null ? null : (
        <div className="secret-value">
          <h3>Former public key</h3>
          <CodeBlock label="former public key" code={previousPublicKey} />
        </div>
      )}
      {previousSecretUntil === null ? null : (
        <p className="muted">
          Until <Time at={previousSecretUntil} form="full" /> each request has a signature of both, so the receiver may change over at any
          time.
        </p>
      )}
      <div className="secret-value">
        <h3>Verify with Node, by the library of Standard Webhooks</h3>
        <CodeBlock label="snippet that verifies" code={verifySnippet(signing)} />
      </div>
    </Dialog>
  );
};
