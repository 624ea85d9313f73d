// What ESLint cannot see: a project without its project.json has no tags, and rules about tags then say nothing; and names that
// hide what a file is for.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const kernel = { decider: 'kernel', contracts: 'contracts', testing: 'testing' };
const bannedSuffixes = /\.(service|manager|helper|util|utils|impl|base|dto|interface|entity)\.ts$/;
const bannedFolders = new Set(['common', 'utils', 'shared', 'core', 'helpers']);
const doors = /^(libs\/[^/]+\/src|services\/[^/]+\/domain|tools\/[^/]+)\/index\.ts$/;
const rooms = new Set(['domain', 'application', 'api', 'read-models', 'infrastructure', 'test']);

const foldersOf = (path) =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : [];

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (['node_modules', 'dist', 'generated'].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

const expected = (root) => [
  ...foldersOf(join(root, 'libs')).map((lib) => [`libs/${lib}`, [`type:${kernel[lib] ?? 'platform'}`, 'scope:shared']]),
  ...foldersOf(join(root, 'services')).flatMap((service) => [
    [`services/${service}`, ['type:service', `scope:${service}`]],
    [`services/${service}/domain`, ['type:domain', `scope:${service}`]],
  ]),
  ['tools', ['type:tool']],
];

const projectFaults = (root) =>
  expected(root).flatMap(([folder, tags]) => {
    const path = join(root, folder, 'project.json');
    if (!existsSync(path)) return [`${folder} has no project.json: import rules do not reach it`];
    const has = JSON.parse(readFileSync(path, 'utf8')).tags ?? [];
    return has.length === tags.length && tags.every((tag) => has.includes(tag)) ? [] : [`${folder}/project.json has the tags ${has.join(', ')}, not ${tags.join(', ')}`];
  });

const nameFaults = (root) =>
  ['libs', 'services', 'tools'].flatMap((top) =>
    !existsSync(join(root, top))
      ? []
      : [...filesBelow(join(root, top))].flatMap((path) => {
          const file = relative(root, path).replaceAll('\\', '/');
          const folder = file.split('/').slice(0, -1).find((part) => bannedFolders.has(part));
          return [
            ...(bannedSuffixes.test(file) ? [`${file}: its suffix says nothing`] : []),
            ...(folder === undefined ? [] : [`${file}: a folder "${folder}" has no purpose`]),
            ...(file.endsWith('/index.ts') && !doors.test(file) ? [`${file}: index.ts only at a project's door`] : []),
          ];
        }),
  );

const roomFaults = (root) =>
  foldersOf(join(root, 'services')).flatMap((service) =>
    foldersOf(join(root, 'services', service))
      .filter((room) => !rooms.has(room))
      .map((room) => `services/${service}/${room} is none of the five rooms`),
  );

/** Everything about the tree's structure that is not as it must be. */
export const structureFaults = (root) => [...projectFaults(root), ...nameFaults(root), ...roomFaults(root)];
