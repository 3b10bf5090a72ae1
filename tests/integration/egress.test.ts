/**
 * The guarded fetch on real sockets. 127.0.0.1 stands for the private network, where a listener counts its connections; 127.0.0.5 and
 * 127.0.0.6 stand for public hosts: the policy allows only these two.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EgressPolicy, strictEgressPolicy } from "../../core/egress/egress-policy.ts";
import { parseRange } from "../../core/egress/ip-address.ts";
import { AppError } from "../../core/errors.ts";
import { createGuardedFetch, type GuardedFetch } from "../../runner/egress/guarded-fetch.ts";
import { startHttp, startListener, startRaw, startTls } from "../support/counting-server.ts";
import { hostileUrls } from "../support/hostile-urls.ts";
import { selfSigned } from "../support/self-signed.ts";

const publicHost = "127.0.0.5";
const otherPublicHost = "127.0.0.6";
const rangesOf = (...texts: string[]) => texts.map(parseRange).filter((range) => range !== undefined);
const anyPort = { allowsHttp: true, ports: [[1, 65_535]] as const };
const policy: EgressPolicy = { ...strictEgressPolicy, ...anyPort, ranges: rangesOf(publicHost, otherPublicHost) };

let listener: Awaited<ReturnType<typeof startListener>>;
const stops: (() => void)[] = [];
const stopLater = <S extends { stop: () => void }>(server: S): S => {
  stops.push(server.stop);
  return server;
};
beforeAll(async () => {
  // All addresses of this machine, of IPv6 too where it has some.
  listener = stopLater(await startListener({ host: "::" }).catch(() => startListener({ host: "0.0.0.0" })));
});
afterAll(() => {
  for (const stop of stops) stop();
});

/** A resolver of these names; each call takes the next list of addresses, the last one for good. */
const resolver = (names: Record<string, string[] | string[][]>) => {
  const calls: string[] = [];
  const resolve = (host: string): Promise<string[]> => {
    const lists = (names[host] ?? []).map((entry) => (Array.isArray(entry) ? entry : null));
    const single = (names[host] ?? []).filter((entry) => typeof entry === "string");
    const nth = calls.filter((call) => call === host).length;
    calls.push(host);
    return Promise.resolve(lists[Math.min(nth, lists.length - 1)] ?? single);
  };
  return { resolve, calls };
};

