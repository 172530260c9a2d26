export { TestClient, testClient } from './fastify/test-client.ts'
export type {
  NamedSession, NamedSessionChoice, NamedSessionData, TestedApplication, TestRequest, TestRequestOptions
} from './fastify/test-client.ts'
export { CookieJar } from './cookies/cookie-jar.ts'
export { testStore } from './testing/test-store.ts'
