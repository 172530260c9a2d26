import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { figure } from '../figures.js'
import { interleave, over } from '../harness.js'
import { flat, mediumTagged, several, smallSession } from '../payloads.js'
import { TaggedJSONSerializer, URLSafeTimedSerializer } from '../product.js'

const PYTHON = '/usr/bin/python3'
const SCRIPT = fileURLToPath(new URL('../flask_codec.py', import.meta.url))
const UNIT = 'x our time'
const sessions = { small: smallSession, medium: mediumTagged }
const KINDS = ['uncompressed', 'compressed']
const DIRECTIONS = ['dumps', 'loads']

/**
 * The same cookies by the real Flask and here, each reading what it wrote itself. Flask as it is always tries zlib, and
 * this package does where it is asked to; beside that both are timed with it and without.
 */
export async function flask ({ rounds }) {
  if (spawnSync(PYTHON, ['-c', 'import flask']).status !== 0) {
    return {
      figures: Object.keys(sessions).map((size) => figure(`flask-${size}`, null, UNIT)),
      notes: [`${PYTHON} has no Flask`]
    }
  }
  const secret = randomBytes(32).toString('hex')
  const python = new Python(secret)
  const versions = await python.line()
  try {
    return {
      figures: await compare(secret, python, rounds),
      notes: [`Flask ${versions.flask}, Python ${versions.python}`]
    }
  } finally {
    python.close()
  }
}

async function compare (secret, python, rounds) {
  const variants = {}
  for (const [size, make] of Object.entries(sessions)) {
    for (const kind of KINDS) {
      Object.assign(variants, await variantsOf(`${size}-${kind}`, several(make), secret, python, kind))
    }
  }
  const result = await interleave(variants, { rounds })
  return Object.keys(sessions).flatMap((size) => {
    const ratio = (direction, theirs, ours) =>
      result.ratio(`flask-${direction}-${size}-${theirs}`, `ours-${direction}-${size}-${ours}`)
    const asTheyAre = DIRECTIONS.map((direction) => [direction, ratio(direction, 'compressed', 'uncompressed')])
    return [
      figure(`flask-${size}`, Math.min(...asTheyAre.map(([, each]) => each)), `${UNIT}, each as it is by default`),
      ...asTheyAre.map(([direction, each]) =>
        figure(`flask-${size}-${direction}`, each, `${UNIT}, each as it is by default`)
      ),
      ...KINDS.flatMap((kind) =>
        DIRECTIONS.map((direction) =>
          figure(`flask-${size}-${direction}-${kind}`, ratio(direction, kind, kind), `${UNIT}, both ${kind}`)
        )
      )
    ]
  })
}

async function variantsOf (name, values, secret, python, kind) {
  const serializer = new URLSafeTimedSerializer(secret, {
    salt: 'cookie-session',
    digest: 'sha1',
    keyDerivation: 'hmac',
    maxAge: 3600,
    compress: true,
    serializer: new TaggedJSONSerializer({ format: 'flask' })
  })
  const writer = kind === 'compressed'
    ? serializer
    : new URLSafeTimedSerializer(secret, {
      salt: 'cookie-session',
      digest: 'sha1',
      keyDerivation: 'hmac',
      maxAge: 3600,
      serializer: new TaggedJSONSerializer({ format: 'flask' })
    })
  const cookies = values.map((value) => flat(writer.dumps(value)))
  const names = values.map((_, index) => `${name}-${index}`)
  for (const [index, value] of values.entries()) {
    const theirs = await python.ask({ load: { name: names[index], cookie: cookies[index] } })
    assert.deepEqual(serializer.loads(theirs[kind]), value)
  }
  const inPython = (direction) => ({ time: (times) => python.ask({ run: { kind, direction, names, times } }) })
  return {
    [`ours-dumps-${name}`]: over(values, (value) => writer.dumps(value)),
    [`ours-loads-${name}`]: over(cookies, (cookie) => writer.loads(cookie)),
    [`flask-dumps-${name}`]: inPython('dumps'),
    [`flask-loads-${name}`]: inPython('loads')
  }
}

/** A process that answers each line with one. */
class Python {
  #process
  #lines

  constructor (secret) {
    this.#process = spawn(PYTHON, [SCRIPT, secret], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]()
  }

  async ask (request) {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    return await this.line()
  }

  async line () {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('Python ended')
    return JSON.parse(value)
  }

  close () {
    this.#process.stdin.end()
  }
}