const failureOf = async (answer: Promise<Response>): Promise<AppError> => {
  const error = await answer.then(
    (response) => new Error(`answered ${response.status}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw error;
};

const untouched = async (act: () => Promise<void>): Promise<void> => {
  const before = listener.connections();
  await act();
  expect(listener.connections()).toBe(before);
};

describe("a hostile URL", () => {
  const guarded = createGuardedFetch({ policy, resolve: () => Promise.resolve(["127.0.0.1"]) });
  const at = (url: string) => url.replace("PORT", String(listener.port));

  it.each(hostileUrls)("$url never reaches the listener", async ({ url, code }) => {
    await untouched(async () => {
      expect(await failureOf(guarded(at(url)))).toMatchObject({ code });
      if (!URL.canParse(at(url))) return;
      expect(await failureOf(guarded(new URL(at(url))))).toMatchObject({ code });
      // Bun's Request has no URL with another protocol.
      if (/^https?:/i.test(new URL(at(url)).href)) expect(await failureOf(guarded(new Request(at(url))))).toMatchObject({ code });
    });
  });

  it.each(hostileUrls.filter(({ leads }) => leads))("$url would reach it by an unguarded fetch", async ({ url }) => {
    const before = listener.connections();
    await (await fetch(new URL(at(url)))).text();
    expect(listener.connections()).toBeGreaterThan(before);
  });

  it("is refused under the strict policy whatever it is", async () => {
    const strict = createGuardedFetch({ policy: strictEgressPolicy, resolve: () => Promise.resolve(["127.0.0.1"]) });
    await untouched(async () => {
      for (const { url } of hostileUrls) await failureOf(strict(at(url).replace(/^http:/i, "https:")));
    });
  });
});

describe("a name", () => {
  const names = {
    private: ["127.0.0.1"],
    "first public": [publicHost, "127.0.0.1"],
    "first private": ["127.0.0.1", publicHost],
    "private IPv6": ["::1"],
    "public IPv4 and private IPv6": [publicHost, "::1"],
    mapped: ["::ffff:127.0.0.1"],
    "6to4": ["2002:7f00:1::1"],
    nat64: ["64:ff9b::7f00:1"],
    unspecified: ["0.0.0.0"],
    metadata: ["169.254.169.254"],
    "link-local with a zone": ["fe80::1%lo"],
    "no address at all": ["localhost"],
  };
  it.each(Object.entries(names))("that resolves to a private address is blocked: %s", async (_, addresses) => {
    const guarded = createGuardedFetch({ policy, resolve: () => Promise.resolve(addresses) });
    await untouched(async () => {
      const error = await failureOf(guarded(`http://evil.example:${listener.port}/?token=secret`));
      expect(error.code).toBe("EGRESS_BLOCKED");
      expect(error.message).toContain("evil.example");
      expect(error.message).not.toMatch(/127\.0|::1|secret/);
    });
  });

  it("that is bound to another address between two resolutions never leads there", async () => {
    const server = stopLater(await startListener({ host: publicHost }));
    const rebound = stopLater(await startListener({ host: "127.0.0.1", port: server.port }));
    const { resolve, calls } = resolver({ "rebind.example": [[publicHost], ["127.0.0.1"]] });
    const guarded = createGuardedFetch({ policy, resolve });
    const url = `http://rebind.example:${server.port}/`;
    expect(await (await guarded(url)).text()).toBe("ok");
    expect(calls).toEqual(["rebind.example"]);
    for (let i = 0; i < 3; i++) expect((await failureOf(guarded(url))).code).toBe("EGRESS_BLOCKED");
    expect(rebound.connections()).toBe(0);
  });

  it("is reached at the next address if the first does not answer", async () => {
    const server = stopLater(await startListener({ host: publicHost }));
    const guarded = createGuardedFetch({ policy, resolve: () => Promise.resolve([otherPublicHost, publicHost]) });
    expect(await (await guarded(`http://two.example:${server.port}/`)).text()).toBe("ok");
  });

  it("is reached by IPv4 where IPv6 has no route, however many addresses that is", async () => {
    const server = stopLater(await startListener({ host: publicHost }));
    const tried: string[] = [];
    const guarded = createGuardedFetch({
      policy,
      resolve: () => Promise.resolve([...[1, 2, 3, 4, 5].map((n) => `2606:4700::${n}`), publicHost, otherPublicHost]),
      connect: (address) => {
        tried.push(address);
        return address === publicHost ? Promise.resolve() : Promise.reject(new Error("no route"));
      },
    });
    expect(await (await guarded(`http://six.example:${server.port}/`)).text()).toBe("ok");
    expect(tried).toEqual(["2606:4700::1", publicHost]);
  });

  it("without addresses is a failure to try again, as is a resolver that fails or hangs", async () => {
    const failing = [() => Promise.resolve([]), () => Promise.reject(new Error("secret")), () => new Promise<string[]>(() => {})];
    for (const resolve of failing) {
      const error = await failureOf(createGuardedFetch({ policy, resolve, connectTimeoutMs: 1 })("http://gone.example/?a=secret"));
      expect(error.code).toBe("EGRESS_DNS_FAILED");
      expect(JSON.stringify({ ...error, message: error.message })).not.toContain("secret");
    }
  });

  it("is resolved by the system unless a resolver is given", async () => {
    const guarded = createGuardedFetch({ policy: { ...policy, hosts: [{ name: "localhost", port: listener.port }] } });
    expect(await (await guarded(`http://localhost:${listener.port}/`)).text()).toBe("ok");
    await untouched(async () => {
      expect((await failureOf(createGuardedFetch({ policy })(`http://localhost.:${listener.port}/`))).code).toBe("EGRESS_BLOCKED");
    });
  });
});

describe("a host that does not answer", () => {
  it("is unreachable when the connection is refused", async () => {
    const closed = await startListener({ host: publicHost });
    closed.stop();
    const error = await failureOf(createGuardedFetch({ policy })(`http://${publicHost}:${closed.port}/?token=secret`));
    expect(error.code).toBe("EGRESS_UNREACHABLE");
    expect(JSON.stringify({ ...error, message: error.message, cause: error.cause })).not.toContain("secret");
  });

  it("is unreachable after the time to connect, at most four addresses of it", async () => {
    const tried: string[] = [];
    const guarded = createGuardedFetch({
      policy: strictEgressPolicy,
      resolve: () => Promise.resolve(["8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4", "8.8.8.5"]),
      connect: (address) => {
        tried.push(address);
        return new Promise(() => {});
      },
      connectTimeoutMs: 1,
    });
    expect((await failureOf(guarded("https://silent.example/"))).code).toBe("EGRESS_UNREACHABLE");
    expect(tried).toEqual(["8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4"]);
  });
});

