import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { services, shardsPerLog, type ServiceName } from '@orderlog/contracts';
import { order, type Order, type OrderEvent } from '@orderlog/order-domain';
import type {
  AnswerRecord,
  DumpFile,
  HeadRecord,
  KeyRecord,
  LabelRecord,
  LogRecord,
  OutcomeRecord,
  PositionRecord,
  ProjectionRecord,
  ReferenceRecord,
  RunRecord,
  StockRecord,
  StoredRow,
  StreamRecord,
  TopicRecord,
} from '../dump-format.js';
import { judgeDistant, parkedOf, shardCauses, type Distant, type Parked } from './causes.js';
import { clientOrders, type ClientOrders } from './client-orders.js';
import { createFindings, type Findings, type Place, type Verdict } from './findings.js';
import { judgePositions, quarantinedOf, topicPartition } from './listeners.js';
import { allOf, byShard, linesOf, type Line } from './ndjson.js';
import { disagreement, hasEnded, whyNotAtRest, wrongAnswer } from './order-end.js';
import { orderLaw, type OrderLaw } from './order-law.js';
import { text, type Row } from './row.js';
import { lawOf } from './service-laws.js';
import { shardLog, streamsWithoutEvents, type LogEnds } from './shard-log.js';
import { stockLedger } from './stock-ledger.js';

type PerService<T> = ReadonlyMap<ServiceName, T>;

const ofServices = async <T>(read: (service: ServiceName) => Promise<T>): Promise<PerService<T>> =>
  new Map(await Promise.all(services.map(async (service) => [service, await read(service)] as const)));

/** What is small enough to be in memory as a whole. */
type Surroundings = {
  readonly run: RunRecord;
  readonly ends: LogEnds;
  readonly parked: PerService<Parked>;
  readonly timers: PerService<readonly Line<StoredRow>[]>;
  readonly effects: PerService<readonly Line<StoredRow>[]>;
  readonly quarantined: PerService<readonly Line<StoredRow>[]>;
  readonly answers: ReadonlyMap<string, Line<AnswerRecord>>;
};

const surroundingsOf = async (folder: string): Promise<Surroundings> => {
  const heads = new Map<string, Line<HeadRecord>>();
  const streams = new Map<ServiceName, Map<string, Line<StreamRecord>>>();
  for (const service of services) {
    for (const row of await allOf<HeadRecord>(folder, `heads-${service}.ndjson`)) heads.set(`${service}/${row.record.shard}`, row);
    const own = new Map<string, Line<StreamRecord>>();
    for await (const lines of linesOf<StreamRecord>(folder, `streams-${service}.ndjson`)) for (const row of lines) own.set(row.record.streamId, row);
    streams.set(service, own);
  }
  const rowsOf = (kind: 'timers' | 'effects' | 'quarantined') => ofServices((service) => allOf<StoredRow>(folder, `${kind}-${service}.ndjson`));
  return {
    run: JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as RunRecord,
    ends: { head: (service, shard) => heads.get(`${service}/${shard}`), streams },
    parked: await ofServices(async (service) => parkedOf(service, await allOf<StoredRow>(folder, `parked-${service}.ndjson`))),
    timers: await rowsOf('timers'),
    effects: await rowsOf('effects'),
    quarantined: await rowsOf('quarantined'),
    answers: new Map((await allOf<AnswerRecord>(folder, 'answers.ndjson')).map((row) => [row.record.orderId, row])),
  };
};

type OrderLife = { state: Order; readonly law: OrderLaw; readonly lines: number[]; isLawful: boolean; version: number };

