import { isRefusal, refuse, type Command, type Decider, type Refusal } from '@orderlog/decider';
import { answerWhatIsGone, withdrawPending } from './cancellation.js';
import type { CenterKind, FulfillmentOrderEvent, StockEffect, Units } from './events.js';
import { evolveFulfillmentOrder, inPlaces, linesIn, reportKey, unitsIn, unknownFulfillmentOrder, type FulfillmentOrder } from './fulfillment-order-state.js';
import { rejectionReasons, shortReasons, type RejectionReason, type ShortReason } from './reasons.js';

/** What may be asked of a fulfillment order. Every command may come twice. */
export type FulfillmentOrderCommand =
  | Command<
      'RequestFulfillment',
      {
        fulfillmentOrderId: string;
        orderId: string;
        centerId: string;
        centerKind: CenterKind;
        attempt: number;
        lines: readonly Units[];
        shipBy: string;
        serviceLevel: string;
        /** A third party's deadline; ignored for own centers and stores. */
        answerBy: string;
        giftWrap: boolean;
      }
    >
  | Command<'AcceptFulfillment', object>
  | Command<'RejectFulfillment', { reason: RejectionReason; stockEffect?: StockEffect; note: string }>
  | Command<'MarkOverdue', { waitingFor: 'acceptance' | 'cancellation' }>
  | Command<'PlanPick', { pickListId: string; cell: string }>
  | Command<'PickUnits', { pickListId: string; lineId: string; quantity: number; bin: string; workerId: string; scanId: string }>
  | Command<'UndoPick', { scanId: string; workerId: string }>
  | Command<'ReportShort', { lineId: string; quantity: number; reason: ShortReason; stockEffect?: StockEffect; workerId: string; scanId: string }>
  | Command<'SortUnits', { lineId: string; quantity: number; cell: string; workerId: string; scanId: string }>
  /** Everything in the tote goes to the cell. */
  | Command<'SortAll', { workerId: string }>
  | Command<
      'ClosePackage',
      {
        /** Undefined: the next one, and nothing to do if nothing is left to pack. */
        packageNumber?: number;
        /** Undefined: everything that is sorted. */
        lines?: readonly { lineId: string; quantity: number }[];
        weightGrams: number;
        carton: string;
        lengthMm: number;
        widthMm: number;
        heightMm: number;
        workerId: string;
      }
    >
  | Command<'RequestCancellation', { cancellationId: string; lines: readonly Units[]; answerBy: string }>
  | Command<'AnswerCancellation', { cancellationId: string; isAccepted: boolean }>
  | Command<'ConfirmPutBack', { taskId: string; workerId: string }>;

/** Why a command was not followed. */
export type FulfillmentOrderRefusal =
  | 'FulfillmentOrderUnknown'
  | 'FulfillmentOrderNotAccepted'
  | 'FulfillmentOrderAlreadyAccepted'
  | 'FulfillmentOrderRejectedBefore'
  | 'FulfillmentOrderEnded'
  | 'AlreadyOnAnotherPickList'
  | 'NotOnThisPickList'
  | 'MoreThanRequested'
  | 'QuantityNotPositive'
  | 'ScanUnknown'
  | 'AlreadySorted'
  | 'MoreThanPicked'
  | 'WrongCell'
  | 'PickingNotFinished'
  | 'MoreThanSorted'
  | 'NothingToPack'
  | 'PackageNumberTaken'
  | 'CancellationUnknown'
  | 'TaskUnknown';

type Decision = readonly FulfillmentOrderEvent[] | Refusal<FulfillmentOrderRefusal>;
type Data<Type extends FulfillmentOrderCommand['type']> = Extract<FulfillmentOrderCommand, { type: Type }>['data'];

const whose = ({ fulfillmentOrderId, orderId }: FulfillmentOrder) => ({ fulfillmentOrderId, orderId });
const where = ({ fulfillmentOrderId, orderId, centerId }: FulfillmentOrder) => ({ fulfillmentOrderId, orderId, centerId });