describe("a redirect", () => {
  /** Redirects to `?to=`, else answers its Host and Authorization. */
  const startRedirecting = async () =>
    stopLater(
      await startHttp(
        (request, response) => {
          const { searchParams } = new URL(request.url ?? "", "http://x");
          const to = searchParams.get("to");
          if (to !== null) response.writeHead(Number(searchParams.get("status") ?? 302), { location: to }).end("moved");
          else response.end(JSON.stringify([request.method, request.headers.host, request.headers.authorization ?? null]));
        },
        { host: publicHost },
      ),
    );
  let server: Awaited<ReturnType<typeof startRedirecting>>;
  beforeAll(async () => {
    server = await startRedirecting();
  });
  const { resolve } = resolver({ "a.example": [publicHost], "b.example": [publicHost], "evil.example": ["127.0.0.1"] });
  const guarded = createGuardedFetch({ policy, resolve });
  const urlTo = (to: string, status = 302, host = "a.example") =>
    `http://${host}:${server.port}/?status=${status}&to=${encodeURIComponent(to)}`;

  const targets = [
    ["http://127.0.0.1:PORT/", "EGRESS_BLOCKED"],
    ["http://evil.example:PORT/", "EGRESS_BLOCKED"],
    ["//127.1:PORT/", "EGRESS_BLOCKED"],
    ["http://[::ffff:127.0.0.1]:PORT/", "EGRESS_BLOCKED"],
    ["http://localhost:PORT/", "EGRESS_BLOCKED"],
    ["http://user:secret@127.0.0.1:PORT/", "EGRESS_INVALID_URL"],
    ["file:///etc/passwd", "EGRESS_INVALID_URL"],
    ["http://[", "EGRESS_INVALID_URL"],
  ] as const;

  it.each(targets.flatMap(([to, code]) => [301, 302, 303, 307, 308].map((status) => ({ to, code, status }))))(
    "$status to $to leads nowhere",
    async ({ to, code, status }) => {
      const url = urlTo(to.replace("PORT", String(listener.port)), status);
      await untouched(async () => {
        const response = await guarded(url);
        expect([response.status, await response.text()]).toEqual([status, "moved"]);
        expect(response.headers.get("location")).toBe(to.replace("PORT", String(listener.port)));
        expect(await failureOf(guarded(url, { redirect: "follow" }))).toMatchObject({ code });
        expect((await failureOf(guarded(url, { redirect: "error" }))).code).toBe("EGRESS_TOO_MANY_REDIRECTS");
        expect((await guarded(url, { method: "POST", body: "x", redirect: "follow" })).status).toBe(status);
        // A Request's own default is to follow.
        expect((await guarded(new Request(url))).status).toBe(status);
      });
    },
  );

  it("is followed if asked, with credentials only to the same origin", async () => {
    const here = `http://a.example:${server.port}/`;
    const there = `http://b.example:${server.port}/`;
    const follow = { redirect: "follow" as const, headers: { authorization: "Bearer secret" } };
    const same = await guarded(urlTo("/end"), follow);
    expect(await same.json()).toEqual(["GET", new URL(here).host, "Bearer secret"]);
    expect(same.url).toBe(`${here}end`);
    expect(await (await guarded(urlTo(there), follow)).json()).toEqual(["GET", new URL(there).host, null]);
    // Back again, still without.
    expect(await (await guarded(urlTo(urlTo(here, 302, "b.example")), follow)).json()).toEqual(["GET", new URL(here).host, null]);
  });

  it("in a circle ends after ten", async () => {
    let count = 0;
    const circle = stopLater(
      await startHttp((_, response) => response.writeHead(302, { location: `/${++count}` }).end(), { host: publicHost }),
    );
    const error = await failureOf(guarded(`http://a.example:${circle.port}/`, { redirect: "follow" }));
    expect(error.code).toBe("EGRESS_TOO_MANY_REDIRECTS");
    expect(count).toBe(11);
  });
});

