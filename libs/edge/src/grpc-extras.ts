import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import type { Health } from '@orderlog/observability';
import type { GrpcServer } from './grpc-services.js';

/** How often the health service is told what `/readyz` would say. */
const refreshMs = 1_000;

/** Adds what every gRPC server of ours has beside its own services: reflection and the standard health service. Answers how to stop. */
export const installGrpcExtras = (definition: object, server: GrpcServer, health: Health): (() => void) => {
  new ReflectionService(definition as ConstructorParameters<typeof ReflectionService>[0]).addToServer(server);
  const status = new HealthImplementation({ '': 'NOT_SERVING' });
  status.addToServer(server);
  const refresh = async (): Promise<void> => {
    const { ready } = await health.readiness();
    status.setStatus('', ready ? 'SERVING' : 'NOT_SERVING');
  };
  void refresh();
  const timer = setInterval(() => void refresh(), refreshMs);
  return () => clearInterval(timer);
};
