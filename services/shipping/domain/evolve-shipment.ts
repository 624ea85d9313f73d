import { answerKey } from './cancellation.js';
import type { Package } from './package.js';
import type { LabelPurchased, LabelPurchaseRequested, ShipmentEvent } from './shipment-events.js';
import type { Shipment } from './shipment-state.js';

const nothing: ReadonlySet<string> = new Set();
const plus = (set: ReadonlySet<string>, text: string): ReadonlySet<string> => new Set(set).add(text);

/** The state with one package changed; an event about a package that never came changes none. */
const change = (state: Shipment, packageId: string, how: (box: Package) => Package): Shipment => {
  const box = state.packages.get(packageId);
  return box === undefined ? state : { ...state, packages: new Map(state.packages).set(packageId, how(box)) };
};

const settle = ({ purchase, ...box }: Package, key: string): Package => ({
  ...box,
  ...(purchase === undefined || purchase.key === key ? {} : { purchase }),
  settledKeys: plus(box.settledKeys, key),
});

const labelRequested = (state: Shipment, data: LabelPurchaseRequested['data']): Shipment => {
  const { label: _voided, ...known } = state.packages.get(data.packageId) ?? { settledKeys: nothing, scanIds: nothing };
  const box: Package = {
    ...known,
    packageId: data.packageId,
    status: 'label_requested',
    lines: data.lines,
    request: {
      centerId: data.centerId,
      serviceLevel: data.serviceLevel,
      weightGrams: data.weightGrams,
      lengthMm: data.lengthMm,
      widthMm: data.widthMm,
      heightMm: data.heightMm,
      trackingToken: data.trackingToken,
      expectedDelivery: data.expectedDelivery,
    },
    purchase: { key: data.labelKey, carrier: data.carrier, alternatives: data.alternatives ?? [] },
  };
  return {
    ...state,
    orderId: data.orderId,
    fulfillmentOrderId: data.fulfillmentOrderId,
    destination: { countryCode: data.destinationCountryCode, postalCode: data.destinationPostalCode, city: data.destinationCity },
    packages: new Map(state.packages).set(data.packageId, box),
  };
};

const labeled = (box: Package, data: LabelPurchased['data']): Package => ({
  ...settle(box, data.labelKey),
  status: 'labeled',
  label: {
    key: data.labelKey,
    carrier: data.carrier,
    serviceLevel: data.serviceLevel,
    trackingNumber: data.trackingNumber,
    trackingUrl: data.trackingUrl,
    carrierAccountId: data.carrierAccountId,
    carrierLabelId: data.carrierLabelId,
    cost: data.cost,
    costCurrency: data.costCurrency,
    expectedDelivery: data.expectedDelivery,
  },
});

const answered = (state: Shipment, cancellationId: string, packageId: string): Shipment => ({
  ...state,
  notedCancellations: state.notedCancellations.filter((noted) => noted.cancellationId !== cancellationId || noted.packageId !== packageId),
  answeredCancellations: plus(state.answeredCancellations, answerKey(cancellationId, packageId)),
});

/** A package that was withdrawn before it came here has a place in the state too: its arrival must not buy a label. */
const cancelled = (state: Shipment, { orderId, fulfillmentOrderId, packageId, cancellationId, lines }: Extract<ShipmentEvent, { type: 'ShipmentCancelled' }>['data']): Shipment => {
  const known = state.packages.get(packageId) ?? {
    packageId,
    lines,
    request: { centerId: '', serviceLevel: '', weightGrams: 0, lengthMm: 0, widthMm: 0, heightMm: 0, trackingToken: '', expectedDelivery: '' },
    settledKeys: nothing,
    scanIds: nothing,
  };
  const packages = new Map(state.packages).set(packageId, { ...known, status: 'cancelled' as const });
  return answered({ ...state, orderId, fulfillmentOrderId, packages }, cancellationId, packageId);
};

const next = (state: Shipment, { type, data }: ShipmentEvent): Shipment => {
  switch (type) {
    case 'LabelPurchaseRequested':
      return labelRequested(state, data);
    case 'LabelPurchased':
      return change(state, data.packageId, (box) => labeled(box, data));
    case 'LabelRefused':
      return change(state, data.packageId, (box) => settle(box, data.labelKey));
    case 'LabelFailed':
      return change(state, data.packageId, (box) => ({ ...box, status: 'label_failed' }));
    case 'LabelVoided':
      return change(state, data.packageId, ({ label, ...box }) => ({
        ...settle(box, data.labelKey),
        ...(label === undefined || label.key === data.labelKey ? {} : { label }),
      }));
    case 'ShipmentAddressChanged': {
      const destination = { countryCode: data.destinationCountryCode, postalCode: data.destinationPostalCode, city: data.destinationCity };
      return { ...state, destination, personalDataVersion: data.personalDataVersion };
    }
    case 'ShipmentHandedOver': {
      const packages = new Map(state.packages);
      for (const { packageId } of data.packages) {
        const box = packages.get(packageId);
        if (box !== undefined) packages.set(packageId, { ...box, status: 'handed_over', shipmentId: data.shipmentId });
      }
      return { ...state, packages, shipments: state.shipments + 1 };
    }
    case 'TrackingScanRecorded':
      return change(state, data.packageId, (box) => ({ ...box, scanIds: plus(box.scanIds, data.scanId) }));
    case 'DeliveryAttemptFailed':
      return state;
    case 'PackageDelivered':
      return change(state, data.packageId, (box) => ({ ...box, status: 'delivered' }));
    case 'PackageReturnedToSender':
      return change(state, data.packageId, (box) => ({ ...box, status: 'returned_to_sender' }));
    case 'PackageLost':
      return change(state, data.packageId, (box) => ({ ...box, status: 'lost' }));
    case 'ShipmentCancelled':
      return cancelled(state, data);
    case 'ShipmentCancellationRefused':
      return answered(state, data.cancellationId, data.packageId);
    case 'ShipmentCancellationNoted': {
      const { orderId, fulfillmentOrderId, cancellationId, packageId, lines } = data;
      return { ...state, orderId, fulfillmentOrderId, notedCancellations: [...state.notedCancellations, { cancellationId, packageId, lines }] };
    }
  }
};

/** Folds one event; total and free of rules. */
export const evolve = (state: Shipment, event: ShipmentEvent): Shipment => {
  const { version, ...rest } = next(state, event);
  return { ...rest, version: version + 1 };
};
