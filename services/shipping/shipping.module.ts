import { Module } from '@nestjs/common';
import { BackboneModule, copy, DATA_SOURCE, SQL, type Wiring } from '@orderlog/backbone';
import type { CenterCopy, ItemCopy } from '@orderlog/contracts';
import { CONFIG } from '@orderlog/edge';
import type { SqlExecutor } from '@orderlog/event-log';
import type { EffectHandler } from '@orderlog/messaging';
import type { DataSource } from 'typeorm';
import { buyLabelHandler, voidLabelHandler } from './api/effects/carrier.effects.js';
import { CarrierScansController } from './api/http/carrier-scans.controller.js';
import { PackagesController } from './api/http/packages.controller.js';
import { ShipmentsController } from './api/http/shipments.controller.js';
import { TrackingPageController } from './api/http/tracking-page.controller.js';
import { OrderListener } from './api/kafka/order.listener.js';
import { WarehouseListener } from './api/kafka/warehouse.listener.js';
import { ADDRESSES, CARRIER, CARRIERS_FOR, LABEL_DRAWING, PACKAGE_REGISTER, PARCELS, QUARANTINE, REFERENCE, WEBHOOK_PROOF } from './api/tokens.js';
import type { Addresses, Carrier, PackageRegister } from './application/ports.js';
import type { ShippingConfig } from './config.js';
import { labelPdf } from './infrastructure/label-pdf.js';
import { orderAddresses } from './infrastructure/order-addresses.client.js';
import { packageRegister } from './infrastructure/package-register.js';
import { referenceCopies, type ReferenceCopies } from './infrastructure/reference-copies.js';
import { scanQuarantine } from './infrastructure/scan-quarantine.js';
import { simulatedCarrier } from './infrastructure/simulated-carrier.client.js';
import { standardWebhookProof } from './infrastructure/webhook-proof.js';
import { parcelTracking } from './read-models/parcel-tracking/parcel-tracking.projection.js';
import { parcelQueries } from './read-models/parcel-tracking/parcel-tracking.queries.js';
import { TrackedPackage, TrackedScan } from './read-models/parcel-tracking/tracked-package.row.js';

const effects = ({ log, get, logger, config }: Wiring): readonly EffectHandler[] => {
  const carrier = get<Carrier>(CARRIER);
  const register = get<PackageRegister>(PACKAGE_REGISTER);
  const { labelAttempts } = config as ShippingConfig;
  return [
    buyLabelHandler({ log, carrier, register, addresses: get<Addresses>(ADDRESSES), reference: get<ReferenceCopies>(REFERENCE) }, labelAttempts),
    voidLabelHandler(carrier, labelAttempts, logger),
  ];
};

/** The shipping service: its wiring and nothing else. */
@Module({
  imports: [
    BackboneModule.forService({
      name: 'shipping',
      prefix: '/v1/shipments',
      entities: [TrackedPackage, TrackedScan],
      projections: () => [parcelTracking],
      effects,
      copies: ({ get }) => [
        copy<ItemCopy>({ topic: 'inventory.items', onRecord: (record) => get<ReferenceCopies>(REFERENCE).keepItem(record) }),
        copy<CenterCopy>({ topic: 'routing.centers', onRecord: (record) => get<ReferenceCopies>(REFERENCE).keepCenter(record) }),
      ],
    }),
  ],
  controllers: [ShipmentsController, PackagesController, CarrierScansController, TrackingPageController, OrderListener, WarehouseListener],
  providers: [
    { provide: REFERENCE, useFactory: referenceCopies },
    { provide: PACKAGE_REGISTER, inject: [SQL], useFactory: (sql: SqlExecutor) => packageRegister(sql) },
    { provide: QUARANTINE, inject: [SQL], useFactory: (sql: SqlExecutor) => scanQuarantine(sql) },
    { provide: PARCELS, inject: [DATA_SOURCE], useFactory: (source: DataSource) => parcelQueries(source) },
    { provide: CARRIER, inject: [CONFIG], useFactory: ({ carrierUrl }: ShippingConfig) => simulatedCarrier(carrierUrl) },
    { provide: ADDRESSES, inject: [CONFIG], useFactory: ({ orderGrpc, serviceToken }: ShippingConfig) => orderAddresses(orderGrpc, serviceToken) },
    {
      provide: CARRIERS_FOR,
      inject: [CONFIG],
      useFactory: ({ carriers, expressCarriers }: ShippingConfig) => (serviceLevel: string) => (serviceLevel === 'express' ? expressCarriers : carriers),
    },
    { provide: LABEL_DRAWING, useValue: labelPdf },
    { provide: WEBHOOK_PROOF, inject: [CONFIG], useFactory: ({ carrierWebhookSecret }: ShippingConfig) => standardWebhookProof(carrierWebhookSecret) },
  ],
})
export class ShippingModule {}