describe("the operator's allow list", () => {
  const url = () => `http://minio.internal:${listener.port}/`;
  const resolve = () => Promise.resolve(["127.0.0.1"]);
  const fetchWith = (more: Partial<EgressPolicy>): GuardedFetch =>
    createGuardedFetch({ policy: { ...strictEgressPolicy, ...anyPort, ...more }, resolve });

  it("opens a private address by the name of its host", async () => {
    expect(await (await fetchWith({ hosts: [{ name: "minio.internal", port: null }] })(url())).text()).toBe("ok");
    expect(await (await fetchWith({ ports: [], hosts: [{ name: "minio.internal", port: listener.port }] })(url())).text()).toBe("ok");
  });

  it("opens it by range, but not names of private networks", async () => {
    const ranged = fetchWith({ ranges: rangesOf("127.0.0.0/30") });
    expect(await (await ranged(`http://store.example:${listener.port}/`)).text()).toBe("ok");
    await untouched(async () => {
      expect((await failureOf(ranged(url()))).code).toBe("EGRESS_BLOCKED");
    });
  });

  it.each([
    ["another host", { hosts: [{ name: "other.internal", port: null }] }],
    ["another port of the host", { hosts: [{ name: "minio.internal", port: 1 }] }],
    ["another range", { ranges: rangesOf("10.0.0.0/8") }],
    ["ports without the host", { ports: [[1, 65_535] as const] }],
    ["the host without the port", { ports: [], hosts: [{ name: "minio.internal", port: null }] }],
    ["the host without http", { allowsHttp: false, hosts: [{ name: "minio.internal", port: null }] }],
  ])("opens nothing else: %s", async (_, more) => {
    await untouched(async () => {
      expect((await failureOf(fetchWith(more)(url()))).code).toMatch(/^EGRESS_(BLOCKED|INVALID_URL)$/);
    });
  });
});

describe("TLS", () => {
  const { cert, key } = selfSigned(["a.example", "b.example"]);
  const { resolve } = resolver({ "a.example": [publicHost], "b.example": [publicHost], "evil.example": [publicHost] });

  it("asks for the host's own name, keeps connections, and shares none between hosts at one address", async () => {
    const server = stopLater(await startTls({ cert, key, host: publicHost }));
    const guarded = createGuardedFetch({ policy, resolve, ca: cert });
    for (let i = 0; i < 3; i++)
      for (const host of ["a.example", "b.example"]) {
        const response = await guarded(`https://${host}:${server.port}/x`);
        expect([await response.text(), response.url]).toEqual(["ok", `https://${host}:${server.port}/x`]);
      }
    const of = (host: string) => Array<string>(3).fill(`${host} ${host}:${server.port}`);
    expect(server.requests().toSorted()).toEqual([of("a.example"), of("b.example")]);
    // One more connection showed that the address answers.
    expect(server.connections()).toBe(3);
  });

  it("refuses a certificate of another name, at a fresh connection and beside a kept one", async () => {
    const server = stopLater(await startTls({ cert, key, host: publicHost }));
    const guarded = createGuardedFetch({ policy, resolve, ca: cert });
    const refused = async () => {
      const error = await failureOf(guarded(`https://evil.example:${server.port}/?token=secret`));
      expect(error.code).toBe("EGRESS_TLS_FAILED");
      expect(JSON.stringify({ ...error, message: error.message, cause: error.cause })).not.toContain("secret");
    };
    await refused();
    await (await guarded(`https://a.example:${server.port}/`)).text();
    await refused();
    expect(server.requests().flat()).toEqual([`a.example a.example:${server.port}`]);
  });

  it("refuses a certificate that nobody vouches for, and a server without TLS", async () => {
    const server = stopLater(await startTls({ cert, key, host: publicHost }));
    const guarded = createGuardedFetch({ policy, resolve });
    expect((await failureOf(guarded(`https://a.example:${server.port}/`))).code).toBe("EGRESS_TLS_FAILED");
    const plain = stopLater(await startListener({ host: publicHost }));
    expect((await failureOf(guarded(`https://a.example:${plain.port}/`))).code).toBe("EGRESS_TLS_FAILED");
  });
});

