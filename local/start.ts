/** `npm start`: runs the whole service until Ctrl-C. */
import { startStack } from "./stack.ts";
import { runUntilStopped } from "./until-stopped.ts";

await runUntilStopped(startStack({ say: (line) => console.log(`Spillway is ${line}`) }), (stack) => {
  console.log(`  API page     ${stack.apiUrl}/docs`);
  console.log(`  keys         ${stack.publicKey} / ${stack.secretKey}`);
  console.log(`  details      ${stack.dataDir}/stack.json`);
  console.log("Ctrl-C stops it; the data stays.");
});
