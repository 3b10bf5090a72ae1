/**
 * What makes the embedded library a replica. The library is clickhouse-local, which has the whole server but leaves out some lines of the
 * server's start: the address and scheme under which other replicas fetch parts, the account for that, and the port that serves them. It
 * also ends its process when a connection of another server breaks. The code of a server is all there; these bytes, written into the memory
 * of one process, use it. Nothing on disk changes.
 *
 * The addresses are those of one build. Each patch first compares what is there, and throws if it is something else.
 */

/** The build whose addresses these are. */
export const patchedLibraryVersion = "26.7.3-stable.1";

export type Patch = { at: number; expected: readonly number[]; bytes: readonly number[] };

/** `Context::getInterserverIOAddress`, with 244 bytes of room: the new body is short, and the rest holds what the others need. */
const address = 0x1417c9c0;
const calls = address + 0x3c;
const chooseFactory = address + 0x40;
const emptyAccount = address + 0xb8;
const getAccount = address + 0xa8;
/** `Context::getInterserverScheme`. */
const scheme = 0x1417cac0;
/** `Context::getInterserverCredentials`, and its calls where a replica fetches a part. */
const credentials = 0x1417c940;
const fetches = [0x178b5383, 0x178cd0ab, 0x178c67ae, 0x178d5016];
/** In `createHandlerFactory`: the comparison of the name, what follows it, and the branch for the port of replicas. */
const compareName = 0x18395cf0;
const compareNameEqual = 0x18395fc8;
const compareNameNext = 0x18395cfa;
const replicaFactory = 0x18395dbc;

/** `KillingErrorHandler::exception`, which a command line sets and a server does not. */
const endProcess = 0x0f113480;

const littleEndian = (value: number, size = 4): number[] =>
  Array.from({ length: size }, (_, i) => Math.floor((value < 0 ? value + 2 ** 32 : value) / 256 ** i) & 255);
const relative = (from: number, length: number, to: number): number[] => littleEndian(to - (from + length));

/** Writes a text of at most 15 characters as a std::string of libc++ to the address in rdi. */
const writeText = (text: string): number[] => {
  const bytes = [...Buffer.from(text.padEnd(16, "\0"), "latin1")];
  return [
    ...[0x48, 0xb8, ...bytes.slice(0, 8), 0x48, 0x89, 0x07],
    ...[0x48, 0xc7, 0x47, 0x08, ...bytes.slice(8, 12)],
    ...[0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, text.length, 0x48, 0x89, 0x47, 0x10],
  ];
};
const returnIt = [0x48, 0x89, 0xf8, 0xc3];

/**
 * A factory is made for each address the server listens on. Every second one serves replicas, so a server that listens on two addresses
 * answers queries on the first and replicas on the second, on one port.
 */
const chooseFactoryBytes = (): number[] => {
  const code: number[] = [];
  const here = () => chooseFactory + code.length;
  code.push(0xff, 0x05, ...relative(here(), 6, calls));
  code.push(0xf6, 0x05, ...relative(here(), 7, calls), 0x01);
  code.push(0x0f, 0x84, ...relative(here(), 6, replicaFactory));
  code.push(0x48, 0x83, 0xfa, 0x14);
  code.push(0x0f, 0x84, ...relative(here(), 6, compareNameEqual));
  code.push(0xe9, ...relative(here(), 5, compareNameNext));
  return code;
};

/** `host` has at most twelve characters. */
export const replicaPatches = ({ host, port }: { host: string; port: number }): Patch[] => [
  {
    at: address,
    expected: [0x41, 0x56, 0x53, 0x48, 0x83, 0xec, 0x48],
    bytes: [...writeText(host), 0x66, 0xc7, 0x47, 0x18, ...littleEndian(port, 2), ...returnIt],
  },
  { at: endProcess, expected: [0x50, 0xe8, 0xfa, 0x66, 0xe2, 0x11], bytes: [0xc3] },
  { at: calls, expected: [], bytes: [0, 0, 0, 0] },
  { at: chooseFactory, expected: [], bytes: chooseFactoryBytes() },
  { at: getAccount, expected: [], bytes: [0x48, 0x8d, 0x05, ...relative(getAccount, 7, emptyAccount), 0x31, 0xd2, 0xc3] },
  { at: emptyAccount, expected: [], bytes: Array.from({ length: 48 }, () => 0) },
  { at: scheme, expected: [0x48, 0x8b, 0x06, 0x80, 0xb8, 0x87, 0x01], bytes: [...writeText("http"), ...returnIt] },
  ...fetches.map((at) => ({
    at,
    expected: [0xe8, ...relative(at, 5, credentials)],
    bytes: [0xe8, ...relative(at, 5, getAccount)],
  })),
  {
    at: compareName,
    expected: [0x48, 0x83, 0xfa, 0x14],
    bytes: [0xe9, ...relative(compareName, 5, chooseFactory), 0x90, 0x90, 0x90, 0x90, 0x90],
  },
];
