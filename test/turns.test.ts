import t from 'tap'
import { Turns } from '../lib/fastify/turns.ts'

t.test('a task begins once the one before it is over, however that ended', async (t) => {
  const turns = new Turns()
  const steps: string[] = []
  const task = (name: string, error?: Error) => async (): Promise<void> => {
    steps.push(`${name} begins`)
    await new Promise(setImmediate)
    steps.push(`${name} ends`)
    if (error !== undefined) throw error
  }
  const all = [turns.take(task('one')), turns.take(task('two', new Error('two failed'))), turns.take(task('three'))]
  t.strictSame(steps, ['one begins'], 'the first one begins at once')
  const results = await Promise.allSettled(all)
  t.strictSame(results.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
  t.strictSame(steps, ['one', 'two', 'three'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  steps.length = 0
  const last = turns.take(task('four'))
  t.strictSame(steps, ['four begins'], 'and so does one after all of them')
  await last
})

t.test('a task that throws leaves nothing under way', async (t) => {
  const turns = new Turns()
  t.throws(() => turns.take(() => { throw new TypeError('no task') }), { message: 'no task' })
  let hasRun = false
  const turn = turns.take(async () => { hasRun = true })
  t.ok(hasRun)
  await turn
})
