/** `npm start`: runs the whole service until Ctrl-C. */
import { createSignInLink } from "./sign-in-link.ts";
import { startStack } from "./stack.ts";
import { runUntilStopped } from "./until-stopped.ts";

await runUntilStopped(startStack({ say: (line) => console.log(`Spillway is ${line}`) }), async (stack) => {
  console.log(`  console      ${await createSignInLink(stack)}`);
  console.log("               signs in as the owner, once, within 15 minutes");
  console.log(`  API page     ${stack.apiUrl}/docs`);
  console.log(`  keys         ${stack.publicKey} / ${stack.secretKey}`);
  console.log(`  details      ${stack.dataDir}/stack.json`);
  console.log("Ctrl-C stops it; the data stays.");
});
