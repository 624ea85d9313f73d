import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { checkRoom, lastLines, openDataFolder, rememberedPorts, rememberPorts } from './data-folder.js';
import { spawnGuarded, type Exit, type GuardedProcess } from './guarded.js';
import { findJava } from './java.js';
import { kafkaClassPath } from './kafka-jars.js';
import { leadsAll } from './kafka-probe.js';
import { jvmFlags, log4jProperties, serverProperties } from './kafka-settings.js';
import { endLeftOver } from './left-over.js';
import { freePort } from './ports.js';
import type { OnProgress } from './progress.js';
import { fileError, StackError } from './stack-error.js';

/** A running Kafka broker of our own. */
export interface RunningKafka {
  /** As in KAFKA_BROKERS. */
  readonly brokers: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

const readyLimitMs = 120_000;
// The broker leaves in order within 2 s; killed, it repairs its last segments at the next start.
const ending = { signal: 'SIGTERM', graceMs: 4000, lastSignal: 'SIGKILL' } as const;

type Place = { readonly folder: string; readonly formatLog: string; readonly logs: string; readonly settings: string; readonly log4j: string };

const openPlace = (dataFolder: string): Place => {
  const folder = join(dataFolder, 'kafka');
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(dataFolder, 'logs'), { recursive: true });
  return { folder, formatLog: join(dataFolder, 'logs', 'kafka-format.log'), logs: join(folder, 'data'), settings: join(folder, 'server.properties'), log4j: join(folder, 'log4j2.properties') };
};

/** Formats the log folder beside its final place and moves it there when whole, so that none is ever half made. */
const format = async (java: string, classPath: string, place: Place, ports: { broker: number; controller: number }): Promise<void> => {
  const fresh = `${place.logs}.new`;
  const settings = join(place.folder, 'format.properties');
  rmSync(fresh, { recursive: true, force: true });
  writeFileSync(settings, serverProperties({ ...ports, logs: fresh }));
  // Kafka's own ids do not begin with a dash either: its tool takes such a word for an option (one start in 64 failed).
  const clusterId = `${randomInt(10)}${randomBytes(16).toString('base64url').slice(1)}`;
  const args = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', `-Dlog4j2.configurationFile=${place.log4j}`, '-cp', classPath];
  rmSync(place.formatLog, { force: true });
  const running = await spawnGuarded(java, [...args, 'kafka.tools.StorageTool', 'format', '--standalone', '--cluster-id', clusterId, '--config', settings], {
    logFile: place.formatLog,
    graceMs: 2000,
  });
  const { code } = await running.exited;
  if (code !== 0) {
    checkRoom(place.folder);
    throw new StackError(`Kafka could not create its data folder ${place.logs}: ${lastLines(place.formatLog, 2)}`, 'choose another folder with --data, or set KAFKA_BROKERS to a broker of your own');
  }
  rmSync(settings);
  renameSync(fresh, place.logs);
};

const awaitReady = async (port: number, running: GuardedProcess, logFile: string): Promise<void> => {
  for (const until = Date.now() + readyLimitMs; ; await wait(100)) {
    if (running.exit !== undefined) {
      checkRoom(logFile);
      throw new StackError(`Kafka ended while starting: ${lastLines(logFile)}`, `see ${logFile}; --reset starts with an empty broker`);
    }
    try {
      if (await leadsAll('127.0.0.1', port)) return;
    } catch (error) {
      // Refused and closed connections are what a starting broker looks like.
      if (Date.now() > until) throw new StackError(`Kafka did not answer within ${readyLimitMs / 1000} s`, `see ${logFile}`, { cause: error });
    }
  }
};

const pidFileIn = (dataFolder: string): string => join(dataFolder, 'kafka.pid.json');

/** Ends the broker that a killed launcher left on this data folder; refuses when its launcher still runs. */
export const endLeftOverKafka = async (dataFolder: string, onProgress: OnProgress = () => undefined): Promise<void> => {
  const left = await endLeftOver(pidFileIn(dataFolder), join(dataFolder, 'kafka', 'server.properties'), ending);
  if (left !== undefined) onProgress({ part: 'kafka', text: `ended process ${left}, left over from an earlier run` });
};

/** Starts an Apache Kafka broker (KRaft, one node) on 127.0.0.1 with its data below `dataDir`; fetches and formats what is missing. */
export const startKafka = async ({
  dataDir,
  onProgress = () => undefined,
  advertisedPort,
}: {
  dataDir: string;
  onProgress?: OnProgress;
  /** Where clients are told to come, when something stands between them and the broker. */
  advertisedPort?: number;
}): Promise<RunningKafka> => {
  const java = findJava();
  const dataFolder = openDataFolder(dataDir);
  const pidFile = pidFileIn(dataFolder);
  const logFile = join(dataFolder, 'logs', 'kafka.log');
  const portsFile = join(dataFolder, 'kafka.ports.json');
  await endLeftOverKafka(dataFolder, onProgress);
  const classPath = await kafkaClassPath(onProgress);
  const [lastBroker, lastController] = rememberedPorts(portsFile);
  const ports = { broker: await freePort(lastBroker), controller: await freePort(lastController) };
  rememberPorts(portsFile, [ports.broker, ports.controller]);
  try {
    const place = openPlace(dataFolder);
    writeFileSync(place.log4j, log4jProperties);
    writeFileSync(place.settings, serverProperties({ ...ports, logs: place.logs, advertised: advertisedPort ?? ports.broker }));
    if (!existsSync(place.logs)) {
      onProgress({ part: 'kafka', text: 'creating the broker' });
      await format(java, classPath, place, ports);
    }
    onProgress({ part: 'kafka', text: 'starting' });
    const args = [...jvmFlags, `-Dlog4j2.configurationFile=${place.log4j}`, '-cp', classPath, 'kafka.Kafka', place.settings];
    const running = await spawnGuarded(java, args, { cwd: place.folder, logFile, pidFile, ...ending });
    await awaitReady(ports.broker, running, logFile).catch(async (error: unknown) => {
      await running.stop();
      throw error;
    });
    onProgress({ part: 'kafka', text: `ready on port ${ports.broker}` });
    const stop = async (): Promise<void> => {
      await running.stop();
      rmSync(pidFile, { force: true });
    };
    return { brokers: `127.0.0.1:${ports.broker}`, pid: running.pid, logFile, exited: running.exited, stop };
  } catch (error) {
    throw fileError(error, dataFolder);
  }
};
