import { services, type ServiceName } from '@orderlog/contracts';
import { logger, startTelemetry } from '@orderlog/observability';

// The door of the local system: `HOST`, `PORT`, `SERVICES` = JSON {"order": "http://127.0.0.1:4001", …}.
const log = logger('front-door');

const wrong = (message: string): never => {
  log.fatal(message);
  return process.exit(2);
};

const readPort = (): number => {
  const port = Number(process.env['PORT'] ?? '');
  return Number.isInteger(port) && port >= 0 && port <= 65_535 && process.env['PORT'] !== undefined ? port : wrong('PORT is missing or not a port');
};

const readServices = (): Record<ServiceName, string> => {
  let urls: unknown;
  try {
    urls = JSON.parse(process.env['SERVICES'] ?? '');
  } catch (error) {
    return wrong(`SERVICES is missing or not JSON (${error instanceof Error ? error.name : 'unreadable'})`);
  }
  const missing = services.filter((service) => typeof urls !== 'object' || urls === null || !URL.canParse(String((urls as Record<string, unknown>)[service])));
  return missing.length === 0 ? (urls as Record<ServiceName, string>) : wrong(`SERVICES has no URL for ${missing.join(', ')}`);
};

const telemetry = await startTelemetry('front-door');
const { openFrontDoor } = await import('./front-door.js');
const door = await openFrontDoor({ host: process.env['HOST'] ?? '127.0.0.1', port: readPort(), services: readServices(), log, telemetry });
log.info({ url: door.url }, 'ready');

const stop = (): void => {
  void door.stop().then(() => process.exit(0));
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
