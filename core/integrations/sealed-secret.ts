/**
 * Seals secrets with AES-256-GCM, in the form `v1.<key id>.<iv>.<ciphertext>`, the last two in base64url. Bound to the id of the
 * integration or webhook endpoint they belong to as additional data, so that a sealed secret copied to another row cannot be opened. WebCrypto: the Worker and the runner.
 */
import { toBase64, toHex } from "../byte-text.ts";
import { AppError } from "../errors.ts";

export type Keyring = {
  /** Seals a secret with the present key. The result differs each time. */
  seal: (ownerId: string, secret: string) => Promise<string>;
  /** Throws SECRET_UNREADABLE if no key opens it, or if it belongs to another owner. */
  open: (ownerId: string, sealed: string) => Promise<string>;
  /** Returns whether it is sealed with the present key. */
  isCurrent: (sealed: string) => Promise<boolean>;
};

type KeyringKeys = {
  /** Seals and opens. 64 hex digits. */
  present: string;
  /** Only open. */
  previous: readonly string[];
  /** Returns random bytes: 12 for each seal. */
  randomBytes: (size: number) => Uint8Array<ArrayBuffer>;
};

type Key = { id: string; key: CryptoKey };

const ivBytes = 12;
const form = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]+)$/;

export const createKeyring = ({ present, previous, randomBytes }: KeyringKeys): Keyring => {
  // Imported on first use, because composition roots are synchronous.
  let imported: Promise<Key[]> | undefined;
  const keys = (): Promise<Key[]> => {
    imported ??= Promise.all([present, ...previous].map(importKey));
    return imported;
  };
  const presentKey = async (): Promise<Key> => {
    const [first] = await keys();
    if (first === undefined) throw new Error("a keyring has a present key");
    return first;
  };
  return {
    seal: async (ownerId, secret) => {
      const { id, key } = await presentKey();
      const iv = randomBytes(ivBytes);
      const ciphertext = await crypto.subtle.encrypt(algorithm(iv, ownerId), key, new TextEncoder().encode(secret));
      return `v1.${id}.${toBase64Url(iv)}.${toBase64Url(new Uint8Array(ciphertext))}`;
    },
    open: async (ownerId, sealed) => {
      const [, keyId, iv = "", ciphertext = ""] = form.exec(sealed) ?? [];
      if (keyId === undefined) throw unreadable("The stored secret is not in a form this version knows.");
      // Different keys may share an id of eight digits.
      const candidates = (await keys()).filter(({ id }) => id === keyId);
      if (candidates.length === 0) throw unreadable(`The stored secret was sealed with the key ${keyId}, which is not configured.`);
      for (const { key } of candidates) {
        const opened = await decrypted(algorithm(fromBase64Url(iv), ownerId), key, fromBase64Url(ciphertext));
        if (opened !== undefined) return opened;
      }
      throw unreadable("The stored secret is damaged or belongs to another object.");
    },
    isCurrent: async (sealed) => form.exec(sealed)?.[1] === (await presentKey()).id,
  };
};

const unreadable = (message: string) => new AppError({ code: "SECRET_UNREADABLE", message });

const algorithm = (iv: Uint8Array<ArrayBuffer>, ownerId: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(ownerId),
});

/** Returns undefined if the tag does not match. */
const decrypted = async (
  how: ReturnType<typeof algorithm>,
  key: CryptoKey,
  ciphertext: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> => {
  try {
    return new TextDecoder().decode(await crypto.subtle.decrypt(how, key, ciphertext));
  } catch {
    // WebCrypto gives one OperationError for a wrong key, a changed byte and other additional data.
    return undefined;
  }
};

const importKey = async (hex: string): Promise<Key> => {
  const raw = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
  return {
    id: toHex(digest.subarray(0, 4)),
    key: await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]),
  };
};

const toBase64Url = (bytes: Uint8Array): string => toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