/** The orders of one shard: their law (I9), their end (I13), what is answered of them (I10). */
const ordersOfShard = (findings: Findings, clients: ClientOrders, { answers, timers, parked }: Surroundings) => {
  const lives = new Map<string, OrderLife>();
  const places = ({ lines }: OrderLife): Place[] => lines.map((line) => ({ file: 'log-order.ndjson', line }));
  const waiting = new Set((timers.get('order') ?? []).filter(({ record }) => record['kind'] === 'payment-deadline').map(({ record }) => text(record['streamId'])));

  return {
    row: (row: Row): void => {
      if (!row.streamId.startsWith('order-')) return;
      const known = lives.get(row.streamId);
      const life = known ?? { state: order.initialState, law: orderLaw(), lines: [], isLawful: true, version: 0 };
      if (known === undefined) lives.set(row.streamId, life);
      if (row.type === 'OrderPlaced') clients.placed(row);
      life.lines.push(row.line);
      life.version = row.version;
      // The stored payload is what the domain's type says: contracts check it where it is written.
      life.state = order.evolve(life.state, { type: row.type, data: row.data } as unknown as OrderEvent);
      findings.look('I9');
      if (!life.isLawful) return;
      const broken = life.law.apply(row.type, row.data);
      if (broken === undefined) return;
      life.isLawful = false;
      findings.violated('I9', `${row.streamId} version ${row.version}: ${broken}`, places(life));
    },

    /** Answers which orders have ended. */
    end: (): ReadonlySet<string> => {
      const ended = new Set<string>();
      for (const [streamId, life] of lives) {
        const orderId = streamId.slice('order-'.length);
        clients.reached(orderId, life.version);
        if (hasEnded(life.state)) ended.add(orderId);
        const wrong = life.isLawful ? disagreement(life.law.unitsOf(), life.state) : undefined;
        if (wrong !== undefined) findings.violated('I9', `${streamId}: ${wrong}`, places(life));
        findings.look('I13');
        const isParked = [...parked.values()].some(({ since }) => [...since.keys()].some((target) => target.includes(orderId)));
        const restless = isParked ? undefined : whyNotAtRest(life.state, waiting.has(streamId));
        if (restless !== undefined) findings.violated('I13', `${streamId}: ${restless}`, places(life));
        const answer = answers.get(orderId);
        if (answer === undefined) continue;
        findings.look('I10');
        const other = wrongAnswer(life.state, life.version, answer.record);
        if (other !== undefined) findings.violated('I10', `${streamId}: ${other}`, [{ file: 'answers.ndjson', line: answer.line }, ...places(life).slice(-1)]);
      }
      return ended;
    },
  };
};

/** The streams of one shard of the other services (I8, I9), and what ended orders still hold of the stock (I14). */
const worksOfShard = (findings: Findings) => {
  const works = new Map<string, { readonly law: NonNullable<ReturnType<typeof lawOf>>; readonly service: ServiceName; readonly lines: number[]; orderId: string; isLawful: boolean }>();
  const places = ({ service, lines }: { readonly service: ServiceName; readonly lines: readonly number[] }): Place[] =>
    lines.map((line) => ({ file: `log-${service}.ndjson`, line }));
  return {
    row: (row: Row): void => {
      const known = works.get(row.streamId);
      const law = known === undefined ? lawOf(row.streamId) : known.law;
      if (law === undefined) return;
      const work = known ?? { law, service: row.service, lines: [], orderId: '', isLawful: true };
      if (known === undefined) works.set(row.streamId, work);
      work.lines.push(row.line);
      if (work.orderId === '') work.orderId = text(row.data['orderId']);
      findings.look('I9');
      if (!work.isLawful) return;
      const broken = work.law.apply(row);
      if (broken === undefined) return;
      // What follows a broken law is broken as well: the first is the finding.
      work.isLawful = false;
      findings.violated(broken.invariant, `${row.service} ${row.streamId} version ${row.version}: ${broken.what}`, places(work));
    },
    end: (ended: ReadonlySet<string>, { parked }: Surroundings): void => {
      for (const [streamId, work] of works) {
        const left = work.law.left?.();
        if (left === undefined || !ended.has(work.orderId)) continue;
        findings.look('I14');
        if (left.reserved === 0 && left.committed === 0) continue;
        if (parked.get('inventory')?.since.has(streamId) === true) continue;
        findings.violated('I14', `${streamId}: the order has ended, and ${left.reserved} units are reserved and ${left.committed} committed for it`, places(work));
      }
    },
  };
};

const judgeReadModels = (findings: Findings, rows: readonly Line<ProjectionRecord>[]): void => {
  for (const { record, line } of rows) {
    const { service, projection, live, rebuilt, differences, events } = record;
    findings.look('I10', events);
    findings.look('I11');
    if (live !== rebuilt || differences.length > 0) {
      // Either the live one is not the fold of its events, or the rebuild is not the live one: the digests cannot tell which.
      findings.violated('I10', `${service} ${projection}: the live read model is not what a rebuild makes of its ${events} events`, [{ file: 'projections.ndjson', line }]);
      findings.violated('I11', `${service} ${projection}: live ${live}, rebuilt ${rebuilt}`, [{ file: 'projections.ndjson', line }]);
    }
  }
};

