import { gauge, observedCounter } from './metrics.js';

/** What every process says of itself, under the names that Prometheus users expect. Asked of the system at a scrape only. */
export const observeProcess = (): void => {
  observedCounter('process_cpu_seconds_total', 'Processor time of this process, user and system', () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    return [{ value: (userCPUTime + systemCPUTime) / 1e6 }];
  });
  gauge('process_resident_memory_bytes', 'Memory of this process that is in RAM', () => [{ value: process.memoryUsage.rss() }]);
  const startedAt = (performance.timeOrigin + performance.now()) / 1_000 - process.uptime();
  gauge('process_start_time_seconds', 'When this process began, as Unix time', () => [{ value: startedAt }]);
};
