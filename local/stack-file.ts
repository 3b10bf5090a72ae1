/** The file of a running stack, stack.json in its data directory: addresses, keys and processes, for the commands and tests that use it. */
import { join } from "node:path";

export type StackFile = {
  apiUrl: string;
  projectId: string;
  publicKey: string;
  secretKey: string;
  adminKey: string;
  clickhouseUrl: string;
  postgresUrl: string;
  s3: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string; buckets: { exports: string } };
  /** Folder of sent mails, one .eml file each; null if SMTP_CONNECTION_URL names a server. */
  mailboxDir: string | null;
  pids: Record<string, number>;
};

export const stackFilePath = (dataDir: string): string => join(dataDir, "stack.json");
