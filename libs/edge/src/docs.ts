import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

const page = (name: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Orderlog: ${name}</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#ui', deepLinking: true, validatorUrl: null });\n`;

const assets = { 'swagger-ui.css': 'text/css', 'swagger-ui-bundle.js': 'text/javascript' } as const;

/**
 * `/openapi.json` and `/docs`. Everything a browser needs comes from here: no CDN sees who reads the docs of whom. Files are read when asked
 * for and the document is made once, so that a service nobody reads about pays nothing.
 */
export const serveDocs = (server: FastifyInstance, app: NestFastifyApplication, name: string): void => {
  let document: Promise<string> | undefined;
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  server.get('/openapi.json', async (_request, reply) => {
    document ??= import('./openapi.js').then(({ openApiOf }) => JSON.stringify(openApiOf(app, name)));
    return reply.type('application/json').send(await document);
  });
  server.get('/docs', (_request, reply) => void reply.type('text/html; charset=utf-8').send(page(name)));
  server.get('/docs/start.js', (_request, reply) => void reply.type('text/javascript').send(start));
  for (const [file, type] of Object.entries(assets)) {
    server.get(`/docs/${file}`, async (_request, reply) => reply.type(type).header('cache-control', 'max-age=86400').send(await readFile(join(folder, file))));
  }
};
