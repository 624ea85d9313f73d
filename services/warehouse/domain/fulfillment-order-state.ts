import type { CenterKind, FulfillmentOrderEvent, PackedShare, Units, WithdrawnUnits } from './events.js';

/** The places a unit can be in. Every unit of a line is in exactly one of them. */
export const places = ['waiting', 'planned', 'picked', 'sorted', 'packed', 'shorted', 'cancelled', 'rejected'] as const;
export type Place = (typeof places)[number];

/** The places a unit can still be withdrawn from, the cheapest to undo first. */
export const withdrawable = ['waiting', 'planned', 'picked', 'sorted'] as const satisfies readonly Place[];

/** One line and where its units are. `picked` = in the tote, `sorted` = in the cell of the put wall. */
export type LineState = { readonly lineId: string; readonly sku: string; readonly requested: number } & { readonly [P in Place]: number };

/** A closed package. `referred` units were asked back after it closed: shipping decides about them. */
export type PackageState = {
  readonly packageId: string;
  readonly lines: readonly (Units & { readonly referred: number })[];
  readonly weightGrams: number;
  readonly carton: string;
};

/** One scan that put units into the tote; `quantity` is 0 once it was undone. */
export type PickState = { readonly scanId: string; readonly lineId: string; readonly quantity: number; readonly bin: string };

/** A request to cancel; `pending` units have no answer yet. */
export type CancellationState = { readonly cancellationId: string; readonly pending: readonly Units[] };

/** Picked units that were cancelled and have to go back to their bin. */
export type PutBackState = Units & { readonly taskId: string; readonly bin: string; readonly isDone: boolean };

/** One fulfillment order: what one center is asked to send, folded from its stream. */
export type FulfillmentOrder = {
  readonly status: 'unknown' | 'requested' | 'accepted' | 'rejected' | 'closed';
  readonly fulfillmentOrderId: string;
  readonly orderId: string;
  readonly centerId: string;
  readonly centerKind: CenterKind;
  readonly attempt: number;
  readonly shipBy: string;
  readonly serviceLevel: string;
  readonly answerBy: string;
  readonly giftWrap: boolean;
  readonly isAccepted: boolean;
  readonly isOverdue: boolean;
  /** `FulfillmentOrderPicked` was said: packing may begin. */
  readonly isPicked: boolean;
  readonly pickListId: string;
  readonly cell: string;
  readonly lines: readonly LineState[];
  readonly picks: readonly PickState[];
  /** Short reports and sortings so far, by `reportKey`: a repeated one changes nothing. (Picks know their scans.) */
  readonly reports: readonly string[];
  readonly packages: readonly PackageState[];
  readonly cancellations: readonly CancellationState[];
  readonly putBacks: readonly PutBackState[];
};

/** A fulfillment order nobody has heard of. */
export const unknownFulfillmentOrder: FulfillmentOrder = {
  status: 'unknown',
  fulfillmentOrderId: '',
  orderId: '',
  centerId: '',
  centerKind: 'own',
  attempt: 0,
  shipBy: '',
  serviceLevel: '',
  answerBy: '',
  giftWrap: false,
  isAccepted: false,
  isOverdue: false,
  isPicked: false,
  pickListId: '',
  cell: '',
  lines: [],
  picks: [],
  reports: [],
  packages: [],
  cancellations: [],
  putBacks: [],
};

/** Sum of some places over a line. */
export const inPlaces = (line: LineState, ...of: readonly Place[]): number => of.reduce((sum, place) => sum + line[place], 0);

/** Sum of some places over all lines. */
export const unitsIn = (state: FulfillmentOrder, ...of: readonly Place[]): number =>
  state.lines.reduce((sum, line) => sum + inPlaces(line, ...of), 0);

/** The lines that have units in these places, with how many. */
export const linesIn = (state: FulfillmentOrder, ...of: readonly Place[]): Units[] =>
  state.lines.flatMap((line) => {
    const quantity = inPlaces(line, ...of);
    return quantity === 0 ? [] : [{ lineId: line.lineId, sku: line.sku, quantity }];
  });

const move = (lines: readonly LineState[], lineId: string, quantity: number, from: Place, to: Place): LineState[] =>
  lines.map((line) => (line.lineId === lineId ? { ...line, [from]: line[from] - quantity, [to]: line[to] + quantity } : line));