describe("a request", () => {
  const guarded = createGuardedFetch({ policy });
  const startEcho = async () =>
    stopLater(
      await startHttp(
        (request, response) => {
          const chunks: Buffer[] = [];
          request.on("data", (chunk: Buffer) => chunks.push(chunk));
          request.on("end", () =>
            response.writeHead(201, { "x-method": request.method }).end(`${request.headers["x-given"]} ${Buffer.concat(chunks)}`),
          );
        },
        { host: publicHost },
      ),
    );
  const streamOf = (text: string) => new Blob([text]).stream();

  it("is sent with method, headers and body of every kind", async () => {
    const { port } = await startEcho();
    const url = `http://${publicHost}:${port}/`;
    const headers = { "x-given": "yes", host: "evil.example" };
    const bodies = [() => "hello", () => new TextEncoder().encode("hello"), () => new Blob(["hello"]), () => streamOf("hello")];
    for (const body of bodies)
      for (const input of [url, new URL(url), new Request(url, { method: "POST" })]) {
        const response = await guarded(input, { method: "PUT", headers, body: body() });
        expect([response.status, response.headers.get("x-method"), await response.text()]).toEqual([201, "PUT", "yes hello"]);
      }
    const response = await guarded(new Request(url, { method: "POST", headers, body: "hello" }));
    expect([response.headers.get("x-method"), await response.text()]).toEqual(["POST", "yes hello"]);
    expect(await (await guarded(url, { method: "HEAD" })).text()).toBe("");
  });

  it("streams both ways: each piece arrives before the next is made", async () => {
    let received: (text: string) => void = () => {};
    const server = stopLater(
      await startHttp(
        (request, response) => {
          request.on("data", (chunk: Buffer) => {
            received(chunk.toString());
            response.write(`got ${chunk.toString()}`);
          });
          request.on("end", () => response.end());
        },
        { host: publicHost },
      ),
    );
    const pieces = ["one", "two", "three"];
    let arrived: Promise<string> | undefined;
    let made = 0;
    const seen: string[] = [];
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (arrived !== undefined) seen.push(await arrived);
          const piece = pieces[made++];
          if (piece === undefined) return controller.close();
          arrived = new Promise((resolve) => {
            received = resolve;
          });
          controller.enqueue(new TextEncoder().encode(piece));
        },
      },
      { highWaterMark: 0 },
    );
    const response = await guarded(`http://${publicHost}:${server.port}/`, { method: "POST", body });
    expect(await response.text()).toBe("got onegot twogot three");
    expect(seen).toEqual(pieces);
  });

  it("does not read a body faster than the server takes it", async () => {
    // The server reads nothing until the client has stopped making pieces.
    let resume: () => void = () => {};
    const server = stopLater(
      await startRaw(
        (socket) => {
          socket.once("data", () => {
            socket.pause();
            resume = () => {
              socket.on("data", (data) => {
                if (data.toString("latin1").endsWith("0\r\n\r\n")) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
              });
              socket.resume();
            };
          });
        },
        { host: publicHost },
      ),
    );
    const piece = new Uint8Array(1 << 20);
    const piecesMax = 64;
    let made = 0;
    let idleTurns = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          idleTurns = 0;
          if (made === piecesMax) return controller.close();
          made++;
          controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
    const answer = guarded(`http://${publicHost}:${server.port}/`, { method: "POST", body });
    while (idleTurns++ < 2000 || made === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    expect(made).toBeLessThan(piecesMax / 2);
    resume();
    expect((await answer).status).toBe(200);
    expect(made).toBe(piecesMax);
  });

  it("ends with the caller's signal: before it starts, while the server is silent, and in the middle of the response", async () => {
    const reason = new Error("stopped by the caller");
    const controllers = { silent: new AbortController(), middle: new AbortController() };
    const server = stopLater(
      await startRaw(
        (socket) =>
          socket.once("data", (data) => {
            if (data.toString().startsWith("GET /silent")) controllers.silent.abort(reason);
            else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun");
          }),
        { host: publicHost },
      ),
    );
    const url = (path: string) => `http://${publicHost}:${server.port}/${path}`;
    await expect(guarded(url("never"), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.connections()).toBe(0);
    await expect(guarded(url("silent"), { signal: controllers.silent.signal })).rejects.toBe(reason);
    const response = await guarded(url("middle"), { signal: controllers.middle.signal });
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("begun");
    controllers.middle.abort(reason);
    await expect(reader?.read()).rejects.toBe(reason);
    const hanging = new AbortController();
    const resolving = createGuardedFetch({
      policy,
      resolve: () => {
        hanging.abort(reason);
        return new Promise(() => {});
      },
    })("http://a.example/", { signal: hanging.signal });
    await expect(resolving).rejects.toBe(reason);
  });

  it("whose connection is cut in the middle fails without the URL", async () => {
    const server = stopLater(
      await startRaw(
        (socket) => socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun", () => socket.end())),
        { host: publicHost },
      ),
    );
    const response = await guarded(`http://${publicHost}:${server.port}/?token=secret`);
    const error = await failureOf(response.text().then(() => response));
    expect(error.code).toBe("EGRESS_UNREACHABLE");
    expect(JSON.stringify({ ...error, message: error.message, cause: error.cause })).not.toContain("secret");
  });

  it("keeps its connection for the next one", async () => {
    const server = await startEcho();
    for (let i = 0; i < 5; i++) await (await guarded(`http://${publicHost}:${server.port}/`)).text();
    // The first one showed that the address answers.
    expect(server.connections()).toBe(2);
  });

  it("cannot be sent around the check by options of Bun's fetch", async () => {
    const { port } = await startEcho();
    const around = { proxy: `http://127.0.0.1:${listener.port}`, unix: "/nowhere", tls: { rejectUnauthorized: false } };
    await untouched(async () => {
      expect((await guarded(`http://${publicHost}:${port}/`, around as RequestInit)).status).toBe(201);
    });
  });
});
