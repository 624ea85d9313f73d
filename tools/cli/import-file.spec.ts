import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsageError } from './connection.js';
import { importRows, keyOf, lineBytesMax, parseMapping, type ImportRow } from './import-file.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orderlog-import-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const rowsOf = async (name: string, text: string, mapping?: string): Promise<ImportRow[]> => {
  const path = join(folder, name);
  writeFileSync(path, text);
  const rows: ImportRow[] = [];
  for await (const row of importRows(path, parseMapping(mapping))) rows.push(row);
  return rows;
};

describe('an NDJSON file', () => {
  it('has an order a line, and names the lines that have none', async () => {
    expect(await rowsOf('a.ndjson', '{"externalReference":"1"}\n\nnot json\n[1]\n')).toStrictEqual([
      { line: 1, document: { externalReference: '1' } },
      { line: 3, error: expect.stringMatching(/^not JSON/) as unknown },
      { line: 4, error: 'not a JSON object' },
    ]);
  });
  it('has no line beyond the limit', async () => {
    expect(await rowsOf('long.ndjson', `{"x":"${'y'.repeat(lineBytesMax)}"}\n`)).toStrictEqual([{ line: 1, error: `longer than ${lineBytesMax} bytes` }]);
  });
});

describe('a CSV file', () => {
  it('makes rows with the same reference lines of one order', async () => {
    const text = 'externalReference,shippingAddress.city,lines.sku,lines.quantity\n1,Falkenhafen,A,2\n1,Falkenhafen,B,1\n2,Silbersee,A,3\n';
    expect(await rowsOf('a.csv', text)).toStrictEqual([
      { line: 2, document: { externalReference: '1', shippingAddress: { city: 'Falkenhafen' }, lines: [{ sku: 'A', quantity: 2 }, { sku: 'B', quantity: 1 }] } },
      { line: 4, document: { externalReference: '2', shippingAddress: { city: 'Silbersee' }, lines: [{ sku: 'A', quantity: 3 }] } },
    ]);
  });
  it('renames columns as told', async () => {
    expect(await rowsOf('b.csv', 'ref,article\n7,A\n', 'externalReference=ref,lines.sku=article')).toStrictEqual([
      { line: 2, document: { externalReference: '7', lines: [{ sku: 'A' }] } },
    ]);
  });
  it('keeps what is no whole number as text, so that Orderlog can say what is wrong with it', async () => {
    const [row] = await rowsOf('c.csv', 'externalReference,lines.quantity\n1,1.5\n');
    expect(row?.document).toStrictEqual({ externalReference: '1', lines: [{ quantity: '1.5' }] });
  });
  it('reads truths', async () => {
    const [row] = await rowsOf('e.csv', 'externalReference,taxIncluded,gift.wrap,gift.hidePrices\n1,1,true,0\n');
    expect(row?.document).toStrictEqual({ externalReference: '1', taxIncluded: true, gift: { wrap: true, hidePrices: false }, lines: [{}] });
  });
  it('names a row that has other cells than columns, and takes no order without one of its rows', async () => {
    expect(await rowsOf('f.csv', 'externalReference,lines.sku\n1,A\n2\n3,A\n3,B,C\n4,A\n')).toStrictEqual([
      { line: 2, document: { externalReference: '1', lines: [{ sku: 'A' }] } },
      { line: 3, error: '1 cells under 2 columns' },
      { line: 4, error: 'line 5: 3 cells under 2 columns' },
      { line: 6, document: { externalReference: '4', lines: [{ sku: 'A' }] } },
    ]);
  });
  it('says where it is no CSV any more', async () => {
    const rows = await rowsOf('g.csv', 'externalReference,lines.sku\n1,A\n2,"B\n3,C\n');
    expect(rows[0]).toStrictEqual({ line: 2, document: { externalReference: '1', lines: [{ sku: 'A' }] } });
    expect(rows[1]?.error).toMatch(/^not CSV: /);
    expect(rows).toHaveLength(2);
  });
  it.each([
    ['a prototype', 'externalReference,__proto__.x\n1,2\n', undefined, '"__proto__.x" can be no field'],
    ['the prototype of everything', 'externalReference,constructor.prototype.x\n1,2\n', undefined, '"constructor.prototype.x" can be no field'],
    ['a column without a name', 'externalReference,\n1,2\n', undefined, '"" can be no field'],
    ['a field and its inside', 'externalReference,a,a.b\n1,2,3\n', undefined, 'for "a" and for fields inside of it'],
    ['the same field twice', 'externalReference,a,a\n1,2,3\n', undefined, 'two columns fill "a"'],
    ['a mapping to a column that is not there', 'ref\n1\n', 'externalReference=reference', 'the file has no column "reference"; it has ref'],
  ])('refuses %s', async (_what, text, mapping, says) => {
    await expect(rowsOf('h.csv', text, mapping)).rejects.toThrow(says);
    expect('x' in {}).toBe(false);
  });
  it('names a row without a reference', async () => {
    expect(await rowsOf('d.csv', 'externalReference,lines.sku\n,A\n')).toStrictEqual([{ line: 2, error: 'no externalReference' }]);
  });
});

it('refuses any other kind of file and a mapping that is none', () => {
  expect(() => importRows('orders.xlsx', new Map())).toThrow(UsageError);
  expect(() => parseMapping('lines.sku')).toThrow('--map: "lines.sku" is not field=column');
});

it('fails for a file that does not exist', async () => {
  await expect(importRows(join(folder, 'nothing.csv'), new Map()).next()).rejects.toThrow('ENOENT');
  await expect(importRows(join(folder, 'nothing.ndjson'), new Map()).next()).rejects.toThrow('ENOENT');
});

it('gives the same order the same key, whatever else its row says', () => {
  expect(keyOf({ channel: 'a', externalReference: '1', tags: [] })).toBe(keyOf({ channel: 'a', externalReference: '1' }));
  expect(keyOf({ channel: 'a', externalReference: '1' })).not.toBe(keyOf({ channel: 'b', externalReference: '1' }));
});
