/**
 * Two shards with two replicas each, on the embedded ClickHouse: four processes, a ZooKeeper, and a gateway in front that spreads requests
 * as a load balancer does. Everything listens on loopback. Memory: about 500 MB for each server.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createConnection } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../local/free-port.ts";
import { answers, bunPath, type Service, startService } from "../../../local/service.ts";
import { startGateway } from "./gateway.ts";
import { patchedLibraryVersion } from "./library-patches.ts";

export const clusterName = "spillway";
/** Another cluster of the same servers: the replicas of the first shard alone. */
export const oneShardName = "spillway_one";
const zookeeperJar = "/usr/share/java/zookeeper.jar";

/** Returns what this machine lacks, and how to get it. Undefined where a cluster can start. */
export const missingForCluster = (): string | undefined => {
  if (process.platform !== "linux" || process.arch !== "x64") return "it needs Linux on x86-64";
  const manifest = createRequire(import.meta.url).resolve("@chdb/lib-linux-x64-gnu/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  if (version !== patchedLibraryVersion)
    return `the library is ${version}; find the addresses of tests/support/clickhouse-cluster/library-patches.ts in it (they are of ${patchedLibraryVersion})`;
  if (!existsSync(zookeeperJar)) return "ZooKeeper is not installed. Run: apt-get install -y --no-install-recommends zookeeper";
  return undefined;
};

export type Replica = { url: string; shard: number; kill: () => Promise<void>; start: () => Promise<void>; isUp: () => boolean };

type Ports = { shard: number; replica: number; http: number; tcp: number };

const queryHost = "127.0.0.1";
const replicaHost = "127.0.0.2";

const configOf = (own: Ports, all: readonly Ports[], zookeeperPort: number, logFile: string): string => {
  const shards = [1, 2].map(
    (shard) =>
      `<shard><internal_replication>true</internal_replication>${all
        .filter((each) => each.shard === shard)
        .map(({ tcp }) => `<replica><host>${queryHost}</host><port>${tcp}</port></replica>`)
        .join("")}</shard>`,
  );
  return `<clickhouse>
    <logger><level>warning</level><log>${logFile}</log></logger>
    <listen_host>${queryHost}</listen_host><listen_host>${replicaHost}</listen_host>
    <http_port>${own.http}</http_port><tcp_port>${own.tcp}</tcp_port>
    <macros><shard>${own.shard}</shard><replica>${own.replica}</replica></macros>
    <zookeeper>
      <node><host>${queryHost}</host><port>${zookeeperPort}</port></node>
      <session_timeout_ms>6000</session_timeout_ms>
      <sessions_path>/clickhouse/sessions/${own.shard}-${own.replica}</sessions_path>
    </zookeeper>
    <remote_servers>
      <${clusterName}>${shards.join("")}</${clusterName}>
      <${oneShardName}>${shards[0]}</${oneShardName}>
    </remote_servers>
  </clickhouse>`;
};

const startZooKeeper = (dir: string, port: number): Promise<Service> => {
  mkdirSync(join(dir, "zookeeper"), { recursive: true });
  const configFile = join(dir, "zoo.cfg");
  writeFileSync(
    configFile,
    `tickTime=500\ndataDir=${join(dir, "zookeeper")}\nclientPort=${port}\nclientPortAddress=${queryHost}\nadmin.enableServer=false\nforceSync=no\n4lw.commands.whitelist=ruok\n`,
  );
  return startService({
    name: "ZooKeeper",
    command: "java",
    args: [
      "-Xmx256m",
      "-Dzookeeper.forceSync=no",
      "-cp",
      `/etc/zookeeper/conf:${zookeeperJar}`,
      "org.apache.zookeeper.server.quorum.QuorumPeerMain",
      configFile,
    ],
    logFile: join(dir, "zookeeper.log"),
    isReady: () => saysOk(port),
  });
};

const saysOk = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, queryHost, () => socket.end("ruok"));
    socket.on("data", (data: Buffer) => resolve(data.toString() === "imok"));
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });

const openReplica = async (ports: Ports, configFile: string, dir: string): Promise<Replica> => {
  const url = `http://${queryHost}:${ports.http}`;
  let service: Service | undefined;
  const start = async () => {
    service = await startService({
      name: `ClickHouse ${ports.shard}-${ports.replica}`,
      command: bunPath,
      args: [fileURLToPath(new URL("./server.ts", import.meta.url)), configFile, dir, replicaHost, String(ports.http)],
      stopSignal: "SIGKILL",
      logFile: `${dir}.out`,
      isReady: () => answers(`${url}/ping`),
    });
  };
  await start();
  return {
    url,
    shard: ports.shard,
    start,
    isUp: () => service !== undefined,
    kill: async () => {
      await service?.stop();
      service = undefined;
    },
  };
};

export const startCluster = async (dir: string) => {
  const zookeeperPort = await freePort();
  const ports: Ports[] = [];
  for (const [shard, replica] of [
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ] as const)
    ports.push({ shard, replica, http: await freePort(), tcp: await freePort() });
  const zookeeper = await startZooKeeper(dir, zookeeperPort);
  const replicas: Replica[] = [];
  for (const own of ports) {
    const name = `${own.shard}-${own.replica}`;
    mkdirSync(join(dir, name), { recursive: true });
    const configFile = join(dir, `${name}.xml`);
    writeFileSync(configFile, configOf(own, ports, zookeeperPort, join(dir, `${name}.log`)));
    replicas.push(await openReplica(own, configFile, join(dir, name)));
  }
  const gateway = await startGateway(replicas, clusterName);
  const oneShard = await startGateway(
    replicas.filter(({ shard }) => shard === 1),
    oneShardName,
  );
  return {
    url: gateway.url,
    once: gateway.once,
    oneShardUrl: oneShard.url,
    replicas,
    stop: async () => {
      gateway.stop();
      oneShard.stop();
      await Promise.all(replicas.map((replica) => replica.kill()));
      await zookeeper.stop();
    },
  };
};

export type TestCluster = Awaited<ReturnType<typeof startCluster>>;
