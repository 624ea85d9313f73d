import { RawConnection, rawRequest } from './raw-http.js';

/** What came of submitting: how many got a 201, the milliseconds each took, and the first other answer. */
export type Submitted = { readonly accepted: number; readonly milliseconds: readonly number[]; readonly seconds: number; readonly firstOther?: string };

/** Opens connections on which orders are submitted. */
export const opener = (url: string): (() => RawConnection) => {
  const { hostname, port } = new URL(url);
  return () => new RawConnection(hostname, Number(port));
};

/** The request that places an order. */
export const placingRequest = (apiKey: string, idempotencyKey: string, body: string): Buffer =>
  rawRequest('POST /v1/orders', `authorization: Bearer ${apiKey}\r\nidempotency-key: ${idempotencyKey}\r\n`, body);

/** Closed loop: every connection submits its next order as soon as the last was answered. */
export const submitAll = async (url: string, apiKey: string, bodies: readonly string[], run: string, connections = 64): Promise<Submitted> => {
  const requests = bodies.map((body, index) => placingRequest(apiKey, `${run}-${index}`, body));
  const lanes = Array.from({ length: connections }, opener(url));
  const milliseconds: number[] = [];
  let [next, accepted] = [0, 0];
  let firstOther: string | undefined;
  const startedAt = performance.now();
  await Promise.all(
    lanes.map(async (lane) => {
      for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
        const sentAt = performance.now();
        const answer = await lane.send(request);
        milliseconds.push(performance.now() - sentAt);
        if (answer.status === 201) accepted += 1;
        else firstOther ??= `${answer.status} ${answer.body.slice(0, 300)}`;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  for (const lane of lanes) lane.close();
  return { accepted, milliseconds, seconds, ...(firstOther === undefined ? {} : { firstOther }) };
};

/**
 * Open loop: orders leave on a fixed schedule whatever the answers do, and a time is counted from when the order was due, so that a stall
 * is not hidden by the requests it kept from being sent (coordinated omission).
 */
export const submitAtRate = async (url: string, apiKey: string, bodies: readonly string[], run: string, perSecond: number, connections = 256): Promise<Submitted> => {
  const requests = bodies.map((body, index) => placingRequest(apiKey, `${run}-${index}`, body));
  const open = opener(url);
  // Opened when it is needed: the service closes a connection on which nothing has been asked for 10 s.
  const all: RawConnection[] = [];
  const idle: RawConnection[] = [];
  const waiting: ((lane: RawConnection) => void)[] = [];
  const take = (): Promise<RawConnection> => {
    const lane = idle.pop();
    if (lane !== undefined) return Promise.resolve(lane);
    if (all.length === connections) return new Promise((resolve) => waiting.push(resolve));
    const opened = open();
    all.push(opened);
    return Promise.resolve(opened);
  };
  const give = (lane: RawConnection): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(lane);
    else next(lane);
  };
  const milliseconds: number[] = [];
  let accepted = 0;
  let firstOther: string | undefined;
  const startedAt = performance.now();
  const one = async (request: Buffer, dueAt: number): Promise<void> => {
    const lane = await take();
    const answer = await lane.send(request);
    milliseconds.push(performance.now() - dueAt);
    give(lane);
    if (answer.status === 201) accepted += 1;
    else firstOther ??= `${answer.status} ${answer.body.slice(0, 300)}`;
  };
  const sent: Promise<void>[] = [];
  for (let index = 0; index < requests.length; ) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
    for (const request of requests.slice(index, due + 1)) {
      sent.push(one(request, startedAt + (index / perSecond) * 1000));
      index += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(sent);
  for (const lane of all) lane.close();
  return { accepted, milliseconds, seconds: (performance.now() - startedAt) / 1000, ...(firstOther === undefined ? {} : { firstOther }) };
};
