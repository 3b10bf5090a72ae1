/** Where a sign-in link leads: sends its token once. Opening the link alone uses nothing up, because scanners of mail servers do that, too. */
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { queryClient } from "../../app/query-client.ts";
import { buttonClass } from "../../components/button.tsx";
import { FailedNotice, Loading } from "../../components/states.tsx";
import { verifySignIn } from "../../generated/sdk.gen.ts";
import { SignInCard } from "./sign-in-card.tsx";

const route = getRouteApi("/sign-in/verify");

export const VerifyPage = () => {
  const { token = "" } = route.useSearch();
  const router = useRouter();
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let isShown = true;
    verifyOnce(token).then(
      (next) => {
        if (!isShown) return;
        queryClient.clear();
        // In place of the link, so that going back does not try it again.
        void router.navigate({ href: next, replace: true });
      },
      (failure: unknown) => isShown && setError(failure),
    );
    return () => {
      isShown = false;
    };
  }, [token, router]);
  return (
    <SignInCard title={error === null ? "Signing in" : "This link does not sign in"}>
      {error === null ? (
        <Loading rows={2} label="Signing in" />
      ) : (
        <>
          <FailedNotice error={error} />
          <a className={buttonClass({ variant: "primary" })} href="/sign-in">
            Ask for a new link
          </a>
        </>
      )}
    </SignInCard>
  );
};

/** React may run an effect twice; a token works once. */
const sent = new Map<string, Promise<string>>();

const verifyOnce = (token: string): Promise<string> => {
  const known = sent.get(token) ?? verifySignIn({ body: { token }, throwOnError: true }).then(({ data }) => data.next);
  sent.set(token, known);
  return known;
};
