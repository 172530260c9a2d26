import { createHash, createSecretKey } from 'node:crypto'
import t from 'tap'
import { checkedSecrets } from '../lib/signing/secret-rules.ts'

const SEED = 20261125
const RANDOM = 5000
/** 32 bytes. */
const UNIT = 'kX9!vQ2#mZ7$bL4%tR8&nW3*cJ6(hF5)'

/** Why a secret is refused, or undefined. */
function problemOf (secret: string | Uint8Array): string | undefined {
  try {
    checkedSecrets(secret, [], 'secret')
    return undefined
  } catch (error) {
    return /^The secret (.*?): make one with /.exec((error as Error).message)![1]!
  }
}

const weak: Record<string, string[]> = {
  'repeats fewer than 32 bytes again and again': [
    'keyboard cat keyboard cat keyboard cat', 'keyboard cat keyboard cat keyboard cat!',
    'hunter2hunter2hunter2hunter2hunter2x', '01234567890123456789012345678901', '0123456789abcdef0123456789abcdef',
    'aB3dE5gH'.repeat(4), 'aB3dE5gH'.repeat(40) + 'aB3',
    UNIT.slice(1) + UNIT.slice(1), UNIT.slice(1) + UNIT.slice(1, 17)
  ],
  'is a run such as abcdef or 654321': [
    'abcdefghijklmnopqrstuvwxyz123456', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 'zyxwvutsrqponmlkjihgfedcba987654321',
    'top_secret ' + 'a'.repeat(39), 'abcdefgh12345678ijklmnop87654321', '111122223333444455556666777788889999',
    'aabbccddeeffgghhiijjkkllmmnnoopp'
  ],
  'is a placeholder or a published example': [
    'change_me_change_me_change_me_now', '<Replace this> by something that is really random',
    'a secret with minimum length of 32 characters', 'secret with minimum length of 32 characters',
    'a string which is longer than 32 characters', 'averylogphrasebiggerthanthirtytwochars',
    'complex_password_at_least_32_characters_long', 'password-should-be-32-characters',
    'cookie-password-must-be-32-characters-or-more', 'your-secret-key-here-your-secret-key-here',
    'Your Super Secret Passphrase, 0123', 'super-secret-change-this-in-production',
    "$(node -p \"crypto.randomBytes(32).toString('base64url')\")", 'qwertyuiopasdfghjklzxcvbnm123456',
    '3c8b1e-a4f7-9d26-please-change-me', 'x7Kq2-this-value-should-be-changed-x7', 'kX9!vQ2#mZ7$bL4%tR8&nW3 replace it',
    'a-string-secret-at-least-256-bits-long', 'this key must have at least 32 bytes', 'INSERT_A_LONG_RANDOM_VALUE_HERE',
    'Paste your own random text of some length here', '<your secret here>', 'supersecretkeyforthesessioncookies',
    'my-super-secret-that-nobody-will-ever-guess', 'your-key-goes-here-your-key-goes-here',
    '[object Object] kX9!vQ2#mZ7$bL4%tR8&', 'undefined:kX9!vQ2#mZ7$bL4%tR8&nW3*',
    'null-null-kX9!vQ2#mZ7$bL4%tR8&nW3*', 'asdfghjkl;1234567890-secret-text', 'ZXCVBNM,./kX9!vQ2#mZ7$bL4%tR8&nW3*',
    '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,', '!QAZ@WSX#EDC$RFV%TGB^YHN&UJM*IK<',
    '!wsYhFA*C2U6nz=Bu^%A@^F#SF3&kSR6',
    '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf',
    '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7', '80d42cfb-1cd2-462c-8f17-e3237d9027e9'
  ]
}

for (const [problem, secrets] of Object.entries(weak)) {
  t.test(`a secret is refused, and told of where a format allows it, that ${problem}`, async (t) => {
    for (const secret of secrets) {
      t.equal(problemOf(secret), problem, secret)
      t.equal(problemOf(Buffer.from(secret)), problem)
      const warnings: string[] = []
      const key = createSecretKey(Buffer.from(secret))
      t.strictSame(checkedSecrets(key, [secret], 'secret', (warning) => { warnings.push(warning) }), [key, secret])
      t.match(warnings, [`The secret ${problem}: `, `The secret fallbacks[0] ${problem}: `])
      for (const warning of warnings) t.notOk(warning.includes(secret))
    }
  })
}

t.test('a passphrase that only holds parts of such texts is taken', async (t) => {
  for (const secret of [
    'exchange medium of the harbour pilots', 'the lighthouse here nullifies all fog',
    'insert eleven copper nails in the oak'
  ]) {
    t.equal(problemOf(secret), undefined, secret)
  }
})

t.test('a secret is taken that is long enough without its repetition or run', async (t) => {
  const repeating = [UNIT + UNIT, UNIT + UNIT.slice(0, 20), UNIT.slice(1) + UNIT.slice(1, 16)]
  for (const secret of [UNIT, ...repeating, UNIT + '0123456789'.repeat(3), '0123456789' + UNIT]) {
    t.equal(problemOf(secret), undefined, secret)
  }
})

// By chance one of 900 million secrets in base64 holds the shortest pattern, `zxcvbnm`: 37 places, 32 ** 7 texts. The
// rules of runs and repetitions are met less often still. So the odds against this test are below 1 in 20,000.
t.test(`of ${6 * RANDOM} random secrets none is refused, however it is written (seed ${SEED})`, async (t) => {
  t.comment(`seed ${SEED}`)
  const refused: string[] = []
  for (let n = 0; n < RANDOM; n++) {
    const bytes = createHash('sha256').update(`${SEED} ${n}`).digest()
    const texts = (['base64', 'base64url', 'hex'] as const).map((encoding) => bytes.toString(encoding))
    for (const secret of [bytes, ...texts, texts[0]!.slice(0, 32), texts[2]!.slice(0, 32)]) {
      if (problemOf(secret) !== undefined) refused.push(`${n} ${problemOf(secret)}`)
    }
  }
  t.strictSame(refused, [])
})
