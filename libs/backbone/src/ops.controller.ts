import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Res, type Type } from '@nestjs/common';
import { shardsPerLog } from '@orderlog/contracts';
import { found, Operation, Problem, problems, Roles, validated, WholeNumber } from '@orderlog/edge';
import type { ParkedStreams, QuarantinedMessages, Republished } from '@orderlog/messaging';
import type { FastifyReply } from 'fastify';
import type { ProjectionProof } from './proof.js';
import { PARKED, PROOF, QUARANTINED, REPUBLISH, STATUS } from './tokens.js';
import type { BackboneStatus } from './status.js';

const notReleased = { slug: 'release-failed', status: 409, title: 'Its facts still fail' } as const;

const arrivalOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Problem(problems.invalidQuery, { errors: [{ pointer: '?arrival', message: 'has to be a whole number' }] });
};

/** What of the log is published again; all shards, and what their topic should still hold, unless told. */
export class RepublishRequest {
  @WholeNumber({ max: shardsPerLog - 1, optional: true }) shard?: number;
  @WholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER, optional: true, description: 'the first sequence number' }) fromSeq?: number;
}

/** The operators' API of a service, under its own prefix. A class made for each service, because Nest reads paths from decorators. */
export const opsController = (prefix: string): Type => {
  @Roles('ops')
  @Controller(`${prefix}/ops`)
  class OpsController {
    constructor(
      @Inject(PARKED) private readonly parked: ParkedStreams,
      @Inject(QUARANTINED) private readonly quarantined: QuarantinedMessages,
      @Inject(REPUBLISH) private readonly republish: (shard?: number, fromSeq?: number) => Promise<readonly Republished[]>,
      @Inject(STATUS) private readonly status: () => Promise<BackboneStatus>,
      @Inject(PROOF) private readonly proof: ProjectionProof,
    ) {}

    @Get('status')
    @Operation({ summary: 'Log heads, positions, lags, projections' })
    current(): Promise<BackboneStatus> {
      return this.status();
    }

    @Get('projections/proof')
    @Operation({ summary: 'Every read model compared with a rebuild from the log, at one moment' })
    async compare() {
      return { items: await this.proof.compare() };
    }

    @Post('projections/proof')
    @HttpCode(200)
    @Operation({
      summary: 'The same for one read model (?projection=) or all of them; those that are equal are remembered as proven at their place in the log',
      answers: { 200: 'what was found', 202: 'it takes longer: the same request again hears of it' },
    })
    async prove(@Res({ passthrough: true }) reply: FastifyReply, @Query('projection') projection?: string) {
      if (projection !== undefined) found(this.proof.names.find((name) => name === projection), `a read model ${projection}`);
      const items = await this.proof.prove(projection);
      if (items === undefined) void reply.status(202);
      return { items: items ?? [] };
    }

    @Get('parked')
    @Operation({ summary: 'Streams that wait for an operator' })
    async list() {
      return { items: await this.parked.list() };
    }

    @Get('parked/:streamId')
    @Operation({ summary: 'A parked stream with the facts that wait for it' })
    async show(@Param('streamId') streamId: string) {
      return found(await this.parked.show(streamId), `a parked stream ${streamId}`);
    }

    @Post('parked/:streamId/release')
    @HttpCode(200)
    @Operation({ summary: 'Applies the waiting facts in order; stays parked if one fails again' })
    async release(@Param('streamId') streamId: string) {
      found(await this.parked.show(streamId), `a parked stream ${streamId}`);
      try {
        return { streamId, applied: await this.parked.release(streamId) };
      } catch (error) {
        throw new Problem(notReleased, { detail: error instanceof Error ? error.message : 'unknown', cause: error });
      }
    }

    @Delete('parked/:streamId')
    @Operation({ summary: 'Drops one waiting fact (?arrival=) or all of them: they never act' })
    async drop(@Param('streamId') streamId: string, @Query('arrival') arrival?: string) {
      found(await this.parked.show(streamId), `a parked stream ${streamId}`);
      return { streamId, dropped: await this.parked.drop(streamId, arrivalOf(arrival)) };
    }

    @Get('quarantined')
    @Operation({ summary: 'Messages that are no rows of their producer’s log, until somebody clears them' })
    async listQuarantined() {
      return { items: await this.quarantined.list() };
    }

    @Get('quarantined/:id')
    @Operation({ summary: 'A quarantined message with what could be read of it; its id is <topic>-<partition>@<offset>' })
    async showQuarantined(@Param('id') id: string) {
      return found(await this.quarantined.show(id), `a quarantined message ${id}`);
    }

    @Delete('quarantined')
    @Operation({ summary: 'Clears all of them: somebody has looked' })
    async clearAllQuarantined() {
      return { cleared: await this.quarantined.clear() };
    }

    @Delete('quarantined/:id')
    @Operation({ summary: 'Clears one of them' })
    async clearQuarantined(@Param('id') id: string) {
      found(await this.quarantined.show(id), `a quarantined message ${id}`);
      return { cleared: await this.quarantined.clear(id) };
    }

    @Post('republish')
    @HttpCode(200)
    @Operation({ summary: 'Publishes again from the log, for a topic that was emptied or cut; consumers drop what they have' })
    async publishAgain(@Body(validated(RepublishRequest)) { shard, fromSeq }: RepublishRequest) {
      return { items: await this.republish(shard, fromSeq) };
    }
  }
  return OpsController;
};
