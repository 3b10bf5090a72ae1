/** The secret of a key, which is shown once, and what a program needs to use it. */
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { CodeBlock, CopyText } from "../../components/code-block.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Facts } from "../../components/facts.tsx";
import { Notice } from "../../components/states.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { Time } from "../../components/time.tsx";
import type { ApiKeyWithSecret } from "../../generated/types.gen.ts";
import { recipes } from "./environment-lines.ts";

type SecretDialogProps = {
  title: string;
  apiKey: Pick<ApiKeyWithSecret, "publicKey" | "secretKey" | "previousSecretExpiresAt">;
  onClose: () => void;
};

export const SecretDialog = ({ title, apiKey: { publicKey, secretKey, previousSecretExpiresAt }, onClose }: SecretDialogProps) => {
  const [shown, setShown] = useState(recipes[0]?.id ?? "");
  const recipe = recipes.find(({ id }) => id === shown);
  return (
    <Dialog
      title={title}
      isOpen
      isWide
      isKept
      onClose={onClose}
      footer={
        <Button variant="primary" onClick={onClose}>
          I have stored the secret
        </Button>
      }
    >
      <Notice tone="warning">The secret is shown once. Store it now: only its hash is kept here.</Notice>
      <Facts
        facts={[
          ["Public key", <CopyText key="public" text={publicKey} label="public key" />],
          ["Secret key", <CopyText key="secret" text={secretKey} label="secret key" />],
          [
            "Former secret",
            previousSecretExpiresAt === null ? null : (
              <>
                Valid until <Time at={previousSecretExpiresAt} form="full" />
              </>
            ),
          ],
        ]}
      />
      <Tabs label="Environment of" tabs={recipes} selected={shown} onSelect={setShown}>
        {recipe === undefined ? null : (
          <>
            <p className="muted">{recipe.hint}</p>
            <CodeBlock
              label={`environment for ${recipe.title}`}
              code={recipe.lines({ origin: window.location.origin, publicKey, secretKey })}
            />
          </>
        )}
      </Tabs>
    </Dialog>
  );
};
