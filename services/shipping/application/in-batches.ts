/**
 * Makes one call of the many that wait: while a batch is under way the next one gathers, so that there is no timer and an idle
 * caller waits for nobody. If a batch fails as a whole, its items are tried one by one: one of them must not fail the others.
 */
export const inBatches = <Item, Answer>(work: (items: readonly Item[]) => Promise<readonly Answer[]>, sizeMax: number): ((item: Item) => Promise<Answer>) => {
  type Waiting = { readonly item: Item; readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void };
  const waiting: Waiting[] = [];
  let running = false;

  const alone = async ({ item, resolve, reject }: Waiting): Promise<void> => {
    try {
      const [answer] = await work([item]);
      if (answer === undefined) throw new Error('a batch of one was not answered');
      resolve(answer);
    } catch (error) {
      reject(error);
    }
  };
  const together = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const answers = await work(batch.map(({ item }) => item));
      if (answers.length !== batch.length) throw new Error(`a batch of ${batch.length} got ${answers.length} answers`);
      batch.forEach(({ resolve }, n) => resolve(answers[n] as Answer));
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const one of batch) await alone(one);
    }
  };
  const run = async (): Promise<void> => {
    running = true;
    // Callers of this turn of the event loop come together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) await together(waiting.splice(0, sizeMax));
    running = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!running) void run();
    });
};
