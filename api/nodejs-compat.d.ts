/** What the Worker uses of Node's modules, which the flag `nodejs_compat` in wrangler.toml provides. Anything else of Node does not compile here. */
declare module "node:crypto" {
  export const createHash: (algorithm: "sha256") => { update(text: string): { digest(encoding: "hex"): string } };
}
