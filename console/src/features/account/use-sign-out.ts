/** Signing out, here or everywhere. Both leave the page, and with it everything that it has loaded. */
import { useMutation } from "@tanstack/react-query";
import { toastFailure } from "../../components/toast.tsx";
import { endAllAccountSessionsMutation, signOutMutation } from "../../generated/@tanstack/react-query.gen.ts";

const leave = { onSuccess: () => window.location.replace("/sign-in"), onError: toastFailure };

export const useSignOut = () => useMutation({ ...signOutMutation(), ...leave });
export const useSignOutEverywhere = () => useMutation({ ...endAllAccountSessionsMutation(), ...leave });
