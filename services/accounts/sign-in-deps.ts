/** What signing in needs: randomness and ids, and where the request came from. */
import type { IdKind } from "../../core/ids.ts";

export type SignInDeps = { newId: (kind: IdKind) => string; randomBytes: (size: number) => Uint8Array };

/** Who asks. `userAgent`: at most 300 characters. */
export type Visitor = { requestId: string; ipAddress: string | null; userAgent: string | null };
