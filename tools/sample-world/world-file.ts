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
