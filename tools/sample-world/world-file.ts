import { readFileSync } from 'node:fs';
import { UsageError } from '../cli/connection.js';

/** A world as a file: what a shop must know before its first order. Loaded through the public HTTP API only. */
export type World = {
  readonly centers: readonly {
    readonly centerId: string;
    readonly name: string;
    readonly kind: 'own' | 'third_party' | 'store';
    readonly countryCode: string;
    readonly region: string;
    readonly postalCode: string;
    readonly city: string;
    readonly latitude: number;
    readonly longitude: number;
    readonly timeZone: string;
    readonly cutOff: string;
    readonly capacityUnitsPerDay: number;
    readonly shipsTo: readonly string[];
    readonly handlingCost: number;
    readonly stopped: boolean;
  }[];
  readonly coordinates: readonly {
    readonly countryCode: string;
    readonly postalCode: string;
    readonly city: string;
    readonly region: string;
    readonly latitude: number;
    readonly longitude: number;
  }[];
  readonly items: readonly {
    readonly sku: string;
    readonly name: string;
    readonly weightGrams: number;
    readonly lengthMm: number;
    readonly widthMm: number;
    readonly heightMm: number;
    readonly hazmat: boolean;
    readonly barcodes: readonly { readonly symbology: string; readonly value: string }[];
    readonly active: boolean;
  }[];
  readonly receipts: readonly { readonly centerId: string; readonly lines: readonly { readonly sku: string; readonly quantity: number }[] }[];
};

const isWorld = (value: unknown): value is World =>
  typeof value === 'object' && value !== null && ['centers', 'coordinates', 'items', 'receipts'].every((name) => Array.isArray((value as Record<string, unknown>)[name]));

/** The world of a file; what is in it is judged by the services that it is loaded into. */
export const readWorld = (path: string): World => {
  let world: unknown;
  try {
    world = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${path}: not JSON: ${error.message}`);
    throw error;
  }
  if (!isWorld(world)) throw new UsageError(`${path}: a world has lists of centers, coordinates, items and receipts`);
  return world;
};
