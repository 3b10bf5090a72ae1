import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  blockedRangesV4,
  blockedRangesV6,
  embeddedV4,
  isPublicAddress,
  parseAddress,
  parseRange,
} from "../../../core/egress/ip-address.ts";

const v4Of = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
const v6Of = (value: bigint): string =>
  Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(":");
const numberOf = (bytes: readonly number[]): bigint => bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);

/** Any address of a network, computed without the library. */
const addressIn = (range: string): fc.Arbitrary<string> => {
  const [head = "", bits = ""] = range.split("/");
  const network = parseAddress(head);
  if (network === undefined) throw new Error(range);
  const start = numberOf(network.toByteArray());
  const size = 1n << BigInt((network.kind() === "ipv4" ? 32 : 128) - Number(bits));
  return fc
    .oneof(fc.bigInt({ min: 0n, max: size - 1n }), fc.constantFrom(0n, size - 1n))
    .map((offset) => (network.kind() === "ipv4" ? v4Of(Number(start + offset)) : v6Of(start + offset)));
};

/** Forms of IPv6 that carry an IPv4 address. */
const carriers = (v4: string): string[] => {
  const [a = 0, b = 0, c = 0, d = 0] = v4.split(".").map(Number);
  const hex = (high: number, low: number) => (high * 256 + low).toString(16);
  return [
    `::ffff:${v4}`,
    `::${v4}`,
    `::ffff:0:${v4}`,
    `64:ff9b::${v4}`,
    `64:ff9b:1::${v4}`,
    `64:ff9b:1:${hex(a, b)}:${hex(0, c)}:${hex(d, 0)}::`,
    `2002:${hex(a, b)}:${hex(c, d)}::1`,
    `2001:0:${hex(a, b)}:${hex(c, d)}::1`,
    `2001:0:808:808:8000:63bf:${hex(255 - a, 255 - b)}:${hex(255 - c, 255 - d)}`,
    `2606:4700::5efe:${v4}`,
    `2606:4700::200:5efe:${v4}`,
  ];
};

/** Beyond the tables of the code: what the registries list outside of 2000::/3. */
const notGlobal = [
  "::/128",
  "::1/128",
  "::/96",
  "::ffff:0:0/96",
  "::ffff:0:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
  "2001::/32",
  "2001:10::/28",
  "2001:20::/28",
];

describe("a blocked network", () => {
  it.each([...blockedRangesV4])("%s is blocked at every address, and in every IPv6 form of it", (range) => {
    fc.assert(
      fc.property(addressIn(range), (v4) => {
        expect([v4, ...carriers(v4)].filter(isPublicAddress)).toEqual([]);
      }),
    );
  });

  it.each([...blockedRangesV6, ...notGlobal])("%s is blocked at every address", (range) => {
    fc.assert(
      fc.property(addressIn(range), (v6) => {
        expect(isPublicAddress(v6)).toBe(false);
      }),
    );
  });

  it.each([
    ["9.255.255.255", "11.0.0.0"],
    ["100.63.255.255", "100.128.0.0"],
    ["126.255.255.255", "128.0.0.0"],
    ["172.15.255.255", "172.32.0.0"],
    ["192.167.255.255", "192.169.0.0"],
    ["198.17.255.255", "198.20.0.0"],
    ["168.63.129.15", "168.63.129.17"],
    ["169.253.255.255", "169.255.0.0"],
    ["223.255.255.255", "1.0.0.0"],
    ["2001:200::1", "2001:db7:ffff::1"],
    ["2000::1", "3ffd:ffff::1"],
  ])("ends where it ends: %s and %s are public", (before, after) => {
    expect([before, after].filter((address) => !isPublicAddress(address))).toEqual([]);
  });
});

describe("public addresses", () => {
  it("pass, and only their own spelling does: 3,700 million of IPv4", () => {
    const blocked = blockedRangesV4.map((range) => {
      const [head = "", bits = ""] = range.split("/");
      const start = Number(numberOf(parseAddress(head)?.toByteArray() ?? []));
      return [start, start + 2 ** (32 - Number(bits))] as const;
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
        const isBlocked = blocked.some(([from, to]) => from <= value && value < to);
        expect(isPublicAddress(v4Of(value))).toBe(!isBlocked);
        // A form that is not routed as it is written is refused whatever it carries; ISATAP is as public as what it carries.
        expect(carriers(v4Of(value)).filter(isPublicAddress).length).toBe(isBlocked ? 0 : 2);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(["2606:4700:4700::1111", "2a00:1450:4001:800::200e", "2001:4860:4860::8888", "2600::"])("pass: %s", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(["", "example.com", "127.1", "0x7f000001", "2130706433", "8.8.8.8/32", " 8.8.8.8", "8.8.8", "08.8.8.8", "1.1.1.1.1"])(
    "are no other text: %j",
    (text) => {
      expect(isPublicAddress(text)).toBe(false);
    },
  );
});

describe("embeddedV4", () => {
  it("finds the IPv4 address in every form", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(v4Of), (v4) => {
        for (const carrier of carriers(v4)) {
          const address = parseAddress(carrier);
          expect(address === undefined ? [] : embeddedV4(address).map(String)).toContain(v4);
        }
      }),
    );
  });
});

describe("parseRange", () => {
  it.each(["10.0.0.0/8", "10.1.2.3", "fd00::/8", "::1", "0.0.0.0/0", "2001:db8::/128"])("reads %s", (text) => {
    expect(parseRange(text)).toBeDefined();
  });
  it.each(["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10/8", "fe80::1%eth0", "fd00::1/8", "a.example", "10.0.0.0/-1"])(
    "refuses %j",
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );
});
