/** `webhooks …`: being told when something happens. */
import type { Command } from "@commander-js/extra-typings";
import type { Run } from "../context.ts";
import { addListen } from "./webhooks-listen.ts";

export const addWebhookCommands = (program: Command, run: Run): void => {
  const group = program.command("webhooks").description("Be told of exports and integrations by signed requests");
  addListen(group, run);
};
