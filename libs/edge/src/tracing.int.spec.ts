import { createServer } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { startTelemetry } from '@orderlog/observability';
import { eventually } from '@orderlog/testing';
import { bringUp, Public } from './index.js';

@Public()
@Controller('/things')
class ThingsController {
  @Get()
  get() {
    return {};
  }
}
@Module({ controllers: [ThingsController] })
class ThingsModule {}

describe('traces', () => {
  it('sends one span of a request whose caller records it, and none of the others', async () => {
    const received: string[] = [];
    const collector = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => received.push(chunk.toString('latin1')));
      request.on('end', () => response.writeHead(200).end());
    });
    await new Promise<void>((resolve) => {
      collector.listen(0, '127.0.0.1', resolve);
    });
    const address = collector.address();
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    process.env['OTEL_TRACES_SAMPLER_ARG'] = '0';
    const variables = { PORT: '0', GRPC_PORT: '0', API_KEYS: '[]', SERVICE_TOKEN: 't' };
    const service = await bringUp({ name: 'traced-things', module: ThingsModule, variables, telemetry: await startTelemetry('traced-things') });
    const ask = (traceparent: string) => fetch(`${service.url}/things`, { headers: { traceparent } });
    await ask(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`);
    await ask(`00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`);
    await fetch(`${service.url}/things`);
    await service.stop();
    await eventually(() => received.length > 0);
    const sent = received.join('');
    expect(sent.match(/GET \/things/g)).toHaveLength(1);
    expect(sent).toContain('traced-things');
    await new Promise((resolve) => collector.close(resolve));
  });
});
