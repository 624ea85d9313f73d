import type { StockEffect } from './events.js';

/** Why a unit was not there to pick, and what that says about the stock unless the worker says otherwise. */
export const shortReasons = {
  NOT_IN_STOCK: 'write_off',
  MISMATCH: 'quarantine',
  DAMAGED: 'quarantine',
  WORN_DISPLAY: 'quarantine',
  EXPIRED: 'write_off',
  UNREADABLE: 'quarantine',
} as const satisfies Record<string, StockEffect>;
export type ShortReason = keyof typeof shortReasons;

/** Why a third party does not take a fulfillment order, and what that says about its stock unless it says otherwise. */
export const rejectionReasons = {
  NOT_IN_STOCK: 'write_off',
  CAPACITY: 'release',
  UNDELIVERABLE_DESTINATION: 'release',
  INELIGIBLE_PRODUCT: 'release',
  OTHER: 'release',
} as const satisfies Record<string, StockEffect>;
export type RejectionReason = keyof typeof rejectionReasons;
