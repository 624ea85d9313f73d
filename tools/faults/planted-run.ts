import { writeFileSync } from 'node:fs';
import { attackAs, plantedBugs } from './planted.js';

// Started from a tree that has the bug; writes what the campaign found and leaves the judgement to whoever planted it.
const [, , id, seed, report] = process.argv;
const bug = plantedBugs.find((candidate) => candidate.id === id);
if (bug === undefined || report === undefined) throw new Error('planted-run.js is started by planted.js: <id> <seed> <report>');
try {
  writeFileSync(report, JSON.stringify(await attackAs(bug, Number(seed), (text) => console.error(text))));
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
