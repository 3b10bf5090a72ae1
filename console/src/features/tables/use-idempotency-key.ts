/** Keys for requests that create something: a form that is sent again after a failure sends the same key with the same body. */
import { useRef } from "react";

/**
 * `keyFor` returns the key of a body. It stays until another body is sent, since a key stands for one request only, or until `forget`, after
 * which the same body creates anew.
 */
export const useIdempotencyKey = (): { keyFor: (body: unknown) => string; forget: () => void } => {
  const last = useRef<{ text: string; key: string }>(undefined);
  return {
    keyFor: (body) => {
      const text = JSON.stringify(body);
      if (last.current?.text !== text) last.current = { text, key: randomKey() };
      return last.current.key;
    },
    forget: () => {
      last.current = undefined;
    },
  };
};

/** `crypto.randomUUID` is there over https only, and a console of one's own may be without. */
const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
