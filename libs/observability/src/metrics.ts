import { metrics, type Attributes, type Counter, type Histogram, type ObservableResult } from '@opentelemetry/api';

const meter = () => metrics.getMeter('orderlog');

/** Bounds in seconds that fit both a 2 ms append and a 10 s request. */
const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A number that only grows. Called after `startTelemetry`; before it, it counts into nothing. */
export const counter = (name: string, description: string): Counter => meter().createCounter(name, { description });

/** A distribution of durations in seconds; the name ends with `_seconds` by itself. */
export const durations = (name: string, description: string): Histogram =>
  meter().createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: durationBounds } });

/** One value of a measured thing, with its labels. */
export type Reading = { readonly value: number; readonly labels?: Attributes };

/**
 * A level that is read when somebody asks for the metrics, so that keeping it costs nothing. Answers how to stop.
 */
export const gauge = (name: string, description: string, read: () => Iterable<Reading> | Promise<Iterable<Reading>>): (() => void) => {
  const instrument = meter().createObservableGauge(name, { description });
  const observe = async (result: ObservableResult): Promise<void> => {
    for (const { value, labels } of await read()) result.observe(value, labels);
  };
  instrument.addCallback(observe);
  return () => instrument.removeCallback(observe);
};

/** A count that is kept elsewhere and read when somebody asks for the metrics. Answers how to stop. */
export const observedCounter = (name: string, description: string, read: () => Iterable<Reading>): (() => void) => {
  const instrument = meter().createObservableCounter(name, { description });
  const observe = (result: ObservableResult): void => {
    for (const { value, labels } of read()) result.observe(value, labels);
  };
  instrument.addCallback(observe);
  return () => instrument.removeCallback(observe);
};

/** Reads at most once in `everyMs`, however many gauges of a scrape ask; those that ask meanwhile share the answer. For numbers that cost a query. */
export const atMostEvery = <T>(everyMs: number, read: () => Promise<T>): (() => Promise<T>) => {
  let answer: Promise<T> | undefined;
  let askedAt = -Infinity;
  return () => {
    const now = performance.now();
    if (answer === undefined || now - askedAt >= everyMs) {
      askedAt = now;
      answer = read();
    }
    return answer;
  };
};
