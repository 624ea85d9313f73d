/** The next cut-off of a center: until when it is right, and what a plan made before has to meet. */
export type CutOff = {
  readonly shipBy: string;
  readonly isMissedToday: boolean;
  /** By days on the road. */
  readonly arrivals: readonly string[];
  /** The day (UTC) that its units count for. */
  readonly day: string;
  readonly validUntilMs: number;
};

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const travelDaysMax = 12;

const formatters = new Map<string, Intl.DateTimeFormat>();
const formatterOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  formatters.set(timeZone, made);
  return made;
};

/** A moment as clocks on the wall of a time zone show it: as if they showed UTC. */
const wallMs = (atMs: number, timeZone: string): number => {
  const parts = Object.fromEntries(formatterOf(timeZone).formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts['year'] ?? 0, (parts['month'] ?? 1) - 1, parts['day'], parts['hour'], parts['minute'], parts['second']);
};

/** The moment at which clocks of a time zone show this; around a change of the clocks, the later reading of the offset wins. */
const momentOf = (wall: number, timeZone: string): number => {
  const guess = wall - (wallMs(wall, timeZone) - wall);
  return guess + (wall - wallMs(guess, timeZone));
};

const iso = (ms: number): string => new Date(ms).toISOString();

/** The cut-off that a plan made at `nowMs` has to meet: today's at the center, or tomorrow's when that has passed. Every day is a working day. */
export const nextCutOff = (nowMs: number, timeZone: string, cutOff: string): CutOff => {
  const wall = wallMs(nowMs, timeZone);
  const midnight = wall - (((wall % dayMs) + dayMs) % dayMs);
  const [hours = 0, minutes = 0] = cutOff.split(':').map(Number);
  const today = midnight + (hours * 60 + minutes) * minuteMs;
  const isMissedToday = momentOf(today, timeZone) <= nowMs;
  const meant = isMissedToday ? today + dayMs : today;
  const atMs = momentOf(meant, timeZone);
  // Parcels arrive by eight in the evening of their day, by the clock of the center.
  const evening = midnight + (isMissedToday ? dayMs : 0) + 20 * 60 * minuteMs;
  const arrivals = Array.from({ length: travelDaysMax + 1 }, (_, days) => iso(momentOf(evening + days * dayMs, timeZone)));
  // Tomorrow's cut-off is "missed today" until midnight at the center only.
  const validUntilMs = isMissedToday ? momentOf(midnight + dayMs, timeZone) : atMs;
  return { shipBy: iso(atMs), isMissedToday, arrivals, day: iso(atMs).slice(0, 10), validUntilMs };
};
