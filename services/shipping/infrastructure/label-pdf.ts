import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Address, LabelDrawing, LabelSheet } from '../application/ports.js';

/** 4 by 6 inches in points: what label printers take. */
const page = { width: 288, height: 432 } as const;
const margin = 14;
const inner = page.width - 2 * margin;
/** A code's quiet zone is ten modules at each side. */
const quietModules = 10;

const { resolve } = createRequire(import.meta.url);
const font = (path: string): Buffer => readFileSync(resolve(`@expo-google-fonts/noto-sans/${path}`));

let noto: { readonly regular: Buffer; readonly bold: Buffer } | undefined;

/** What the standard fonts of PDF can write: Latin-1 and the ellipsis. */
const isLatin = (text: string): boolean => /^[\u0020-\u007e\u00a0-\u00ff\u2026]*$/.test(text);

/**
 * PDF's own Helvetica where it knows every letter, else Noto Sans (Latin, Greek, Cyrillic and more), which has to be cut to the letters
 * used: 260 ms a label instead of 10.
 */
const chooseFonts = (doc: PDFKit.PDFDocument, { from, to }: LabelSheet): void => {
  if ([...Object.values(from ?? {}), ...Object.values(to)].every((text) => isLatin(String(text)))) {
    doc.registerFont('regular', 'Helvetica').registerFont('bold', 'Helvetica-Bold');
    return;
  }
  noto ??= { regular: font('400Regular/NotoSans_400Regular.ttf'), bold: font('700Bold/NotoSans_700Bold.ttf') };
  doc.registerFont('regular', noto.regular).registerFont('bold', noto.bold);
};

const countries = new Intl.DisplayNames(['en'], { type: 'region' });
const kilograms = (grams: number): string => `${(grams / 1_000).toFixed(2)} kg`;
const placeOf = ({ postalCode, city, region }: Pick<Address, 'postalCode' | 'city' | 'region'>): string =>
  [postalCode, city, region].filter((part) => part !== '').join(' ');

/** Both take half a second and 30 MB to load: not before somebody prints. */
const loadTools = async () => {
  const [{ default: bwipjs }, { default: PDFDocument }] = await Promise.all([import('bwip-js/node'), import('pdfkit')]);
  return { bwipjs, PDFDocument };
};

type Bwip = Awaited<ReturnType<typeof loadTools>>['bwipjs'];

/** Bars of a Code 128 symbol: widths in modules, bar and space in turn. Drawn as vectors they are sharp at any printer's resolution. */
const bars = (bwipjs: Bwip, text: string): readonly number[] => {
  const [symbol] = bwipjs.raw({ bcid: 'code128', text });
  if (symbol === undefined || !('sbs' in symbol)) throw new Error(`no Code 128 symbol for ${text}`);
  return symbol.sbs;
};

const drawBars = (doc: PDFKit.PDFDocument, widths: readonly number[], y: number, height: number): void => {
  const modules = widths.reduce((sum, width) => sum + width, 2 * quietModules);
  const unit = inner / modules;
  let x = margin + quietModules * unit;
  widths.forEach((width, n) => {
    if (n % 2 === 0) doc.rect(x, y, width * unit, height);
    x += width * unit;
  });
  doc.fill('#000000');
};

const rule = (doc: PDFKit.PDFDocument, y: number): void => {
  doc.moveTo(margin, y).lineTo(margin + inner, y).lineWidth(1).stroke('#000000');
};

