import { migrateService } from '@orderlog/backbone';
import { services, type ServiceName } from '@orderlog/contracts';
import { createTopics, kafkajsClient } from '@orderlog/messaging';

/** Creates or brings up to date every service's schema and roles; answers the URL a service logs in with. */
export const prepareDatabase = async (options: { readonly databaseUrl: string; readonly password: string }): Promise<(service: ServiceName) => string> => {
  // One after another: roles are shared by the whole server, and two migrations at once gain nothing on an empty schema.
  for (const service of services) await migrateService({ adminUrl: options.databaseUrl, service, appPassword: options.password });
  return (service) => {
    const url = new URL(options.databaseUrl);
    url.username = `${service}_app`;
    url.password = options.password;
    return url.href;
  };
};

/** Creates the topics that are missing and checks the others. */
export const prepareTopics = async (options: { readonly brokers: string; readonly topicPrefix: string; readonly replication?: number }): Promise<readonly string[]> =>
  createTopics(kafkajsClient({ brokers: options.brokers, clientId: 'orderlog-prepare' }), {
    prefix: options.topicPrefix,
    ...(options.replication === undefined ? {} : { replication: options.replication }),
  });
