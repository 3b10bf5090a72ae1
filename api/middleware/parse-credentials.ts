/** Reads the keys in an Authorization header as people make it by hand, for exporters that they cannot look into. */

type Credentials = { publicKey: string | null; secretKey: string };

/**
 * Returns undefined without a key. `echo` without `-n` puts a line feed behind the secret, `base64` breaks lines, and exporters that do not
 * decode `OTEL_EXPORTER_OTLP_HEADERS` send `Basic%20…`; no key has a blank in it.
 */
export const parseCredentials = (header: string | undefined): Credentials | undefined => {
  const [scheme = "", ...values] = (header ?? "")
    .trim()
    .replace(/^(basic|bearer)%20/i, "$1 ")
    .split(/\s+/);
  if (/^bearer$/i.test(scheme) && values[0] !== undefined) return { publicKey: null, secretKey: values[0] };
  return /^basic$/i.test(scheme) ? fromBasic(values.join("")) : undefined;
};

const fromBasic = (value: string): Credentials | undefined => {
  try {
    const [publicKey = "", secretKey = ""] = atob(value.replaceAll(/%3d/gi, "="))
      .split(/:(.*)/s, 2)
      .map((key) => key.trim());
    return publicKey === "" || secretKey === "" ? undefined : { publicKey, secretKey };
  } catch {
    // Malformed base64 counts as missing credentials.
    return undefined;
  }
};