const moveAll = (lines: readonly LineState[], units: readonly Units[], from: Place, to: Place): readonly LineState[] =>
  units.reduce<readonly LineState[]>((moved, { lineId, quantity }) => move(moved, lineId, quantity, from, to), lines);

const withdraw = (lines: readonly LineState[], withdrawn: readonly WithdrawnUnits[]): readonly LineState[] =>
  withdrawn.reduce<readonly LineState[]>(
    (left, units) => withdrawable.reduce<readonly LineState[]>((moved, place) => move(moved, units.lineId, units[place], place, 'cancelled'), left),
    lines,
  );

/** One report may be about several lines of one SKU: it is known by both. */
export const reportKey = (scanId: string, lineId: string): string => `${scanId}/${lineId}`;

const remember = (reports: readonly string[], scanId: string, lineId: string): readonly string[] =>
  scanId === '' ? reports : [...reports, reportKey(scanId, lineId)];

const answered = (cancellations: readonly CancellationState[], cancellationId: string, units: readonly Units[]): CancellationState[] =>
  cancellations.map((cancellation) => {
    if (cancellation.cancellationId !== cancellationId) return cancellation;
    const pending = cancellation.pending.map((wanted) => ({
      ...wanted,
      quantity: units.reduce((left, { lineId, quantity }) => (lineId === wanted.lineId ? left - quantity : left), wanted.quantity),
    }));
    return { cancellationId, pending: pending.filter(({ quantity }) => quantity > 0) };
  });

const refer = (packages: readonly PackageState[], shares: readonly PackedShare[]): PackageState[] =>
  packages.map((box) => ({
    ...box,
    lines: box.lines.map((line) => ({
      ...line,
      referred: shares.reduce((sum, share) => (share.packageId === box.packageId && share.lineId === line.lineId ? sum + share.quantity : sum), line.referred),
    })),
  }));

/** The state after one more fact. Total and free of rules: every event ever written must fold. */
export const evolveFulfillmentOrder = (state: FulfillmentOrder, { type, data }: FulfillmentOrderEvent): FulfillmentOrder => {
  switch (type) {
    case 'FulfillmentOrderRequested':
      return {
        ...unknownFulfillmentOrder,
        status: 'requested',
        fulfillmentOrderId: data.fulfillmentOrderId,
        orderId: data.orderId,
        centerId: data.centerId,
        centerKind: data.centerKind,
        attempt: data.attempt,
        shipBy: data.shipBy,
        serviceLevel: data.serviceLevel,
        answerBy: data.answerBy,
        giftWrap: data.giftWrap,
        lines: data.lines.map(({ lineId, sku, quantity }) => ({
          lineId,
          sku,
          requested: quantity,
          waiting: quantity,
          planned: 0,
          picked: 0,
          sorted: 0,
          packed: 0,
          shorted: 0,
          cancelled: 0,
          rejected: 0,
        })),
      };
    case 'FulfillmentOrderAccepted':
      return { ...state, status: 'accepted', isAccepted: true, isOverdue: false };
    case 'FulfillmentOrderRejected':
      return { ...state, status: 'rejected', isOverdue: false, lines: moveAll(state.lines, data.lines, 'waiting', 'rejected') };
    case 'FulfillmentOrderOverdue':
      return { ...state, isOverdue: true };
    case 'PickTaskPlanned':
      return { ...state, pickListId: data.pickListId, cell: data.cell, lines: moveAll(state.lines, data.lines, 'waiting', 'planned') };
    case 'ItemPicked':
      return {
        ...state,
        lines: move(state.lines, data.lineId, data.quantity, 'planned', 'picked'),
        picks: [...state.picks, { scanId: data.scanId, lineId: data.lineId, quantity: data.quantity, bin: data.bin }],
      };
    case 'PickUndone':
      return {
        ...state,
        lines: move(state.lines, data.lineId, data.quantity, 'picked', 'planned'),
        picks: state.picks.map((pick) => (pick.scanId === data.scanId && pick.lineId === data.lineId ? { ...pick, quantity: 0 } : pick)),
      };
    case 'PickShorted':
      return { ...state, lines: move(state.lines, data.lineId, data.quantity, 'planned', 'shorted'), reports: remember(state.reports, data.scanId, data.lineId) };
    case 'ItemSorted':
      return { ...state, lines: move(state.lines, data.lineId, data.quantity, 'picked', 'sorted'), reports: remember(state.reports, data.scanId, data.lineId) };
    case 'FulfillmentOrderPicked':
      return { ...state, isPicked: true };
    case 'PackageClosed':
      return {
        ...state,
        lines: moveAll(state.lines, data.lines, 'sorted', 'packed'),
        packages: [
          ...state.packages,
          {
            packageId: data.packageId,
            lines: data.lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity, referred: 0 })),
            weightGrams: data.weightGrams,
            carton: data.carton,
          },
        ],
      };
    case 'FulfillmentOrderClosed':
      return { ...state, status: 'closed' };
    case 'FulfillmentOrderCancellationRequested':
      return { ...state, cancellations: [...state.cancellations, { cancellationId: data.cancellationId, pending: data.lines }] };
    case 'FulfillmentOrderCancelled':
      return {
        ...state,
        isOverdue: state.isOverdue && state.status === 'requested',
        lines: withdraw(state.lines, data.withdrawn),
        cancellations: answered(state.cancellations, data.cancellationId, data.lines),
      };
    case 'FulfillmentOrderCancellationRefused':
      return {
        ...state,
        isOverdue: state.isOverdue && state.status === 'requested',
        packages: refer(state.packages, data.shares),
        cancellations: answered(state.cancellations, data.cancellationId, data.shares),
      };
    case 'PutBackPlanned':
      return {
        ...state,
        putBacks: [...state.putBacks, { taskId: data.taskId, lineId: data.lineId, sku: data.sku, quantity: data.quantity, bin: data.bin, isDone: false }],
      };
    case 'PutBackDone':
      return { ...state, putBacks: state.putBacks.map((task) => (task.taskId === data.taskId ? { ...task, isDone: true } : task)) };
  }
};

