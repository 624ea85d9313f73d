// The canary: every forbidden import has to be a lint error. Run by `npm run check` after the project graph was made (`node --test tools/boundaries/`).
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { structureFaults } from './structure.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

// The snippets are no files, so rules that ask the compiler cannot run on them; those are not what is tried here.
const eslint = new ESLint({ cwd: root, overrideConfig: [{ files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked, languageOptions: { parserOptions: { projectService: false } } }] });

const boundary = '@nx/enforce-module-boundaries';
const restricted = 'no-restricted-imports';

const forbidden = [
  ['services/inventory/domain/x.ts', `import { Injectable } from '@nestjs/common'; export const x = Injectable;`, boundary],
  ['services/inventory/domain/x.ts', `import { uuidv7 } from 'uuidv7'; export const x = uuidv7;`, boundary],
  ['services/inventory/domain/x.ts', `import { VersionConflict } from '@orderlog/event-log'; export const x = VersionConflict;`, boundary],
  ['services/inventory/domain/x.ts', `import { readFileSync } from 'node:fs'; export const x = readFileSync;`, restricted],
  ['services/inventory/domain/x.ts', `export const now = () => new Date();`, 'no-restricted-globals'],
  ['services/inventory/domain/x.ts', `export const x = process.env;`, 'no-restricted-globals'],
  ['services/inventory/domain/x.ts', `export const x = Math.random();`, 'no-restricted-properties'],
  ['libs/decider/src/x.ts', `import { Pool } from 'pg'; export const x = Pool;`, boundary],
  ['libs/contracts/src/x.ts', `import { Pool } from 'pg'; export const x = Pool;`, boundary],
  ['libs/event-log/src/x.ts', `import * as order from '@orderlog/order-domain'; export const x = order;`, boundary],
  ['services/shipping/start.ts', `import * as stock from '@orderlog/inventory-domain'; export const x = stock;`, boundary],
  ['services/shipping/start.ts', `import { x } from '../inventory/start.js'; export const y = x;`, boundary],
  ['services/inventory/application/x.ts', `import * as stock from '../domain/index.js'; export const x = stock;`, boundary],
  ['services/inventory/application/x.ts', `import { freshDatabase } from '@orderlog/testing'; export const x = freshDatabase;`, boundary],
  ['services/inventory/application/x.ts', `import { y } from '../api/http/y.js'; export const x = y;`, restricted],
  ['services/inventory/application/x.ts', `import { DataSource } from 'typeorm'; export const x = DataSource;`, restricted],
  ['services/inventory/application/x.ts', `import { Inject } from '@nestjs/common'; export const x = Inject;`, restricted],
  ['services/inventory/application/x.ts', `import { Pool } from 'pg'; export const x = Pool;`, restricted],
  ['services/inventory/read-models/a/x.ts', `import { y } from '../../application/y.js'; export const x = y;`, restricted],
  ['services/inventory/infrastructure/x.ts', `import { y } from '../api/http/y.js'; export const x = y;`, restricted],
  ['services/inventory/api/http/x.ts', `import { y } from '../../infrastructure/y.js'; export const x = y;`, restricted],
  ['services/inventory/api/http/x.ts', `import { DataSource } from 'typeorm'; export const x = DataSource;`, restricted],
  ['services/inventory/inventory.module.ts', `import { Kafka } from 'kafkajs'; export const x = Kafka;`, restricted],
  ['libs/messaging/src/relay.ts', `import { Kafka } from 'kafkajs'; export const x = Kafka;`, restricted],
  ['tools/cli/x.ts', `import kafkajs from 'kafkajs'; export const x = kafkajs;`, restricted],
  ['services/inventory/inventory.module.ts', `import { Producer } from '@platformatic/kafka'; export const x = Producer;`, restricted],
  ['services/inventory/api/http/x.ts', `import { Producer } from '@platformatic/kafka'; export const x = Producer;`, restricted],
  ['libs/messaging/src/relay.ts', `import { Producer } from '@platformatic/kafka'; export const x = Producer;`, restricted],
  ['libs/messaging/src/kafkajs.adapter.ts', `import { Producer } from '@platformatic/kafka'; export const x = Producer;`, restricted],
  ['libs/messaging/src/platformatic.adapter.ts', `import kafkajs from 'kafkajs'; export const x = kafkajs;`, restricted],
  ['services/inventory/api/http/x.ts', `export const x = (y: unknown) => y as any;`, 'no-restricted-syntax'],
  ['services/inventory/api/http/x.ts', `try { JSON.parse('') } catch {}`, 'no-empty'],
  ['services/inventory/domain/x.spec.ts', `it.skip('does nothing', () => undefined);`, 'no-restricted-syntax'],
];

for (const [filePath, code, rule] of forbidden) {
  test(`${filePath} may not: ${code.split(';')[0]}`, async () => {
    const [result] = await eslint.lintText(code, { filePath: join(root, filePath) });
    assert.ok(
      result.messages.some(({ ruleId }) => ruleId === rule),
      `${rule} did not fire: ${JSON.stringify(result.messages)}`,
    );
  });
}

const allowed = [
  ['services/inventory/domain/x.ts', `import { refuse } from '@orderlog/decider'; export const x = refuse;`],
  ['services/inventory/application/x.ts', `import * as stock from '@orderlog/inventory-domain'; export const x = stock;`],
  ['libs/messaging/src/kafkajs.adapter.ts', `import kafkajs from 'kafkajs'; export const x = kafkajs;`],
  ['libs/messaging/src/platformatic.adapter.ts', `import { Producer } from '@platformatic/kafka'; export const x = Producer;`],
];

for (const [filePath, code] of allowed) {
  test(`${filePath} may: ${code.split(';')[0]}`, async () => {
    const [result] = await eslint.lintText(code, { filePath: join(root, filePath) });
    assert.deepEqual(result.messages, []);
  });
}

const withTree = (files, work) => {
  const folder = mkdtempSync(join(tmpdir(), 'orderlog-structure-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
const tags = (...names) => JSON.stringify({ tags: names });

test('a lost project.json is noticed, and so are wrong tags and names without a meaning', () => {
  const faults = withTree(
    {
      'tools/project.json': tags('type:tool'),
      'libs/edge/project.json': tags('type:platform'),
      'services/order/project.json': tags('type:service', 'scope:order'),
      'services/order/domain/order.ts': '',
      'services/order/utils/order.service.ts': '',
    },
    structureFaults,
  );
  assert.deepEqual(faults, [
    'libs/edge/project.json has the tags type:platform, not type:platform, scope:shared',
    'services/order/domain has no project.json: import rules do not reach it',
    'services/order/utils/order.service.ts: its suffix says nothing',
    'services/order/utils/order.service.ts: a folder "utils" has no purpose',
    'services/order/utils is none of the five rooms',
  ]);
});
