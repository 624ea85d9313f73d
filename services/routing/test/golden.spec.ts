import { describeGoldenFolds, goldenStream } from '@orderlog/testing';
import { centers, routes } from '../application/streams.js';

describeGoldenFolds('routing', [goldenStream(routes, ['RoutingDecided', 'RoutingInfeasible']), goldenStream(centers, ['CenterDefined'])]);
