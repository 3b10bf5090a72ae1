/** The embedded mail server in its own process: `server.ts DIR PORT`. Accepts every mail on loopback and writes it to DIR. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";

const [dir = ".", port = "0"] = process.argv.slice(2);
let count = 0;
new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS", "AUTH"],
  onData: (stream, _session, done) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const name = `${new Date().toISOString().replaceAll(":", "-")}-${String(++count).padStart(4, "0")}.eml`;
      writeFileSync(join(dir, name), Buffer.concat(chunks), { mode: 0o600 });
      done();
    });
  },
}).listen(Number(port), "127.0.0.1");