const drawHead = (doc: PDFKit.PDFDocument, { carrier, serviceLevel, weightGrams }: LabelSheet): void => {
  doc.font('bold').fontSize(22).fillColor('#000000').text(carrier.toUpperCase(), margin, 28, { width: 170, lineBreak: false, baseline: 'middle' });
  const isExpress = serviceLevel === 'express';
  doc.rect(page.width - margin - 96, 12, 96, 26);
  if (isExpress) doc.fillAndStroke('#000000', '#000000');
  else doc.lineWidth(1).stroke('#000000');
  doc
    .fillColor(isExpress ? '#ffffff' : '#000000')
    .fontSize(12)
    .text(serviceLevel.toUpperCase(), page.width - margin - 96, 26, { width: 96, align: 'center', lineBreak: false, baseline: 'middle' });
  doc.fillColor('#000000').font('regular').fontSize(9).text(kilograms(weightGrams), page.width - margin - 96, 48, { width: 96, align: 'right', baseline: 'middle' });
  rule(doc, 56);
};

const drawFrom = (doc: PDFKit.PDFDocument, { from }: LabelSheet): void => {
  doc.font('bold').fontSize(7).text('FROM', margin, 62);
  const lines = from === undefined ? ['-'] : [from.name, placeOf(from), countries.of(from.countryCode) ?? from.countryCode];
  doc.font('regular').fontSize(8);
  lines.forEach((line, n) => doc.text(line, margin + 40, 61 + n * 11, { width: inner - 40, height: 11, ellipsis: true }));
  rule(doc, 98);
};

const drawTo = (doc: PDFKit.PDFDocument, { to }: LabelSheet): void => {
  doc.font('bold').fontSize(7).text('SHIP TO', margin, 104);
  const left = margin + 40;
  const width = inner - 40;
  doc.fontSize(13).text(to.name, left, 101, { width, height: 18, ellipsis: true });
  let y = 121;
  doc.font('regular').fontSize(11);
  for (const line of [to.company, to.line1, to.line2].filter((part) => part !== '')) {
    doc.text(line, left, y, { width, height: 30, ellipsis: true });
    y += Math.min(30, doc.heightOfString(line, { width })) + 1;
  }
  doc.font('bold').fontSize(14).text(placeOf(to), left, y + 2, { width, height: 40, ellipsis: true });
  y += Math.min(40, doc.heightOfString(placeOf(to), { width })) + 4;
  doc.fontSize(12).text((countries.of(to.countryCode) ?? to.countryCode).toUpperCase(), left, y, { width });
  if (to.phone !== '') doc.font('regular').fontSize(8).text(`Phone ${to.phone}`, left, 250, { width });
};

/** In groups of four, as people read it out. */
const spoken = (trackingNumber: string): string => trackingNumber.replaceAll(/(.{2})(\d{4})(\d{4})(\d)(.{2})/g, '$1 $2 $3 $4 $5');

const drawTracking = (doc: PDFKit.PDFDocument, { trackingNumber, packageId }: LabelSheet, widths: readonly number[]): void => {
  rule(doc, 268);
  doc.font('bold').fontSize(8).text('TRACKING NUMBER', margin, 273, { width: inner, align: 'center' });
  drawBars(doc, widths, 288, 84);
  doc.fillColor('#000000').font('bold').fontSize(15).text(spoken(trackingNumber), margin, 376, { width: inner, align: 'center' });
  rule(doc, 402);
  doc.font('regular').fontSize(7).text(`Package ${packageId}`, margin, 408, { width: inner, align: 'center', height: 10, ellipsis: true });
};

/** Draws a label. It is never stored: it shows where somebody lives. */
export const labelPdf: LabelDrawing = async (sheet) => {
  const { bwipjs, PDFDocument } = await loadTools();
  const doc = new PDFDocument({ size: [page.width, page.height], margin: 0, info: { Title: `Label ${sheet.trackingNumber}` } });
  const chunks: Buffer[] = [];
  chooseFonts(doc, sheet);
  const done = new Promise<Buffer>((resolved, rejected) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk));
    doc.on('end', () => resolved(Buffer.concat(chunks)));
    doc.on('error', rejected);
  });
  for (const draw of [drawHead, drawFrom, drawTo]) draw(doc, sheet);
  drawTracking(doc, sheet, bars(bwipjs, sheet.trackingNumber));
  doc.end();
  return done;
};
