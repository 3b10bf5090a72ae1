/** `webhooks …`: being told when something happens. */
import { setTimeout as wait } from "node:timers/promises";
import { type Command, Option } from "@commander-js/extra-typings";
import type {
  CreateWebhookEndpoint,
  WebhookDeliverySummary,
  WebhookEndpointWithSecret,
  WebhookTest,
} from "../../../openapi/client/index.ts";
import type { Context, Run } from "../context.ts";
import { CommandError } from "../exit-codes.ts";
import { clip, formatFacts } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { formatDistance } from "../output/quantities.ts";
import { namesAmong } from "./option-values.ts";
import { addListen } from "./webhooks-listen.ts";

type EventType = WebhookTest["type"];
/** The compiler asks for types that are added to the API. */
const eventTypes = Object.keys({
  "export.queued": true,
  "export.started": true,
  "export.completed": true,
  "export.failed": true,
  "export.cancelled": true,
  "export.expired": true,
  "integration.run.completed": true,
  "integration.run.failed": true,
  "integration.disabled": true,
  "integration.recovered": true,
  "integration.overdue": true,
} satisfies Record<EventType, true>) as EventType[];
const schemes = ["hmac-sha256", "ed25519"] as const satisfies readonly NonNullable<CreateWebhookEndpoint["signing"]>[];

const deliveryPollMs = 500;

export const addWebhookCommands = (program: Command, run: Run): void => {
  const group = program.command("webhooks").description("Be told of exports and integrations by signed requests");
  group
    .command("list")
    .description("List endpoints and the state of each")
    .action((_options, command) => run(command, list));
  group
    .command("create")
    .description("Create an endpoint; its secret is shown only now")
    .requiredOption("--url <url>", "where requests go: a public host, by https")
    .requiredOption("--name <name>", "name of the endpoint")
    .option("--events <types>", "types of events, separated by commas; all by default", namesAmong(eventTypes))
    .addOption(new Option("--signing <scheme>", "ed25519 gives the receiver a public key instead of a secret").choices(schemes))
    .action((options, command) => run(command, (context) => create(context, options)));
  addListen(group, run);
  group
    .command("test")
    .description("Send a sample event to an endpoint and wait for its answer")
    .argument("<id>", "id of the endpoint")
    .addOption(new Option("--type <type>", "type of the event").choices(eventTypes).default("export.completed" as const))
    .action((id, { type }, command) => run(command, (context) => test(context, id, type)));
};

const list = async ({ output, terminal, openClient }: Context): Promise<void> => {
  const { colors: paint } = output;
  const states = { healthy: paint.green("healthy"), failing: paint.yellow("failing"), disabled: paint.red("disabled") };
  await output.rows((await openClient()).webhooks.listEndpoints({ limit: 100 }), {
    head: ["id", "name", "state", "address", "events", "failing since"],
    cells: (one) => [
      one.id,
      clip(one.name),
      states[one.state],
      clip(one.url, 80),
      one.eventTypes === null ? "all" : one.eventTypes.join(" "),
      one.failingSince === null ? "" : formatDistance(one.failingSince, terminal.nowMs()),
    ],
    empty: "No endpoints.",
  });
};

type CreateOptions = { url: string; name: string; events?: EventType[] | undefined; signing?: (typeof schemes)[number] | undefined };

const create = async ({ output, openClient }: Context, { url, name, events, signing }: CreateOptions): Promise<void> => {
  const made: WebhookEndpointWithSecret = await (await openClient()).webhooks.createEndpoint({
    url,
    name,
    ...(events === undefined ? {} : { eventTypes: events }),
    ...(signing === undefined ? {} : { signing }),
  });
  output.document(made, () =>
    formatFacts(
      [
        ["id", made.id],
        ["name", clip(made.name, 200)],
        ["address", clip(made.url, 200)],
        ["events", made.eventTypes === null ? "all" : made.eventTypes.join(" ")],
        ["secret", made.secret],
        ["public key", made.publicKey],
      ],
      output.colors,
    ),
  );
  output.note(made.secret === null ? "Receivers verify with the public key." : "Give the secret to the receiver. It is not shown again.");
  output.note(`Try it with \`spillway webhooks test ${made.id}\`.`);
};

const test = async ({ output, terminal, openClient }: Context, id: string, type: EventType): Promise<void> => {
  const { webhooks } = await openClient();
  let delivery: WebhookDeliverySummary = await webhooks.testEndpoint(id, { type });
  while (delivery.state === "waiting") {
    // The API sends no events about deliveries.
    await wait(deliveryPollMs, undefined, { signal: terminal.signal }).catch(() => terminal.signal.throwIfAborted());
    delivery = await webhooks.getDelivery(id, delivery.id);
  }
  const { error, responseStatus, eventId } = delivery;
  if (delivery.state === "delivered")
    return output.document(
      delivery,
      () => `${output.colors.green("✓")} ${eventId} was delivered: the receiver answered ${responseStatus ?? "nothing"}.`,
    );
  if (output.isJson) output.document(delivery, () => "");
  throw new CommandError("failed", printable(error?.message ?? "The delivery failed."), {
    ...(error === null ? {} : { code: error.code, help: error.help }),
  });
};
