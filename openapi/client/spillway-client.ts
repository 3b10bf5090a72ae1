/** The client: every operation of the API as a typed method, and what takes more than one request to do. */
import { type Download, type DownloadOptions, downloadExport } from "./download-export.ts";
import { Methods } from "./generated/methods.gen.ts";
import { ingest } from "./generated/sdk.gen.ts";
import type { BatchExport, BatchExportSummary, IngestionAnswer } from "./generated/types.gen.ts";
import { type ClientOptions, type Connection, connect, type RequestOptions } from "./send.ts";
import { exportEvents, type WaitOptions, waitForExport } from "./wait-for-export.ts";

type ExportMethods = {
  /** The states of the export as they change, until it is over or the connection ends; `waitFor` goes on after that. */
  events: (id: string, options?: RequestOptions) => AsyncGenerator<BatchExportSummary, void, undefined>;
  /** Answers the export once it is completed. Throws EXPORT_NOT_COMPLETED if it fails or is cancelled. */
  waitFor: (id: string, options?: WaitOptions) => Promise<BatchExport>;
  /** One file of a completed export as a stream, resumed after a broken connection and checked at its end. */
  download: (id: string, options?: DownloadOptions) => Promise<Download>;
};

type IngestionMethods = {
  /**
   * A batch that is JSON already, sent as it is: long numbers keep their digits. Repeated like a GET, because events have ids and one that
   * arrives twice counts once.
   */
  ingestText: (batch: string, options?: RequestOptions) => Promise<IngestionAnswer>;
};

/**
 * `new SpillwayClient({ baseUrl, secretKey })`. Methods throw SpillwayError, or the reason of a signal that was aborted. They repeat what
 * is safe to repeat (docs/client.md#retries).
 */
export class SpillwayClient extends Methods {
  declare readonly exports: Methods["exports"] & ExportMethods;
  declare readonly ingestion: Methods["ingestion"] & IngestionMethods;

  constructor(options: ClientOptions) {
    const connection = connect(options);
    super(connection.send);
    Object.assign(this.exports, exportMethods(connection, this.exports));
    Object.assign(this.ingestion, ingestionMethods(connection));
  }
}

const exportMethods = (connection: Connection, { get, manifest }: Methods["exports"]): ExportMethods => ({
  events: (id, options) => exportEvents(connection, id, options),
  waitFor: (id, options) => waitForExport(connection, get, id, options),
  download: async (id, options = {}) => downloadExport(connection, await manifest(id, options), options),
});

const ingestionMethods = ({ send }: Connection): IngestionMethods => ({
  ingestText: (batch, options) =>
    send<IngestionAnswer>(ingest, { body: batch, bodySerializer: (text: unknown) => text, isKeyed: true }, options),
});
