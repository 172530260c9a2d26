import t from 'tap'
import { agesOf } from '../lib/options/age-options.ts'
import type { SessionOptions } from '../lib/options/session-options.ts'
import type { Ages } from '../lib/session/rules.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { type FormatName, formats } from '../lib/wire/formats.ts'
import { SECRET } from './support/app.ts'

const HOUR = 60 * 60
const DAY = 24 * HOUR

type Options = Omit<SessionOptions, 'secret'>

/** The ages that options say, and what is warned of. */
function agesBy (options: Options, format: FormatName = 'default'): [ages: Ages, warnings: string[]] {
  const warnings: string[] = []
  return [agesOf({ secret: SECRET, ...options }, formats[format], warnings), warnings]
}

t.test('without options a session lives for 31 days, permanent or not, and is signed anew by its format', async (t) => {
  const common = { lifetime: 31 * DAY, permanentLifetime: 31 * DAY, absoluteLifetime: undefined }
  t.strictSame(agesBy({}), [{ ...common, refreshAfter: undefined, refreshesPermanentOnly: false }, []])
  t.strictSame(agesBy({}, 'flask'), [{ ...common, refreshAfter: 0, refreshesPermanentOnly: true }, []])
})

t.test('every age is as its option says, and permanentLifetime as lifetime unless it says otherwise', async (t) => {
  const rows: Array<[options: Options, ages: Options]> = [
    [{ lifetime: 2 * HOUR }, { lifetime: 2 * HOUR, permanentLifetime: 2 * HOUR }],
    [{ lifetime: 2 * HOUR, permanentLifetime: 30 * DAY }, { lifetime: 2 * HOUR, permanentLifetime: 30 * DAY }],
    [{ permanentLifetime: 90 * DAY }, { lifetime: 31 * DAY, permanentLifetime: 90 * DAY }],
    [{ lifetime: 60, permanentLifetime: 60 }, { lifetime: 60, permanentLifetime: 60 }],
    [{ refreshAfter: 60 }, { refreshAfter: 60 }], [{ refreshAfter: false }, { refreshAfter: false }],
    [{ lifetime: 60, refreshAfter: 59 }, { refreshAfter: 59 }],
    [{ absoluteLifetime: 60 * DAY }, { absoluteLifetime: 60 * DAY }]
  ]
  for (const [options, expected] of rows) {
    const [ages, warnings] = agesBy(options)
    t.match(ages, expected)
    t.strictSame(warnings, [])
  }
  t.equal(agesBy({ refreshAfter: 60 }, 'flask')[0].refreshAfter, 60)
  t.equal(agesBy({ refreshAfter: false }, 'flask')[0].refreshAfter, false)
})

const refused: Array<[options: Options, words: RegExp]> = [
  [{ lifetime: 60, permanentLifetime: 59 }, /permanentLifetime is below lifetime/],
  [{ permanentLifetime: 30 * DAY }, /permanentLifetime is below lifetime/],
  [{ lifetime: Infinity, permanentLifetime: 400 * DAY }, /permanentLifetime is below lifetime/],
  [{ format: 'flask', permanentLifetime: 31 * DAY }, /permanentLifetime .* format: .* use lifetime/],
  [{ lifetime: 60, refreshAfter: 60 }, /refreshAfter is not below lifetime: .* false for never/],
  [{ lifetime: 60, permanentLifetime: 600, refreshAfter: 60 }, /refreshAfter is not below lifetime/],
  [{ refreshAfter: 31 * DAY }, /refreshAfter is not below lifetime/],
  [{ refreshAfter: Infinity }, /refreshAfter is not below lifetime/],
  [{ lifetime: Infinity, refreshAfter: Infinity }, /refreshAfter is not below lifetime/],
  [{ format: 'flask', lifetime: 60, refreshAfter: 60 }, /refreshAfter is not below lifetime/],
  [{ lifetime: 0 }, /lifetime .* more than 0/], [{ permanentLifetime: 0 }, /permanentLifetime .* more than 0/],
  [{ absoluteLifetime: -1 }, /absoluteLifetime .* 0 or more/], [{ refreshAfter: -1 }, /refreshAfter .* 0 or more/],
  [{ maxCookieSize: 0 }, /maxCookieSize .* number of bytes/],
  [{ maxCookieSize: 1.5 }, /maxCookieSize .* number of bytes/]
]

t.test('ages that contradict each other are refused', async (t) => {
  for (const [options, message] of refused) {
    t.throws(() => resolveOptions({ secret: SECRET, ...options }), { name: 'TypeError', message })
  }
})

const doubtful: Array<[options: Options, warnings: RegExp[]]> = [
  [{ lifetime: Infinity }, [/lifetime is Infinity/]],
  [{ permanentLifetime: Infinity }, [/lifetime is Infinity/]],
  [{ lifetime: Infinity, absoluteLifetime: Infinity }, [/lifetime is Infinity/]],
  [{ lifetime: Infinity, absoluteLifetime: 400 * DAY }, []],
  [{ permanentLifetime: Infinity, absoluteLifetime: 60 * DAY }, []],
  [{ lifetime: 400 * DAY }, []],
  [{ lifetime: 400 * DAY + 1 }, [/ lifetime is more than 400 days \(400\); it is in seconds/]],
  [{ lifetime: 2 * HOUR * 1000, permanentLifetime: 30 * DAY * 1000 }, [/ permanentLifetime .* 400 days \(30000\)/]],
  [{ lifetime: 31 * DAY * 1000 }, [/ lifetime is more than 400 days \(31000\)/]],
  [{ absoluteLifetime: 31 * DAY * 1000 }, [/ absoluteLifetime is more than 400 days \(31000\)/]],
  [{ absoluteLifetime: 31 * DAY }, []],
  [{ absoluteLifetime: 31 * DAY - 1 }, [/absoluteLifetime is below a lifetime/]],
  [{ lifetime: HOUR, permanentLifetime: 30 * DAY, absoluteLifetime: DAY }, [/absoluteLifetime is below a lifetime/]],
  [{ lifetime: HOUR, permanentLifetime: Infinity, absoluteLifetime: 60 }, [/absoluteLifetime is below a lifetime/]],
  [{ absoluteLifetime: 0 }, [/absoluteLifetime is below a lifetime/]],
  [{ maxCookieSize: 4096 }, []], [{ maxCookieSize: 4097 }, [/maxCookieSize is above 4096 bytes/]],
  [{ maxCookieSize: 8000, lifetime: Infinity }, [/maxCookieSize/, /lifetime is Infinity/]]
]

t.test('options that are doubtful are warned of, each in one sentence', async (t) => {
  for (const [options, expected] of doubtful) {
    const { warnings } = resolveOptions({ secret: SECRET, ...options })
    t.equal(warnings.length, expected.length, JSON.stringify([options, warnings]))
    t.match(warnings, expected)
    t.notMatch(warnings.join('\n'), SECRET)
  }
})
