import { open } from 'node:fs/promises'
import { Decimal } from 'decimal.js'
import { json } from 'fastify-signed-session'

/** JSON as text, without an application. */
export function texts () {
  const data = { name: 'John', age: 30, active: true }
  return {
    compact: json.dumps(data),
    sorted: json.dumps(data, { indent: 2, sortKeys: true }),
    decimal: json.dumps({ price: new Decimal('19.99') }),
    fromText: json.loads('{"name":"John","age":30}'),
    fromBytes: json.loads(Buffer.from('{"active":true}')),
    exact: json.loads('{"id":9007199254740993}', { exactIntegers: true })
  }
}

/**
 * Adds what a file says to a configuration, and writes all of it to another file.
 * @param {Record<string, unknown>} config
 * @param {string} from
 * @param {string} to
 */
export async function configure (config, from, to) {
  const reading = await open(from)
  Object.assign(config, await json.load(reading))
  await reading.close()
  const writing = await open(to, 'w')
  await json.dump(config, writing, { ensureAscii: false, indent: 2 })
  await writing.close()
}

/**
 * Writes a value to a file, and reads it again.
 * @param {string} file
 */
export async function throughFile (file) {
  const data = { users: [{ id: 1, name: 'John' }, { id: 2, name: 'Jane' }] }
  const writing = await open(file, 'w')
  await json.dump(data, writing, { indent: 2 })
  await writing.close()
  const reading = await open(file)
  const loaded = await json.load(reading)
  await reading.close()
  return loaded
}
