import type { DumpFile } from '../dump-format.js';
import { linesOf } from './ndjson.js';

/** The invariants of protocol.md 3.2 that a dump can judge. */
export const invariants = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9', 'I10', 'I11', 'I12', 'I13', 'I14', 'I15', 'I16', 'I17', 'I18'] as const;
export type Invariant = (typeof invariants)[number];

/** A row of the dump that belongs to a contradiction: which file, which line. */
export type Place = { readonly file: DumpFile; readonly line: number };

/** One contradiction, with the few rows that make it. */
export type Violation = { readonly invariant: Invariant; readonly what: string; readonly history: readonly unknown[] };

/** What was looked at and what was found. */
export type Verdict = {
  /** At most `shownMax` an invariant; `counts` has all of them. */
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Partial<Record<Invariant, number>>>;
  /** How many things were judged, by invariant: "nothing found" is not "nothing there". */
  readonly looked: Readonly<Record<Invariant, number>>;
};

/** Where judges put what they see. */
export type Findings = {
  readonly look: (invariant: Invariant, things?: number) => void;
  readonly violated: (invariant: Invariant, what: string, places: readonly (Place | undefined)[]) => void;
  /** Reads the rows of every contradiction from the dump and answers all of it. */
  readonly verdict: (folder: string) => Promise<Verdict>;
};

const shownMax = 20;
const rowsMax = 40;

/** The exact texts are there for the hash chain; a person reads the parsed data. */
const readable = (file: DumpFile, line: number, record: unknown): unknown => {
  if (typeof record !== 'object' || record === null) return record;
  const { dataText: _data, metaText: _meta, batchHash: _hash, ...rest } = record as Record<string, unknown>;
  return { from: `${file}:${line}`, ...rest };
};

/** Empty findings. Only places are kept until the end: a dump of millions of rows is read again for the few that matter. */
export const createFindings = (): Findings => {
  const looked = Object.fromEntries(invariants.map((invariant) => [invariant, 0])) as Record<Invariant, number>;
  const counts: Partial<Record<Invariant, number>> = {};
  const kept: { readonly invariant: Invariant; readonly what: string; readonly places: readonly Place[] }[] = [];
  return {
    look: (invariant, things = 1) => {
      looked[invariant] += things;
    },
    violated: (invariant, what, places) => {
      const count = (counts[invariant] ?? 0) + 1;
      counts[invariant] = count;
      if (count <= shownMax) kept.push({ invariant, what, places: places.filter((place) => place !== undefined).slice(0, rowsMax) });
    },
    verdict: async (folder) => {
      const wanted = new Map<DumpFile, Map<number, unknown>>();
      for (const { places } of kept) {
        for (const { file, line } of places) {
          const lines = wanted.get(file) ?? new Map<number, unknown>();
          wanted.set(file, lines.set(line, undefined));
        }
      }
      for (const [file, lines] of wanted) {
        for await (const page of linesOf(folder, file)) {
          for (const { line, record } of page) if (lines.has(line)) lines.set(line, readable(file, line, record));
        }
      }
      const violations = kept.map(({ invariant, what, places }) => ({
        invariant,
        what,
        history: places.map(({ file, line }) => wanted.get(file)?.get(line)),
      }));
      return { violations, counts, looked };
    },
  };
};
