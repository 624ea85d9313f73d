import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { EVENT_LOG } from '@orderlog/backbone';
import { BodyLimit, found, Operation, Roles, validated } from '@orderlog/edge';
import type { EventLog } from '@orderlog/event-log';
import type { RouteEvent } from '@orderlog/routing-domain';
import { routeStream } from '../../application/streams.js';
import { USE_CASES, type UseCases } from '../../application/use-cases.js';
import { CoordinatesRequest } from './routing.request.js';

const coordinatesBytesMax = 1024 * 1024;

/** The decisions, and the map they are made on. */
@Controller('/v1/routing')
export class RoutingController {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(USE_CASES) private readonly routing: UseCases,
  ) {}

  @Post('coordinates')
  @HttpCode(200)
  @BodyLimit(coordinatesBytesMax)
  @Roles('ops', 'import')
  @Operation({ summary: 'Says where up to 5000 postal codes are; known ones are replaced', answers: { 200: 'how many', 422: 'the body is not valid' } })
  async learn(@Body(validated(CoordinatesRequest)) { coordinates }: CoordinatesRequest) {
    await this.routing.learnCoordinates(
      coordinates.map(({ countryCode, postalCode, city = '', region = '', latitude, longitude }) => ({
        countryCode,
        postalCode,
        city,
        region,
        latitude,
        longitude,
      })),
    );
    return { coordinates: coordinates.length };
  }

  @Get('decisions/:orderId')
  @Operation({
    summary: 'Why an order is sent from where: every attempt, with its plan, its costs, and a reason for each center that was not chosen',
    answers: { 404: 'nothing was decided for such an order' },
  })
  async decisions(@Param('orderId') orderId: string) {
    const events = await this.log.read<RouteEvent>(routeStream(orderId));
    found(events[0], `a decision on the order ${orderId}`);
    return {
      orderId,
      decisions: events.map(({ type, data, recordedAt, eventId }) => {
        const { orderId: _, ...decision } = data;
        return { outcome: type === 'RoutingDecided' ? 'decided' : 'infeasible', decidedAt: recordedAt, eventId, ...decision };
      }),
    };
  }
}
