// Writes kafka-jars.lock.json: the coordinates, SHA-256 and size of every jar the local broker needs.
// For maintainers only, when the Kafka version changes: `node tools/local-stack/lock-kafka-jars.mjs`. It needs Maven, which
// resolves the dependency tree and checks Central's own checksums; whoever runs Orderlog needs only the lock file.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';

const kafka = '4.2.0';
const scala = '2.13';
// Kafka's pom brings the SLF4J 1.7 API and no binding; the binding must be the one for 1.7, another is ignored and nothing is logged.
const log4j = '2.25.3';

const dependency = (group, artifact, version) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>orderlog</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
${dependency('org.apache.kafka', `kafka_${scala}`, kafka)}
${dependency('org.apache.logging.log4j', 'log4j-core', log4j)}
${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', log4j)}
</dependencies></project>
`;

const work = mkdtempSync(join(tmpdir(), 'orderlog-lock-'));
try {
  writeFileSync(join(work, 'pom.xml'), pom);
  const jarsFolder = join(work, 'jars');
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const flags = ['-DincludeScope=runtime', '-Dmdep.useRepositoryLayout=true', `-DoutputDirectory=${jarsFolder}`];
  execFileSync('mvn', ['-q', '-B', goal, ...flags], { cwd: work, stdio: 'inherit' });
  const jars = readdirSync(jarsFolder, { recursive: true })
    .filter((path) => path.endsWith('.jar'))
    .map((path) => {
      const bytes = readFileSync(join(jarsFolder, path));
      const steps = relative('.', path).split(sep);
      const [artifact, version] = steps.slice(-3, -1);
      const group = steps.slice(0, -3).join('.');
      return {
        coordinates: `${group}:${artifact}:${version}`,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        bytes: bytes.length,
      };
    })
    .sort((a, b) => (a.coordinates < b.coordinates ? -1 : 1));
  const target = new URL('./kafka-jars.lock.json', import.meta.url);
  writeFileSync(target, `${JSON.stringify({ kafka, jars }, undefined, 2)}\n`);
  console.log(`${jars.length} jars, ${Math.round(jars.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6)} MB`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
