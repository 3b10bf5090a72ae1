/** `npm start`: runs the whole service until Ctrl-C. */
import { createSignInLink } from "./sign-in-link.ts";
import { startStack } from "./stack.ts";
import { runUntilStopped } from "./until-stopped.ts";

const started = startStack({ say: (line) => console.log(`Spillway is ${line}`) }).then(async (stack) => ({
  ...stack,
  signInLink: await createSignInLink(stack),
}));

await runUntilStopped(started, (stack) => {
  console.log(`  console      ${stack.signInLink} (works once, for 15 minutes)`);
  console.log(`  API page     ${stack.apiUrl}/docs`);
  console.log(`  keys         ${stack.publicKey} / ${stack.secretKey}`);
  console.log(`  details      ${stack.dataDir}/stack.json`);
  console.log("Ctrl-C stops it; the data stays.");
});
