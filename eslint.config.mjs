// Types are the compiler's business (`npm run check` runs it); here stands who may import whom, and a few habits a compiler does not know.
// The Nx rule reads the project graph from its cache: tools/launcher/check.mjs makes it first, and tools/boundaries proves that every rule bites.
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const services = ['order', 'inventory', 'routing', 'warehouse', 'shipping'];
const specs = ['**/*.spec.ts', '**/test/**/*.ts', '**/*.contract.ts'];

/** Layers between projects. `bannedExternalImports` is about npm only; Node's own modules are banned below. */
const layers = (inSpecs) => {
  const also = inSpecs ? ['type:testing'] : [];
  const pure = inSpecs ? {} : { bannedExternalImports: ['*'] };
  return [
    { sourceTag: 'type:kernel', onlyDependOnLibsWithTags: ['type:kernel', ...also], ...pure },
    { sourceTag: 'type:domain', onlyDependOnLibsWithTags: ['type:kernel', ...also], ...pure },
    {
      sourceTag: 'type:contracts',
      onlyDependOnLibsWithTags: ['type:contracts', ...also],
      ...(inSpecs ? {} : { allowedExternalImports: ['@bufbuild/protobuf', '@bufbuild/protobuf/*'] }),
    },
    { sourceTag: 'type:platform', onlyDependOnLibsWithTags: ['type:platform', 'type:kernel', 'type:contracts', ...also] },
    { sourceTag: 'type:service', onlyDependOnLibsWithTags: ['type:domain', 'type:platform', 'type:kernel', 'type:contracts', ...also] },
    { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['type:testing', 'type:platform', 'type:kernel', 'type:contracts'] },
    // Tools fold a service's own events to check it (verify); they are no part of any service.
    { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:domain', 'type:platform', 'type:kernel', 'type:contracts', ...also] },
    ...services.map((service) => ({ sourceTag: `scope:${service}`, onlyDependOnLibsWithTags: [`scope:${service}`, 'scope:shared'] })),
    { sourceTag: 'scope:shared', onlyDependOnLibsWithTags: ['scope:shared'] },
  ];
};

const boundaries = (files, ignores, inSpecs) => ({
  files,
  ignores,
  rules: { '@nx/enforce-module-boundaries': ['error', { allow: [], enforceBuildableLibDependency: false, depConstraints: layers(inSpecs) }] },
});

const kafkajs = { group: ['kafkajs', 'kafkajs/*'], message: 'kafkajs is imported by libs/messaging/src/kafkajs.adapter.ts only' };
const platformatic = { group: ['@platformatic/kafka', '@platformatic/kafka/*'], message: '@platformatic/kafka is imported by libs/messaging/src/platformatic.adapter.ts only' };
const clients = [kafkajs, platformatic];
const typeorm = { group: ['typeorm', 'typeorm/*', '@nestjs/typeorm'], message: 'TypeORM serves read models only' };
const nest = { group: ['@nestjs/*'], message: 'Nest appears in api/, *.module.ts and the start of a service only' };
const drivers = { group: ['pg', 'pg/*', 'fastify', '@grpc/*', 'undici', 'nodemailer'], message: 'the outside is infrastructure' };
const node = { group: ['node:*'], message: 'a domain knows nothing of the machine' };
const rooms = (from, never) => ({ regex: `^(\\.\\./)+(${never.join('|')})/`, message: `${from}/ may not reach into ${never.map((room) => `${room}/`).join(', ')}` });

/** One set of import rules for some files: a later set replaces an earlier one as a whole, so each is complete. */
const imports = (files, patterns, ignores = specs) => ({ files, ignores, rules: { 'no-restricted-imports': ['error', { patterns }] } });

const impure = ['Date', 'process', 'console', 'crypto', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'performance', 'Buffer', 'globalThis', 'Intl'].map(
  (name) => ({ name, message: 'a domain is pure: time, ids and chance come in with the command' }),
);

export default tseslint.config(
  { ignores: ['**/node_modules/**', 'dist/**', 'coverage/**', '.nx/**', '**/generated/**'] },
  // Nobody switches a rule off for a line: a rule that is wrong is changed here.
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false, attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', { selector: 'TSAsExpression > TSAnyKeyword', message: 'no `as any`' }],
    },
  },
  {
    files: specs,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: "MemberExpression[property.name=/^(skip|only|todo)$/][object.name=/^(it|test|describe)$/]", message: 'a test runs or does not exist' },
        { selector: "CallExpression[callee.name=/^(xit|xtest|xdescribe|fit|fdescribe)$/]", message: 'a test runs or does not exist' },
        { selector: "CallExpression[callee.object.name='jest'][callee.property.name=/^(mock|doMock|unstable_mockModule)$/]", message: 'no mocks of our own ports' },
        { selector: "NewExpression[callee.name='Promise'] > ArrowFunctionExpression > CallExpression[callee.name='setTimeout']", message: 'wait for a condition: eventually(…)' },
      ],
    },
  },
  boundaries(['**/*.ts'], specs, false),
  boundaries(specs, [], true),
  imports(['**/*.ts'], clients, ['libs/messaging/src/kafkajs.adapter.ts', 'libs/messaging/src/platformatic.adapter.ts']),
  imports(['libs/messaging/src/kafkajs.adapter.ts'], [platformatic]),
  imports(['libs/messaging/src/platformatic.adapter.ts'], [kafkajs]),
  imports(['services/*/**/*.ts'], [...clients, typeorm], [...specs, 'services/*/*.module.ts']),
  imports(['services/*/domain/**/*.ts', 'libs/decider/**/*.ts'], [...clients, node]),
  imports(['services/*/application/**/*.ts'], [...clients, typeorm, nest, drivers, rooms('application', ['api', 'read-models', 'infrastructure'])]),
  imports(['services/*/read-models/**/*.ts'], [...clients, nest, rooms('read-models', ['api', 'application', 'infrastructure'])]),
  imports(['services/*/infrastructure/**/*.ts'], [...clients, typeorm, nest, rooms('infrastructure', ['api', 'read-models'])]),
  imports(['services/*/api/**/*.ts'], [...clients, typeorm, rooms('api', ['infrastructure'])]),
  {
    files: ['services/*/domain/**/*.ts', 'libs/decider/**/*.ts'],
    ignores: specs,
    rules: {
      'no-restricted-globals': ['error', ...impure],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'chance comes in with the command' }],
    },
  },
);
