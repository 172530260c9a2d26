export { TestClient, testClient } from './fastify/test-client.ts'
export type { NamedSession, NamedSessionChoice, NamedSessionData, TestedApplication } from './fastify/test-client.ts'
export { CookieJar } from './cookies/cookie-jar.ts'