/** Adds what follows from the events by themselves: answers that became due, "picked", "closed". */
const withConsequences = (state: FulfillmentOrder, events: readonly FulfillmentOrderEvent[]): readonly FulfillmentOrderEvent[] => {
  if (events.length === 0) return events;
  const all = [...events];
  let now = events.reduce(evolveFulfillmentOrder, state);
  if (now.cancellations.some(({ pending }) => pending.length > 0)) {
    const answers = answerWhatIsGone(now);
    now = answers.reduce(evolveFulfillmentOrder, now);
    all.push(...answers);
  }
  if (!now.isPicked && unitsIn(now, 'waiting', 'planned', 'picked') === 0 && unitsIn(now, 'sorted') > 0)
    all.push({ type: 'FulfillmentOrderPicked', data: { ...where(now), lines: linesIn(now, 'sorted') } });
  if ((now.status === 'requested' || now.status === 'accepted') && unitsIn(now, 'waiting', 'planned', 'picked', 'sorted') === 0)
    all.push({ type: 'FulfillmentOrderClosed', data: whose(now) });
  return all;
};

const request = (data: Data<'RequestFulfillment'>): Decision => {
  const { fulfillmentOrderId, orderId, centerId, centerKind, attempt, shipBy, serviceLevel, giftWrap } = data;
  const lines = data.lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity }));
  const answerBy = centerKind === 'third_party' ? data.answerBy : '';
  const requested: FulfillmentOrderEvent = {
    type: 'FulfillmentOrderRequested',
    data: { fulfillmentOrderId, orderId, centerId, centerKind, attempt, lines, shipBy, serviceLevel, answerBy, giftWrap },
  };
  if (centerKind === 'third_party') return [requested];
  return [requested, { type: 'FulfillmentOrderAccepted', data: { fulfillmentOrderId, orderId, centerId, lines } }];
};

const reject = ({ reason, stockEffect, note }: Data<'RejectFulfillment'>, state: FulfillmentOrder): Decision => {
  if (state.status === 'rejected') return [];
  if (state.status === 'accepted') return refuse('FulfillmentOrderAlreadyAccepted');
  if (state.status === 'closed') return refuse('FulfillmentOrderEnded');
  const lines = linesIn(state, 'waiting');
  return [{ type: 'FulfillmentOrderRejected', data: { ...where(state), reason, stockEffect: stockEffect ?? rejectionReasons[reason], lines, note } }];
};

const overdue = ({ waitingFor }: Data<'MarkOverdue'>, state: FulfillmentOrder): Decision => {
  const isSilent = waitingFor === 'acceptance' ? state.status === 'requested' : state.cancellations.some(({ pending }) => pending.length > 0);
  return isSilent && !state.isOverdue ? [{ type: 'FulfillmentOrderOverdue', data: { ...where(state), waitingFor } }] : [];
};

const plan = ({ pickListId, cell }: Data<'PlanPick'>, state: FulfillmentOrder): Decision => {
  if (state.pickListId !== '') return state.pickListId === pickListId ? [] : refuse('AlreadyOnAnotherPickList');
  const lines = linesIn(state, 'waiting');
  return lines.length === 0 ? [] : [{ type: 'PickTaskPlanned', data: { ...whose(state), pickListId, cell, lines } }];
};

const pick = ({ pickListId, lineId, quantity, bin, workerId, scanId }: Data<'PickUnits'>, state: FulfillmentOrder): Decision => {
  if (state.picks.some((one) => one.scanId === scanId && one.lineId === lineId)) return [];
  if (state.pickListId !== pickListId) return refuse('NotOnThisPickList');
  if (quantity <= 0) return refuse('QuantityNotPositive');
  const line = state.lines.find((one) => one.lineId === lineId);
  if (line === undefined || quantity > line.planned) return refuse('MoreThanRequested');
  return [{ type: 'ItemPicked', data: { ...whose(state), pickListId, lineId, sku: line.sku, quantity, bin, workerId, scanId } }];
};

const undo = ({ scanId, workerId }: Data<'UndoPick'>, state: FulfillmentOrder): Decision => {
  const picks = state.picks.filter((one) => one.scanId === scanId);
  if (picks.length === 0) return refuse('ScanUnknown');
  const events: FulfillmentOrderEvent[] = [];
  for (const { lineId, quantity } of picks.filter((one) => one.quantity > 0)) {
    const line = state.lines.find((one) => one.lineId === lineId);
    if (line === undefined || line.picked < quantity) return refuse('AlreadySorted');
    events.push({ type: 'PickUndone', data: { ...whose(state), pickListId: state.pickListId, lineId, sku: line.sku, quantity, workerId, scanId } });
  }
  return events;
};

