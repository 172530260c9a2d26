import { describe, test } from 'node:test'
import { buildApp } from '../support/app.js'
import { threeApps } from '../support/session-app.js'
import { kinds } from '../support/session-databases.js'

const SEED = 20260301

const { runSessionSchedules } = await import(
  new URL('../../../test/support/session-schedules.mjs', import.meta.url).href
)

for (const [index, kind] of kinds.entries()) {
  describe(`random schedules with ${kind.name}`, () => {
    const { apps } = threeApps(kind, (store) => buildApp({ store }))
    const seed = SEED + 1000 * index

    test(`${kind.name}: sessions do as the model, in schedules from seed ${seed} on`, async () => {
      await runSessionSchedules(apps, seed)
    })
  })
}
