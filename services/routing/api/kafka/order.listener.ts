import { Controller, Inject } from '@nestjs/common';
import type { LogTransaction } from '@orderlog/event-log';
import { OnFacts, type Fact } from '@orderlog/messaging';
import { contextOfFact } from '../../application/fact-context.js';
import { planRequestTypes, type PlanRequest } from '../../application/plan-routes.js';
import { routeStream } from '../../application/streams.js';
import { USE_CASES, type UseCases } from '../../application/use-cases.js';

/** Hears the order. */
@Controller()
export class OrderListener {
  constructor(@Inject(USE_CASES) private readonly routing: UseCases) {}

  @OnFacts({ hears: [{ source: 'order', types: [...planRequestTypes] }], target: (fact) => routeStream((fact.data as PlanRequest).orderId) })
  async plan(facts: readonly Fact[], tx: LogTransaction): Promise<void> {
    await this.routing.planRoutes(facts.map((fact) => ({ data: fact.data as PlanRequest, context: contextOfFact(fact) })), tx);
  }
}
