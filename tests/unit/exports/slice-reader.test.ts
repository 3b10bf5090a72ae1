/** What a slice may end in, however the connection cuts its bytes into chunks. */
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readSlice } from "../../../runner/transfer/source/slice-reader.ts";

const exceptionTag = "abcdefghijklmnop";
/** As ClickHouse ends an answer whose query failed after its first byte. */
const exception = `\r\n__exception__\r\n${exceptionTag}\r\nCode: 395. DB::Exception: thrown\n32 ${exceptionTag}\r\n__exception__\r\n`;

/** The text as a body in chunks that end at these places. */
const bodyOf = (text: string, cuts: readonly number[]) => {
  const bytes = Buffer.from(text);
  const ends = [...cuts.map((cut) => cut % (bytes.byteLength + 1)), bytes.byteLength].toSorted((a, b) => a - b);
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      let from = 0;
      for (const end of ends) {
        if (end > from) controller.enqueue(new Uint8Array(bytes.subarray(from, end)));
        from = end;
      }
      controller.close();
    },
  });
};

const read = async (text: string, cuts: readonly number[]) => {
  const open = async () => ({ body: bodyOf(text, cuts), rows: 5, exceptionTag });
  const taken: Buffer[] = [];
  const deps = { crc32, wait: () => Promise.resolve(), signal: new AbortController().signal, startTimer: () => ({ stop: () => {} }) };
  const rows = await readSlice({ open, ending: "text" }, open(), deps, async (chunk) => void taken.push(Buffer.from(chunk)));
  return { rows, text: Buffer.concat(taken).toString() };
};

const cuts = fc.array(fc.nat(), { maxLength: 40 });
const lines = fc.array(fc.string({ maxLength: 300 }), { maxLength: 60 }).map((all) => all.map((line) => `${line}\n`).join(""));

it("bytes that end in a line feed are taken as they are", async () => {
  await fc.assert(
    fc.asyncProperty(lines, cuts, async (text, places) => {
      expect(await read(`${text}end\n`, places)).toEqual({ rows: 5, text: `${text}end\n` });
    }),
  );
});

it("bytes that end in an exception are refused, wherever they are cut", async () => {
  await fc.assert(
    fc.asyncProperty(lines, cuts, async (text, places) => {
      await expect(read(`${text}${exception}`, places)).rejects.toMatchObject({ code: "CLICKHOUSE_STREAM_CUT" });
    }),
  );
});

it("an exception is seen though its last bytes arrive alone", async () => {
  const text = `a,b\n${exception}`;
  await expect(read(text, [text.length - 3, text.length - 1])).rejects.toMatchObject({ code: "CLICKHOUSE_STREAM_CUT" });
});
