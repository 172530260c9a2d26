import type { SessionStore } from '../stores/store.ts'
import { clockOf, type StoreOptions } from '../stores/store-options.ts'
import { expect, type Probe, probeOf, show } from './store-probe.ts'
import { rulesOfEnding, rulesOfOwners, rulesOfReading, rulesOfWriting } from './store-rules.ts'

/**
 * Tries a store by every rule of `SessionStore`; those of owners only where it has `list` or `destroyAll`. Needs no
 * test framework. Its keys are random, so the store may be in use. It leaves some keys that stay ended for an hour.
 * `now` is the clock of the store, where it has one of its own (Unix seconds).
 * Throws an `Error` with a sentence for each rule that is broken.
 */
export async function testStore (store: SessionStore, options: StoreOptions = {}): Promise<void> {
  const probe = probeOf(store, clockOf(options)())
  const broken = await brokenRules(probe)
  await probe.tidy()
  if (broken.length === 0) return
  throw new Error(`The store breaks ${broken.length} of the rules of SessionStore:\n${broken.join('\n')}`)
}

async function brokenRules (probe: Probe): Promise<string[]> {
  const broken: string[] = []
  for (const [sentence, rule] of rulesFor(probe)) {
    await rule().catch((error: unknown) => broken.push(`- ${sentence}. ${messageOf(error)}`))
  }
  return broken
}

function rulesFor (probe: Probe): Array<[sentence: string, rule: () => Promise<void>]> {
  const { store } = probe
  const rules = Object.entries({ ...rulesOfReading, ...rulesOfWriting, ...rulesOfEnding })
  if (store.list !== undefined || store.destroyAll !== undefined) {
    rules.push(...Object.entries(rulesOfOwners) as typeof rules)
  }
  if (store.check !== undefined) {
    rules.push(['check passes where the store serves', async () => expect('check', await store.check!(), undefined)])
  }
  return rules.map(([sentence, rule]) => [sentence, () => rule(probe)])
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : show(error)
}
