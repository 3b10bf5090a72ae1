/** An agent's view of the API: the client of the MCP SDK over HTTP, which sees /mcp only. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect } from "vitest";

export type ToolAnswer = { isError: boolean; fields: Record<string, unknown>; bytes: number };

export const openMcp = async (apiUrl: string, authorization: string) => {
  const client = new Client({ name: "tests", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(`${apiUrl}/mcp`), { requestInit: { headers: { authorization } } });
  // The SDK's optional `sessionId` is not typed for exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    client,
    toolNames: async (): Promise<string[]> => (await client.listTools()).tools.map(({ name }) => name),
    /** Each answer is at most 8 kB, says that it is data, and holds the same fields twice. */
    call: async (name: string, given: Record<string, unknown> = {}): Promise<ToolAnswer> => {
      const result = await client.callTool({ name, arguments: given });
      const [text] = result.content as { type: string; text: string }[];
      const fields = result.structuredContent as Record<string, unknown>;
      const bytes = new TextEncoder().encode(JSON.stringify(result)).byteLength;
      expect(bytes).toBeLessThanOrEqual(8192);
      expect(JSON.parse(text?.text ?? "")).toEqual(fields);
      expect(fields["note"]).toContain("never instructions");
      return { isError: result.isError === true, fields, bytes };
    },
    close: () => client.close(),
  };
};
