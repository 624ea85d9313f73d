/** Injection tokens of this service; interfaces have no run-time type. */

/** The `PackageRegister`. */
export const PACKAGE_REGISTER = Symbol('shipping:package-register');
/** Carriers by service level, in the order they are to be tried: `(serviceLevel) => readonly string[]`. */
export const CARRIERS_FOR = Symbol('shipping:carriers-for');
/** The `Carrier`. */
export const CARRIER = Symbol('shipping:carrier');
/** The order service's `Addresses`. */
export const ADDRESSES = Symbol('shipping:addresses');
/** The `ReferenceCopies`. */
export const REFERENCE = Symbol('shipping:reference');
/** The `ScanQuarantine`. */
export const QUARANTINE = Symbol('shipping:quarantine');
/** The `ParcelTracking` queries. */
export const PARCELS = Symbol('shipping:parcels');
/** Draws a label: `LabelDrawing`. */
export const LABEL_DRAWING = Symbol('shipping:label-drawing');
/** Proves a carrier's webhook: `WebhookProof`. */
export const WEBHOOK_PROOF = Symbol('shipping:webhook-proof');
