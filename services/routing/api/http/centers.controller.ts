import { Body, Controller, Get, Inject, Param, Put, Req } from '@nestjs/common';
import { EVENT_LOG } from '@orderlog/backbone';
import { contextOf, found, idForm, Operation, Problem, problems, Roles, validated, type FieldError } from '@orderlog/edge';
import type { EventLog } from '@orderlog/event-log';
import type { FastifyRequest } from 'fastify';
import { centers, centerStream } from '../../application/streams.js';
import { isTimeZone } from '../../application/time-zones.js';
import { USE_CASES, type UseCases } from '../../application/use-cases.js';
import { QUERIES, type Queries } from '../../read-models/queries.js';
import { CENTERS, type CentersNow } from './centers.js';
import { centerLocationUnknown } from './problems.js';
import { CenterRequest } from './routing.request.js';

const faultsOf = ({ timeZone, latitude, longitude, shipsTo = [] }: CenterRequest): readonly FieldError[] => [
  ...(isTimeZone(timeZone) ? [] : [{ pointer: '/timeZone', message: 'has to be a time zone of the IANA list, such as Europe/Vienna' }]),
  ...((latitude === undefined) === (longitude === undefined) ? [] : [{ pointer: '/longitude', message: 'has to be given with latitude, or neither' }]),
  ...shipsTo.flatMap((code, n) => (/^[A-Z]{2}$/.test(code) ? [] : [{ pointer: `/shipsTo/${n}`, message: 'has to be a country code in capitals' }])),
];

/** The fulfillment centers. */
@Controller('/v1/routing/centers')
export class CentersController {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(QUERIES) private readonly queries: Queries,
    @Inject(USE_CASES) private readonly routing: UseCases,
    @Inject(CENTERS) private readonly register: CentersNow,
  ) {}

  @Put(':id')
  @Roles('ops', 'import')
  @Operation({ summary: 'Defines a fulfillment center, new or anew', answers: { 200: 'as it stands now', 422: 'the body is not valid' } })
  async define(@Param('id') centerId: string, @Body(validated(CenterRequest)) body: CenterRequest, @Req() request: FastifyRequest) {
    if (!idForm.test(centerId)) {
      throw new Problem(problems.invalidRequest, { errors: [{ pointer: ':id', message: 'has to be 1 to 64 letters, digits, points, underscores or hyphens' }] });
    }
    const faults = faultsOf(body);
    if (faults.length > 0) throw new Problem(problems.invalidRequest, { errors: faults });
    const { region = '', postalCode = '', shipsTo = [], handlingCost = 0, stopped = false, ...rest } = body;
    const point = await this.pointOf({ ...body, region, postalCode });
    return this.routing.defineCenter(
      {
        centerId,
        name: rest.name,
        kind: rest.kind,
        countryCode: rest.countryCode,
        region,
        postalCode,
        city: rest.city,
        latitude: point.latitude,
        longitude: point.longitude,
        timeZone: rest.timeZone,
        cutOff: rest.cutOff,
        capacityUnitsPerDay: rest.capacityUnitsPerDay,
        shipsTo,
        handlingCost,
        stopped,
      },
      contextOf(request, { correlationId: centerStream(centerId) }),
    );
  }

  @Get()
  @Operation({ summary: 'All fulfillment centers, with the units planned for them by day of dispatch' })
  async list() {
    const yesterday = new Date(Date.now() - 24 * 60 * 60_000).toISOString().slice(0, 10);
    const load = await this.queries.loadSince(yesterday);
    await this.register.refresh();
    return {
      items: this.register.list().map((center) => ({
        ...center,
        plannedUnits: Object.fromEntries(load.filter(({ centerId }) => centerId === center.centerId).map(({ day, units }) => [day, units])),
      })),
    };
  }

  @Get(':id')
  @Operation({ summary: 'A fulfillment center', answers: { 404: 'there is no such center' } })
  async show(@Param('id') centerId: string) {
    const { state, version } = await this.log.state(centers, centerStream(centerId));
    return { ...found(state.record, `the center ${centerId}`), version };
  }

  private async pointOf(center: CenterRequest) {
    if (center.latitude !== undefined && center.longitude !== undefined) return { latitude: center.latitude, longitude: center.longitude };
    const place = await this.log.transact(async (tx) => (await this.routing.locate(tx, [center]))[0]);
    if (place === undefined) throw new Problem(centerLocationUnknown, { errors: [{ pointer: '/latitude', message: 'is needed: the address is not on the map' }] });
    return place.point;
  }
}
