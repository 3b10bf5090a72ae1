/** A browser as far as signing in goes: it keeps cookies, sends Origin, and does not follow redirects. */

export type Page = { status: number; text: string; json: Record<string, unknown>; headers: Headers; setCookies: string[] };
type Sent = { method?: string; body?: unknown; headers?: Record<string, string>; project?: string; origin?: string | null };

export type Browser = {
  /** `path` begins with a slash. `origin`: that of the console where left out, none with null. */
  open: (path: string, sent?: Sent) => Promise<Page>;
  cookies: Map<string, string>;
  /** Follows a sign-in link as the page of the console does: by POST, with its token. */
  follow: (link: string) => Promise<Page>;
};

export const openBrowser = (base: string): Browser => {
  const cookies = new Map<string, string>();
  const open: Browser["open"] = async (path, { method = "GET", body, headers = {}, project, origin = base } = {}) => {
    const response = await fetch(path.startsWith("http") ? path : `${base}${path}`, {
      method,
      redirect: "manual",
      headers: {
        ...(cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
        ...(method === "GET" || origin === null ? {} : { origin }),
        ...(project === undefined ? {} : { "x-spillway-project": project }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0\b/i.test(line)) cookies.delete(name);
      else cookies.set(name, decodeURIComponent(value));
    }
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      text,
      json: isJson && text !== "" ? (JSON.parse(text) as Page["json"]) : {},
      headers: response.headers,
      setCookies,
    };
  };
  return {
    open,
    cookies,
    follow: (link) =>
      open("/api/auth/sign-in/verify", { method: "POST", body: { token: new URL(link, base).searchParams.get("token") ?? "" } }),
  };
};

/** Status and code of an answer, as tests compare them. */
export const outcome = ({ status, json }: Page): [number, unknown] => [status, json["code"]];
