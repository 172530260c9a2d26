import assert from 'node:assert/strict'
import { figure } from '../figures.js'
import { Rounds, time } from '../harness.js'
import { flat } from '../payloads.js'
import { json, TaggedJSONSerializer } from '../product.js'
import { shuffled } from '../statistics.js'

const SIZES = { '10k': 1e4, '100k': 1e5, '1m': 1e6, '10m': 1e7 }
/** Characters that one time of a variant reads, in as many runs as it takes. */
const READ_AT_ONCE = 1e6
/** Rounds that do not count, for V8 to have compiled the variants. */
const WARM_UP = 2

/** What fills a list: each is dear for a reader that looks at the text in some way. */
const ITEMS = {
  digits: '1'.repeat(198),
  'digits-in-strings': `"${'1'.repeat(198)}"`,
  integers: '12345678901234567',
  exponents: '1e100',
  escapes: '"\\u0041\\n\\\\"',
  quotes: `"${'\\"'.repeat(50)}"`,
  brackets: '[[],{}]',
  'brackets-in-strings': '"[{[{"',
  strings: '"A short text."',
  objects: '{"name":"Ada","tags":["a","b"],"constructor":1}',
  space: `1${' '.repeat(50)}`
}

const flask = new TaggedJSONSerializer({ format: 'flask' })
const readers = {
  loads: (text) => json.loads(text),
  exact: (text) => json.loads(text, { exactIntegers: true }),
  flask: (text) => flask.loads(text)
}

/** Reading against `JSON.parse` of the same text, at sizes that show time which grows faster than the text. */
export async function reading ({ isQuick }) {
  const ratios = []
  for (const kind of Object.keys(ITEMS)) ratios.push(...await ratiosOf(kind, isQuick ? 3 : 9))
  return Object.keys(readers).flatMap((reader) => {
    const own = ratios.filter((each) => each.reader === reader)
    return [
      figure(`reading-${reader}`, Math.max(...own.map(({ ratio }) => ratio)), 'x JSON.parse, the largest of all texts'),
      ...own.map(({ kind, size, ratio }) => figure(`reading-${reader}-${kind}-${size}`, ratio, 'x JSON.parse'))
    ]
  })
}

async function ratiosOf (kind, rounds) {
  const ratios = []
  for (const [size, length] of Object.entries(SIZES)) {
    const text = listOf(ITEMS[kind], length)
    for (const read of Object.values(readers)) assert.equal(read(text).length, JSON.parse(text).length)
    const result = await measure(text, rounds)
    for (const reader of Object.keys(readers)) ratios.push({ reader, kind, size, ratio: result.ratio(reader, 'parse') })
  }
  return ratios
}

function listOf (item, length) {
  return flat(`[${Array(Math.ceil(length / (item.length + 1))).fill(item).join(',')}]`)
}

/** `JSON.parse` and every reader beside each other; a long text is read once a round. */
async function measure (text, rounds) {
  const variants = { parse: (text) => JSON.parse(text), ...readers }
  const names = Object.keys(variants)
  const times = Math.ceil(READ_AT_ONCE / text.length)
  const measured = new Map(names.map((name) => [name, []]))
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const name of shuffled(names)) {
      const nanoseconds = await time((count) => { for (let run = 0; run < count; run++) variants[name](text) }, times)
      if (round >= 0) measured.get(name).push(nanoseconds)
    }
  }
  return new Rounds(measured)
}