/** The carrier's own book: a package has at most one label that was not given back (I8). */
const judgeLabels = (findings: Findings, rows: readonly Line<LabelRecord>[]): void => {
  const active = new Map<string, number>();
  for (const { record, line } of rows) {
    findings.look('I8');
    if (record.voided) continue;
    const before = active.get(record.packageId);
    if (before !== undefined) {
      findings.violated('I8', `the carrier sold two labels for ${record.packageId}, and none was given back`, [before, line].map((one) => ({ file: 'labels.ndjson', line: one })));
    }
    active.set(record.packageId, line);
  }
};

/** What should have happened long before the dump waits without end (I17): timers and calls to the outside. */
const judgeBacklog = (findings: Findings, { run, timers, effects, parked }: Surroundings): void => {
  const graceMs = 60_000;
  const late = Date.parse(run.quiescedAt ?? run.healedAt) - graceMs;
  for (const [kind, all] of [['timers', timers], ['effects', effects]] as const) {
    for (const [service, rows] of all) {
      for (const { record, line } of rows) {
        findings.look('I17');
        const dueAt = Date.parse(text(record['dueAt']));
        if (!(dueAt < late) || parked.get(service)?.since.has(text(record['streamId'])) === true) continue;
        findings.violated('I17', `${service} ${text(record['streamId'])}: ${text(record['kind'])} was due at ${text(record['dueAt'])} and waits`, [{ file: `${kind}-${service}.ndjson`, line }]);
      }
    }
  }
};

/**
 * Judges a dump by the invariants I1 to I18 of protocol.md. Linear in events: logs are read line by line, shard by shard over all five
 * services at once; what is kept is a shard's worth of states, and numbers for the ledger and the clients.
 */
export const checkDump = async (folder: string): Promise<Verdict> => {
  const findings = createFindings();
  const around = await surroundingsOf(folder);
  const clients = clientOrders(findings);
  for await (const lines of linesOf<OutcomeRecord>(folder, 'outcomes.ndjson')) for (const line of lines) clients.outcome(line);

  const ledger = stockLedger(findings);
  const quarantined = quarantinedOf(around.quarantined);
  const mayBeEmpty = (around.run.faults['messages.emptied'] ?? 0) > 0;
  const logs = new Map(services.map((service) => [service, byShard<LogRecord>(folder, `log-${service}.ndjson`, ({ shard }) => shard)]));
  const topics = new Map(services.map((service) => [service, byShard<TopicRecord>(folder, `topic-${service}.ndjson`, ({ partition }) => partition)]));
  const distant: Distant[] = [];
  for (let shard = 0; shard < shardsPerLog; shard += 1) {
    const causes = shardCauses(findings, shard, around.parked);
    const orders = ordersOfShard(findings, clients, around);
    const works = worksOfShard(findings);
    for (const service of services) {
      const structure = shardLog(findings, service, shard);
      for await (const lines of logs.get(service)?.(shard) ?? []) {
        for (const { line, record } of lines) {
          const row: Row = { ...record, service, line };
          structure.row(row);
          causes.row(row);
          if (service === 'order') orders.row(row);
          else works.row(row);
          if (service === 'inventory') ledger.row(row);
        }
      }
      structure.end(around.ends);
      const partition = topicPartition(findings, service, shard, { rows: causes.log(service), logId: around.ends.head(service, shard)?.record.logId, quarantined, mayBeEmpty });
      for await (const lines of topics.get(service)?.(shard) ?? []) for (const line of lines) partition.record(line);
      partition.end();
    }
    distant.push(...causes.end());
    works.end(orders.end(), around);
  }
  await judgeDistant(findings, folder, distant);

  const remaining: readonly DumpFile[] = services.map((service) => `log-${service}.ndjson` as const);
  for (const [n, service] of services.entries()) {
    for await (const lines of logs.get(service)?.(shardsPerLog) ?? []) throw new Error(`${remaining[n]}:${lines[0]?.line} is of a shard beyond ${shardsPerLog}`);
  }
  streamsWithoutEvents(findings, around.ends);
  judgePositions(findings, await ofServices((service) => allOf<PositionRecord>(folder, `positions-${service}.ndjson`)), around.ends);
  ledger.finish(await allOf<StockRecord>(folder, 'stock.ndjson'));
  clients.finish(await allOf<KeyRecord>(folder, 'keys.ndjson'), await allOf<ReferenceRecord>(folder, 'references.ndjson'));
  judgeReadModels(findings, await allOf<ProjectionRecord>(folder, 'projections.ndjson'));
  judgeLabels(findings, await allOf<LabelRecord>(folder, 'labels.ndjson'));
  judgeBacklog(findings, around);
  if (around.run.quiescedAt === null) findings.violated('I13', 'the system had not come to rest when the time for it was over', []);
  return findings.verdict(folder);
};
