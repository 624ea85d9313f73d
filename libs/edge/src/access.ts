import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Role } from './identity.js';

/** Where the guard finds what a handler allows. */
export const accessKey = 'orderlog:access';

/** What a handler asks of its caller. */
export type Access = { readonly public: true } | { readonly roles: readonly Role[] } | { readonly service: true };

/** No credential is needed: the public tracking page, a webhook that proves itself by signature. */
export const Public = (): CustomDecorator => SetMetadata(accessKey, { public: true } satisfies Access);

/** One of these roles is needed. Without this decorator any valid key will do. */
export const Roles = (...allowed: Role[]): CustomDecorator => SetMetadata(accessKey, { roles: allowed } satisfies Access);

/** Only the other services: `SERVICE_TOKEN` in the metadata of a gRPC call. */
export const ServicesOnly = (): CustomDecorator => SetMetadata(accessKey, { service: true } satisfies Access);
