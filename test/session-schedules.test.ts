import Fastify from 'fastify'
import t from 'tap'
import sessionPlugin, { MemoryStore } from '../lib/index.ts'
import { SECRET } from './support/app.ts'
import { runSessionSchedules } from './support/session-schedules.mjs'

const SEED = 20260201

t.test(`sessions in memory do as the model, in schedules from seed ${SEED} on`, async () => {
  const store = new MemoryStore()
  const apps = await Promise.all([0, 1, 2].map(async () => {
    const app = Fastify()
    await app.register(sessionPlugin, { secret: SECRET, store })
    return app
  }))
  await runSessionSchedules(apps, SEED)
})
