import { describe, expect, it } from '@jest/globals';
import { createGroupCommit, Overloaded, OutcomeUnknown } from './index.js';

const sqlError = (code: string): Error => Object.assign(new Error(code), { code });

/** A writer whose batches end when the test says so. */
const slowWriter = () => {
  const batches: { readonly requests: readonly number[]; finish: (error?: Error) => void }[] = [];
  const run = (requests: readonly number[]) =>
    new Promise<readonly number[]>((resolve, reject) => {
      batches.push({ requests, finish: (error) => (error === undefined ? resolve(requests.map((n) => n * 10)) : reject(error)) });
    });
  return { batches, run };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('group commit', () => {
  it('sends one request alone when it is idle, and what came meanwhile together', async () => {
    const { batches, run } = slowWriter();
    const commits = createGroupCommit<number, number>({ run, lanes: 1 });
    const first = commits.submit(1);
    await turn();
    const others = [2, 3, 4].map((n) => commits.submit(n));
    await turn();
    expect(batches.map(({ requests }) => requests)).toStrictEqual([[1]]);
    batches[0]?.finish();
    expect(await first).toBe(10);
    await turn();
    expect(batches[1]?.requests).toStrictEqual([2, 3, 4]);
    batches[1]?.finish();
    expect(await Promise.all(others)).toStrictEqual([20, 30, 40]);
  });

  it('bounds a batch by requests and by bytes, and sends a too big request alone', async () => {
    const { batches, run } = slowWriter();
    const commits = createGroupCommit<number, number>({ run, lanes: 9, requestsMax: 3, bytesMax: 100, batchesQueuedMax: 9, bytesOf: (n) => n });
    const answers = [1, 1, 1, 1, 60, 60, 500, 1].map((n) => commits.submit(n));
    await turn();
    expect(batches.map(({ requests }) => requests)).toStrictEqual([[1, 1, 1], [1, 60], [60], [500], [1]]);
    for (const { finish } of batches) finish();
    await Promise.all(answers);
  });

  it('begins a further lane with an eighth of a batch, and not with less', async () => {
    const { batches, run } = slowWriter();
    const commits = createGroupCommit<number, number>({ run, requestsMax: 16, patienceMs: 60_000 });
    const answers = [commits.submit(1)];
    await turn();
    answers.push(commits.submit(2));
    await turn();
    expect(batches.map(({ requests }) => requests)).toStrictEqual([[1]]);
    answers.push(commits.submit(3));
    await turn();
    expect(batches.map(({ requests }) => requests)).toStrictEqual([[1], [2, 3]]);
    for (const { finish } of batches) finish();
    expect(await Promise.all(answers)).toStrictEqual([10, 20, 30]);
  });

  it('begins one also for bytes, and for whoever has waited long enough when another request comes', async () => {
    const heavy = slowWriter();
    const weighed = createGroupCommit<number, number>({ run: heavy.run, patienceMs: 60_000, bytesMax: 800, bytesOf: (n) => n });
    const old = slowWriter();
    const patient = createGroupCommit<number, number>({ run: old.run, patienceMs: 0 });
    const answers = [weighed.submit(1), patient.submit(1)];
    await turn();
    answers.push(weighed.submit(99), patient.submit(2));
    await turn();
    expect([heavy.batches, old.batches].map((batches) => batches.map(({ requests }) => requests))).toStrictEqual([[[1]], [[1], [2]]]);
    answers.push(weighed.submit(2));
    await turn();
    expect(heavy.batches.map(({ requests }) => requests)).toStrictEqual([[1], [99, 2]]);
    for (const { finish } of [...heavy.batches, ...old.batches]) finish();
    await Promise.all(answers);
  });

  it('refuses what goes beyond the bound of the queue, and goes on afterwards', async () => {
    const { batches, run } = slowWriter();
    const commits = createGroupCommit<number, number>({ run, lanes: 1, requestsMax: 2, batchesQueuedMax: 2 });
    const running = commits.submit(0);
    await turn();
    const waiting = [1, 2, 3, 4].map((n) => commits.submit(n));
    await expect(commits.submit(5)).rejects.toThrow(Overloaded);
    expect(commits.queued).toBe(4);
    for (let n = 0; n < 3; n += 1) {
      batches[n]?.finish();
      await turn();
    }
    expect(await Promise.all([running, ...waiting])).toStrictEqual([0, 10, 20, 30, 40]);
    const later = commits.submit(6);
    await turn();
    batches[3]?.finish();
    expect(await later).toBe(60);
  });

  it('finds the one bad request by halving, so that its neighbours are committed', async () => {
    const committed: number[] = [];
    const run = async (requests: readonly number[]) => {
      if (requests.includes(13)) throw sqlError('22P02');
      committed.push(...requests);
      return requests;
    };
    const commits = createGroupCommit<number, number>({ run, lanes: 1 });
    const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => commits.submit(n)));
    expect(answers.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toStrictEqual([13]);
    expect(committed).toHaveLength(19);
  });

  it.each(['40P01', '40001', '55P03'])('runs a batch again after %s', async (code) => {
    const sizes: number[] = [];
    const run = async (requests: readonly number[]) => {
      sizes.push(requests.length);
      if (sizes.length < 3) throw sqlError(code);
      return requests;
    };
    const commits = createGroupCommit<number, number>({ run, lanes: 1 });
    expect(await Promise.all([1, 2].map((n) => commits.submit(n)))).toStrictEqual([1, 2]);
    expect(sizes).toStrictEqual([2, 2, 2]);
  });

  it('gives up a batch that meets deadlocks again and again', async () => {
    let runs = 0;
    const commits = createGroupCommit<number, number>({
      retriesMax: 2,
      run: async () => {
        runs += 1;
        throw sqlError('40P01');
      },
    });
    await expect(commits.submit(1)).rejects.toThrow('40P01');
    expect(runs).toBe(3);
  });

  it.each([sqlError('57P01'), new OutcomeUnknown('x')])('fails a whole batch at once in an outage: %s', async (error) => {
    let runs = 0;
    const commits = createGroupCommit<number, number>({
      lanes: 1,
      run: async () => {
        runs += 1;
        throw error;
      },
    });
    const answers = await Promise.allSettled([1, 2, 3].map((n) => commits.submit(n)));
    expect(answers.every((answer) => answer.status === 'rejected' && answer.reason === error)).toBe(true);
    expect(runs).toBe(1);
  });

  it('finishes what it has taken when it is drained, and takes no more', async () => {
    const { batches, run } = slowWriter();
    const commits = createGroupCommit<number, number>({ run, lanes: 1 });
    const answer = commits.submit(1);
    await turn();
    let isDrained = false;
    const drained = commits.drain().then(() => (isDrained = true));
    await expect(commits.submit(2)).rejects.toThrow(Overloaded);
    await turn();
    expect(isDrained).toBe(false);
    batches[0]?.finish();
    await drained;
    expect(await answer).toBe(10);
  });
});