/** The order a fulfillment order belongs to: its id is `<orderId>.<attempt>.<leg>`. */
export const orderOf = (fulfillmentOrderId: string): string => fulfillmentOrderId.split('.')[0] ?? '';

/** How far the work is, beside what center and order agreed (`requestStatusOf`). */
export type WorkStatus = 'open' | 'in_progress' | 'picked' | 'closed' | 'incomplete' | 'cancelled' | 'rejected';

/** What the status is made of: units by what became of them, and how far it came. */
export type Progress = {
  readonly requested: number;
  readonly shorted: number;
  readonly cancelled: number;
  readonly rejected: number;
  readonly isPlanned: boolean;
  readonly isPicked: boolean;
  readonly isClosed: boolean;
};

/** `incomplete` = ended without units that were missing; `cancelled` = nothing was left to send. */
export const workStatusOf = ({ requested, shorted, cancelled, rejected, isPlanned, isPicked, isClosed }: Progress): WorkStatus => {
  if (rejected > 0) return 'rejected';
  if (isClosed) {
    if (cancelled === requested) return 'cancelled';
    return shorted > 0 ? 'incomplete' : 'closed';
  }
  if (isPicked) return 'picked';
  return isPlanned ? 'in_progress' : 'open';
};

/** The progress of a folded fulfillment order. */
export const progressOf = (state: FulfillmentOrder): Progress => ({
  requested: state.lines.reduce((sum, line) => sum + line.requested, 0),
  shorted: unitsIn(state, 'shorted'),
  cancelled: unitsIn(state, 'cancelled'),
  rejected: unitsIn(state, 'rejected'),
  isPlanned: state.pickListId !== '',
  isPicked: state.isPicked,
  isClosed: state.status === 'closed',
});

/** What order and center agreed. */
export type RequestStatus = 'submitted' | 'accepted' | 'rejected' | 'cancellation_requested';

/** The answer of the center so far. */
export const requestStatusOf = (state: FulfillmentOrder): RequestStatus => {
  if (state.cancellations.some(({ pending }) => pending.length > 0)) return 'cancellation_requested';
  if (state.status === 'rejected') return 'rejected';
  return state.isAccepted ? 'accepted' : 'submitted';
};
