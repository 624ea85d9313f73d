import type { PickListDocument } from '../application/ports.js';

type Listed = Parameters<PickListDocument>[0];
type Stop = { readonly bin: string; readonly sku: string; readonly name: string; readonly quantity: number; readonly cells: readonly string[] };

const margin = 40;
const rowHeight = 46;
const black = '#000000';
const grey = '#555555';

/** One row a bin and SKU: a picker takes all units at once and deals them out to the cells afterwards. */
const stopsOf = (entries: Listed['entries']): Stop[] => {
  const stops = new Map<string, { bin: string; sku: string; name: string; quantity: number; cells: string[] }>();
  for (const { bin, sku, name, quantity, cell } of entries) {
    const key = `${bin} ${sku}`;
    const stop = stops.get(key) ?? { bin, sku, name, quantity: 0, cells: [] };
    stop.quantity += quantity;
    stop.cells.push(quantity === 1 ? cell : `${cell}×${quantity}`);
    stops.set(key, stop);
  }
  return [...stops.values()];
};

/** The libraries that draw come with the first list: they take 35 MB, and most centers never print one. */
const drawing = async () => {
  const [{ default: PDFDocument }, { default: bwipjs }] = await Promise.all([import('pdfkit'), import('bwip-js/node')]);
  return { PDFDocument, bwipjs };
};

const barcode = async (text: string): Promise<Buffer> => (await drawing()).bwipjs.toBuffer({ bcid: 'code128', text, height: 9, scale: 2, includetext: false });

/** The standard fonts of PDF know Latin-1; anything else would be drawn as noise. */
const printable = (text: string): string => text.replace(/[^\u0020-\u007e\u00a0-\u00ff]/g, '?');

/** What the picker reads: the name, unless it is missing or in another script. */
const titleOf = ({ name, sku }: Stop): string => (/[A-Za-z0-9]/.test(name) ? printable(name) : sku);

const header = async (doc: PDFKit.PDFDocument, list: Listed, stops: number): Promise<void> => {
  const units = list.entries.reduce((sum, { quantity }) => sum + quantity, 0);
  const orders = new Set(list.entries.map(({ fulfillmentOrderId }) => fulfillmentOrderId)).size;
  doc.font('Helvetica-Bold').fontSize(18).fillColor(black).text('Pick list', margin, margin);
  doc.font('Helvetica').fontSize(10).fillColor(grey);
  doc.text(`Center ${list.centerId}   Worker ${list.workerId === '' ? '-' : list.workerId}`, margin, margin + 24);
  doc.text(`${stops} stops, ${units} units, ${orders} fulfillment orders`, margin, margin + 38);
  const right = doc.page.width - margin;
  doc.image(await barcode(list.pickListId), right - 200, margin, { width: 200, height: 30 });
  doc.font('Courier').fontSize(9).fillColor(black).text(list.pickListId, right - 200, margin + 34, { width: 200, align: 'center' });
};

const columnTitles = (doc: PDFKit.PDFDocument, y: number): void => {
  doc.font('Helvetica-Bold').fontSize(9).fillColor(grey);
  doc.text('BIN', margin, y).text('UNITS', margin + 78, y).text('ITEM', margin + 130, y).text('CELLS', margin + 130, y + 11).text('SKU', doc.page.width - margin - 170, y);
  doc
    .moveTo(margin, y + 26)
    .lineTo(doc.page.width - margin, y + 26)
    .lineWidth(1)
    .strokeColor(black)
    .stroke();
};

const row = async (doc: PDFKit.PDFDocument, stop: Stop, y: number): Promise<void> => {
  const right = doc.page.width - margin;
  const { bin, sku, quantity, cells } = stop;
  const middle = right - 180 - (margin + 130);
  doc.font('Helvetica-Bold').fontSize(15).fillColor(black).text(bin, margin, y + 6, { lineBreak: false });
  doc.text(String(quantity), margin + 78, y + 6, { lineBreak: false });
  doc.font('Helvetica').fontSize(10);
  doc.text(titleOf(stop), margin + 130, y + 4, { width: middle, height: 13, ellipsis: true });
  doc.fontSize(9).fillColor(grey).text(printable(cells.join('  ')), margin + 130, y + 19, { width: middle, height: 22, ellipsis: true });
  doc.image(await barcode(sku), right - 170, y + 4, { width: 170, height: 20 });
  doc.font('Courier').fontSize(8).fillColor(black).text(printable(sku), right - 170, y + 29, { width: 170, height: 10, align: 'center', ellipsis: true });
  doc
    .moveTo(margin, y + rowHeight - 3)
    .lineTo(right, y + rowHeight - 3)
    .lineWidth(0.4)
    .strokeColor(grey)
    .stroke();
};

/** Draws a pick list on A4, in walking order: bin and quantity large, because they are read at arm's length; a barcode for each SKU. */
export const pickListDocument: PickListDocument = async (list) => {
  const { PDFDocument } = await drawing();
  const doc = new PDFDocument({ size: 'A4', margin, bufferPages: true, info: { Title: `Pick list ${list.pickListId}` } });
  const chunks: Buffer[] = [];
  const done = new Promise<void>((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk));
    doc.on('end', () => resolve());
    doc.on('error', reject);
  });
  const stops = stopsOf(list.entries);
  await header(doc, list, stops.length);
  let y = margin + 66;
  columnTitles(doc, y);
  y += 30;
  for (const stop of stops) {
    if (y + rowHeight > doc.page.height - margin - 14) {
      doc.addPage();
      columnTitles(doc, margin);
      y = margin + 30;
    }
    await row(doc, stop, y);
    y += rowHeight;
  }
  const { start, count } = doc.bufferedPageRange();
  for (let page = start; page < start + count; page += 1) {
    doc.switchToPage(page);
    const text = `${list.pickListId}   page ${page + 1} of ${count}`;
    doc.font('Helvetica').fontSize(8).fillColor(grey).text(text, margin, doc.page.height - margin - 10, { width: doc.page.width - 2 * margin, align: 'right', lineBreak: false });
  }
  doc.end();
  await done;
  return Buffer.concat(chunks);
};