const short = ({ lineId, quantity, reason, stockEffect, workerId, scanId }: Data<'ReportShort'>, state: FulfillmentOrder): Decision => {
  if (state.reports.includes(reportKey(scanId, lineId))) return [];
  if (quantity <= 0) return refuse('QuantityNotPositive');
  const line = state.lines.find((one) => one.lineId === lineId);
  if (line === undefined || quantity > line.planned) return refuse('MoreThanRequested');
  const effect = stockEffect ?? shortReasons[reason];
  const { pickListId } = state;
  return [
    { type: 'PickShorted', data: { ...where(state), pickListId, lineId, sku: line.sku, quantity, reason, stockEffect: effect, workerId, scanId } },
  ];
};

const sort = ({ lineId, quantity, cell, workerId, scanId }: Data<'SortUnits'>, state: FulfillmentOrder): Decision => {
  if (state.reports.includes(reportKey(scanId, lineId))) return [];
  if (cell !== state.cell) return refuse('WrongCell', `cell ${state.cell} is expected`);
  if (quantity <= 0) return refuse('QuantityNotPositive');
  const line = state.lines.find((one) => one.lineId === lineId);
  if (line === undefined || quantity > line.picked) return refuse('MoreThanPicked');
  return [{ type: 'ItemSorted', data: { ...whose(state), lineId, sku: line.sku, quantity, cell, workerId, scanId } }];
};

const sortAll = ({ workerId }: Data<'SortAll'>, state: FulfillmentOrder): Decision =>
  linesIn(state, 'picked').map((units) => ({ type: 'ItemSorted', data: { ...whose(state), ...units, cell: state.cell, workerId, scanId: '' } }));

const isSameContents = (contents: readonly Units[], lines: readonly { lineId: string; quantity: number }[]): boolean =>
  contents.length === lines.length && lines.every(({ lineId, quantity }) => contents.some((one) => one.lineId === lineId && one.quantity === quantity));

const closePackage = (data: Data<'ClosePackage'>, state: FulfillmentOrder): Decision => {
  const { packageNumber, weightGrams, carton, lengthMm, widthMm, heightMm, workerId } = data;
  const packageId = `${state.fulfillmentOrderId}.p${packageNumber ?? state.packages.length + 1}`;
  const before = state.packages.find((one) => one.packageId === packageId);
  if (before !== undefined) {
    const isRepeated = packageNumber !== undefined && (data.lines === undefined || isSameContents(before.lines, data.lines));
    return isRepeated ? [] : refuse('PackageNumberTaken', `${packageId} is closed with other contents`);
  }
  // A repeated "pack everything": the first one did it.
  if (packageNumber === undefined && state.packages.length > 0 && unitsIn(state, 'sorted') === 0) return [];
  if (unitsIn(state, 'waiting', 'planned', 'picked') > 0) return refuse('PickingNotFinished');
  const lines: Units[] = [];
  for (const { lineId, quantity } of data.lines ?? linesIn(state, 'sorted')) {
    const line = state.lines.find((one) => one.lineId === lineId);
    if (quantity <= 0) return refuse('QuantityNotPositive');
    if (lines.some((one) => one.lineId === lineId)) return refuse('MoreThanSorted', `line ${lineId} is named twice`);
    if (line === undefined || quantity > line.sorted) return refuse('MoreThanSorted', `line ${lineId}: ${line?.sorted ?? 0} units are in the cell`);
    lines.push({ lineId, sku: line.sku, quantity });
  }
  if (lines.length === 0) return refuse('NothingToPack');
  return [{ type: 'PackageClosed', data: { ...where(state), packageId, lines, weightGrams, carton, lengthMm, widthMm, heightMm, workerId } }];
};

const sumByLine = (lines: readonly Units[]): Units[] => {
  const sums = new Map<string, Units>();
  for (const { lineId, sku, quantity } of lines) sums.set(lineId, { lineId, sku, quantity: quantity + (sums.get(lineId)?.quantity ?? 0) });
  return [...sums.values()];
};

