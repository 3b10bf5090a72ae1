/** The file of a running stack, stack.json in its data directory: addresses, keys and processes, for the commands and tests that use it. */
import { join } from "node:path";

export type StackFile = {
  apiUrl: string;
  /** Where people sign in: SPILLWAY_PUBLIC_URL, else the address of the API. */
  consoleUrl: string;
  projectId: string;
  publicKey: string;
  secretKey: string;
  adminKey: string;
  clickhouseUrl: string;
  postgresUrl: string;
  s3: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string; buckets: { exports: string } };
  /** Folder of sent mails, one .eml file each; null if SMTP_CONNECTION_URL names a server. */
  mailboxDir: string | null;
  /** Servers that answer as PostHog and Mixpanel do; GET /received lists what they have. Null if they are not started. */
  posthog: { url: string; projectToken: string } | null;
  mixpanel: { url: string; projectToken: string } | null;
  pids: Record<string, number>;
};

export const stackFilePath = (dataDir: string): string => join(dataDir, "stack.json");
