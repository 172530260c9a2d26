import { runInNewContext } from 'node:vm'
import t from 'tap'
import { checkOptions, isSeconds, type OptionTable } from '../lib/option-checks.ts'

const table: OptionTable = {
  kind: 'test option',
  checks: { lifetime: isSeconds },
  instead: { maxAge: 'use lifetime', secretKey: 'use secret' }
}

function messageFor (options: unknown): string | undefined {
  try {
    checkOptions(options as object, table)
  } catch (error) {
    return (error as Error).message
  }
}

t.test('an option of another library is found in every spelling', async (t) => {
  for (const name of ['maxAge', 'maxage', 'max_age', 'MAX_AGE', 'max-age']) {
    t.equal(messageFor({ [name]: 1 }), `The test option "${name}" is unknown: use lifetime`)
  }
  t.equal(messageFor({ SECRET_KEY: 1 }), 'The test option "SECRET_KEY" is unknown: use secret')
})

t.test('an option that exists is named before one of another library', async (t) => {
  const both = { ...table, instead: { life_time: 'use maxAge' } }
  t.throws(() => checkOptions({ lifeTime: 1 }, both), {
    message: 'The test option "lifeTime" is unknown: did you mean lifetime?'
  })
})

t.test('an object without a class is taken, one of another realm too', async (t) => {
  const bare = Object.assign(Object.create(null), { lifetime: 1 })
  for (const options of [{}, { lifetime: 1 }, bare, runInNewContext('({ lifetime: 1 })')]) {
    t.equal(messageFor(options), undefined)
  }
})

t.test('options of a class, whose members would not be seen, are refused by its name', async (t) => {
  class Options {
    lifetime = 1
  }
  const lost = Object.create(Object.assign(Object.create({}), { constructor: undefined }))
  const given: Array<[object, string]> = [
    [new Map([['lifetime', 1]]), '"Map"'], [[], '"Array"'], [new Options(), '"Options"'],
    [Promise.resolve({}), '"Promise"'], [Object.create({ lifetime: 1 }), '"Object"'], [lost, 'unknown']
  ]
  for (const [options, name] of given) {
    t.equal(
      messageFor(options),
      `The test options must be a plain object, such as { name: value }; this one has the class ${name}`
    )
  }
})

t.test('what is no object is refused', async (t) => {
  for (const options of [undefined, null, 5, 'lifetime', () => {}]) {
    t.equal(messageFor(options), 'The test options must be an object')
  }
})
