import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiOperation, ApiProperty, ApiPropertyOptional, ApiResponse, DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { declaredShapes, fieldsOf, type DeclaredField } from './field-schema.js';
import { operationKey, type OperationText } from './operation.js';

const propertyOf = ({ type, shape, items, optional, ...schema }: DeclaredField): Parameters<typeof ApiProperty>[0] => {
  const told = Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
  if (shape !== undefined) return { ...told, required: !optional, type: shape(), isArray: type === 'array' };
  if (type === 'array') return { ...told, required: !optional, type: 'array', items: { type: items ?? 'string' } };
  if (type === 'object') return { ...told, required: !optional, type: Object };
  return { ...told, required: !optional, type };
};

const describeShapes = (): void => {
  for (const prototype of declaredShapes()) {
    const shape = prototype.constructor as new () => object;
    for (const [name, field] of fieldsOf(shape)) (field.optional ? ApiPropertyOptional : ApiProperty)(propertyOf(field))(prototype, name);
  }
};

const describeOperations = (app: NestFastifyApplication): void => {
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const { prototype } = metatype;
      for (const name of Object.getOwnPropertyNames(prototype)) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
        const text: OperationText | undefined = typeof descriptor?.value === 'function' ? Reflect.getMetadata(operationKey, descriptor.value) : undefined;
        if (descriptor === undefined || text === undefined) continue;
        ApiOperation({ summary: text.summary, ...(text.description === undefined ? {} : { description: text.description }) })(prototype, name, descriptor);
        for (const [status, answer] of Object.entries(text.answers ?? {})) {
          const { says, body } = typeof answer === 'string' ? { says: answer, body: undefined } : answer;
          ApiResponse({ status: Number(status), description: says, ...(body === undefined ? {} : { type: body }) })(prototype, name, descriptor);
        }
      }
    }
  }
};

/** The OpenAPI document of a service, from its controllers and request classes. */
export const openApiOf = (app: NestFastifyApplication, name: string): OpenAPIObject => {
  describeShapes();
  describeOperations(app);
  const config = new DocumentBuilder()
    .setTitle(`Orderlog: ${name}`)
    .setDescription('Errors are problem documents (RFC 9457, application/problem+json) with a stable `type`.')
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'API key' })
    .addSecurityRequirements('bearer')
    .build();
  return SwaggerModule.createDocument(app, config, { autoTagControllers: true });
};