const requestCancellation = ({ cancellationId, lines, answerBy }: Data<'RequestCancellation'>, state: FulfillmentOrder): Decision => {
  if (state.cancellations.some((one) => one.cancellationId === cancellationId)) return [];
  // A third party that has accepted works by its own rules: it is asked. Until it accepts, nothing was begun.
  const isAsked = state.centerKind === 'third_party' && state.status === 'accepted';
  const asked: FulfillmentOrderEvent = {
    type: 'FulfillmentOrderCancellationRequested',
    data: {
      ...whose(state),
      cancellationId,
      lines: sumByLine(lines),
      answerBy: isAsked ? answerBy : '',
    },
  };
  return isAsked ? [asked] : [asked, ...withdrawPending(evolveFulfillmentOrder(state, asked), cancellationId)];
};

const answerCancellation = ({ cancellationId, isAccepted }: Data<'AnswerCancellation'>, state: FulfillmentOrder): Decision => {
  const cancellation = state.cancellations.find((one) => one.cancellationId === cancellationId);
  if (cancellation === undefined) return refuse('CancellationUnknown');
  if (cancellation.pending.length === 0) return [];
  if (isAccepted) return withdrawPending(state, cancellationId);
  const shares = cancellation.pending.map((units) => ({ ...units, packageId: '' }));
  return [{ type: 'FulfillmentOrderCancellationRefused', data: { ...whose(state), cancellationId, reason: 'third_party_refused', shares } }];
};

const confirmPutBack = ({ taskId, workerId }: Data<'ConfirmPutBack'>, state: FulfillmentOrder): Decision => {
  const task = state.putBacks.find((one) => one.taskId === taskId);
  if (task === undefined) return refuse('TaskUnknown');
  return task.isDone ? [] : [{ type: 'PutBackDone', data: { ...whose(state), taskId, workerId } }];
};

const work = (command: FulfillmentOrderCommand, state: FulfillmentOrder): Decision => {
  switch (command.type) {
    case 'RequestFulfillment':
      return [];
    case 'AcceptFulfillment':
      if (state.status === 'rejected') return refuse('FulfillmentOrderRejectedBefore');
      if (state.isAccepted) return [];
      if (state.status === 'closed') return refuse('FulfillmentOrderEnded', 'it was cancelled before it was accepted');
      return [{ type: 'FulfillmentOrderAccepted', data: { ...where(state), lines: linesIn(state, 'waiting') } }];
    case 'RejectFulfillment':
      return reject(command.data, state);
    case 'MarkOverdue':
      return overdue(command.data, state);
    case 'RequestCancellation':
      return requestCancellation(command.data, state);
    case 'AnswerCancellation':
      return answerCancellation(command.data, state);
    case 'ConfirmPutBack':
      return confirmPutBack(command.data, state);
    case 'PlanPick':
      return state.status === 'accepted' ? plan(command.data, state) : refuse('FulfillmentOrderNotAccepted');
    case 'PickUnits':
      return pick(command.data, state);
    case 'UndoPick':
      return undo(command.data, state);
    case 'ReportShort':
      return short(command.data, state);
    case 'SortUnits':
      return sort(command.data, state);
    case 'SortAll':
      return sortAll(command.data, state);
    case 'ClosePackage':
      return closePackage(command.data, state);
  }
};

/**
 * What one center is asked to send, from the request to the closed packages. It decides about cancellation until a package closes:
 * the first append wins, the other side gets a typed answer.
 */
export const fulfillmentOrder: Decider<FulfillmentOrderCommand, FulfillmentOrderEvent, FulfillmentOrder, FulfillmentOrderRefusal> = {
  initialState: unknownFulfillmentOrder,
  decide(command, state) {
    if (state.status === 'unknown') return command.type === 'RequestFulfillment' ? request(command.data) : refuse('FulfillmentOrderUnknown');
    const decision = work(command, state);
    return isRefusal(decision) ? decision : withConsequences(state, decision);
  },
  evolve: evolveFulfillmentOrder,
};

/** Units a pick list may still ask for on a line. */
export const stillToPick = (state: FulfillmentOrder, lineId: string): number => {
  const line = state.lines.find((one) => one.lineId === lineId);
  return line === undefined ? 0 : inPlaces(line, 'planned');
};
