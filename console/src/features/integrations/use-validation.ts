/** Tests an integration as it is saved: asks a runner to try it, and follows the steps until they have ended. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { announce } from "../../app/announce.tsx";
import { failedMs } from "../../app/query-client.ts";
import { toastFailure } from "../../components/toast.tsx";
import { getValidationOptions, validateIntegrationMutation } from "../../generated/@tanstack/react-query.gen.ts";
import type { IntegrationValidation } from "../../generated/types.gen.ts";

const followMs = 400;

export const isEnded = ({ state }: Pick<IntegrationValidation, "state">): boolean => state === "passed" || state === "failed";

export type Validation = { start: () => void; isUnderWay: boolean; shown: IntegrationValidation | undefined; error: unknown };

export const useValidation = (integrationId: string): Validation => {
  const [validationId, setValidationId] = useState<string>();
  const start = useMutation({
    ...validateIntegrationMutation(),
    onError: toastFailure,
    onSuccess: ({ id }) => {
      setValidationId(id);
      announce("The test has begun");
    },
  });
  const query = useQuery({
    ...getValidationOptions({ path: { id: integrationId, validationId: validationId ?? "" } }),
    enabled: validationId !== undefined,
    refetchInterval: ({ state: { data, error } }) => (error !== null ? failedMs : data !== undefined && isEnded(data) ? false : followMs),
  });
  return {
    start: () => start.mutate({ path: { id: integrationId } }),
    isUnderWay:
      start.isPending || (validationId !== undefined && query.error === null && (query.data === undefined || !isEnded(query.data))),
    shown: start.isPending ? undefined : query.data,
    error: query.error,
  };
};
