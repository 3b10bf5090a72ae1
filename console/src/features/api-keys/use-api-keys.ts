/** What can be done with API keys. The dialogs show what failed. */
import { useMutation } from "@tanstack/react-query";
import { refetchOperations } from "../../app/query-client.ts";
import { createApiKeyMutation, revokeApiKeyMutation, rotateApiKeyMutation } from "../../generated/@tanstack/react-query.gen.ts";

const onSuccess = () => void refetchOperations("listApiKeys", "listAuditLogs");

export const useCreateApiKey = () => useMutation({ ...createApiKeyMutation(), gcTime: 0, onSuccess });
export const useRotateApiKey = () => useMutation({ ...rotateApiKeyMutation(), gcTime: 0, onSuccess });
export const useRevokeApiKey = () => useMutation({ ...revokeApiKeyMutation(), onSuccess });
