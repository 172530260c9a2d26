import assert from 'node:assert/strict'
import * as devalue from 'devalue'
import { fromJSON, toJSON } from 'seroval'
import superjson from 'superjson'
import { figure } from '../figures.js'
import { interleave, over } from '../harness.js'
import {
  flat, largePlain, largeTagged, mediumPlain, mediumTagged, mediumTyped, several, smallSession
} from '../payloads.js'
import { TaggedJSONSerializer, Tuple } from '../product.js'

const serializer = new TaggedJSONSerializer()

const untagged = { small: smallSession, medium: mediumPlain, large: largePlain }
const tagged = { small: smallTagged, medium: mediumTagged, large: largeTagged }

/** Tags against plain JSON of the same text, and against other serializers that keep types. */
export async function serializers ({ rounds }) {
  return [...await againstJSON(rounds), ...await againstOthers(rounds)]
}

function smallTagged (index) {
  return { ...smallSession(index), _flashes: [new Tuple(['message', 'Saved'])] }
}

async function againstJSON (rounds) {
  const figures = []
  for (const [kind, sessions] of Object.entries({ untagged, tagged })) {
    const variants = {}
    for (const [size, make] of Object.entries(sessions)) Object.assign(variants, plainAndTagged(size, several(make)))
    const result = await interleave(variants, { rounds })
    for (const [name, base] of [['tag', 'stringify'], ['untag', 'parse']]) {
      const unit = `x JSON.${base} of the same text`
      const ratios = Object.keys(sessions).map((size) => [size, result.ratio(`${name}-${size}`, `${base}-${size}`)])
      figures.push(
        figure(`${name}-${kind}`, Math.max(...ratios.map(([, ratio]) => ratio)), `${unit}, the largest of three sizes`)
      )
      figures.push(...ratios.map(([size, ratio]) => figure(`${name}-${kind}-${size}`, ratio, unit)))
    }
  }
  return figures
}

/** Plain JSON works on the tree that the tags make, and so on the same text. */
function plainAndTagged (size, values) {
  const texts = values.map((value) => flat(serializer.dumps(value)))
  const trees = texts.map((text) => JSON.parse(text))
  texts.forEach((text, index) => {
    assert.equal(JSON.stringify(trees[index]), text)
    assert.deepEqual(serializer.loads(text), values[index])
  })
  return {
    [`stringify-${size}`]: over(trees, (tree) => JSON.stringify(tree)),
    [`tag-${size}`]: over(values, (value) => serializer.dumps(value)),
    [`parse-${size}`]: over(texts, (text) => JSON.parse(text)),
    [`untag-${size}`]: over(texts, (text) => serializer.loads(text))
  }
}

const others = {
  ours: { dumps: (value) => serializer.dumps(value), loads: (text) => serializer.loads(text) },
  superjson: { dumps: (value) => superjson.stringify(value), loads: (text) => superjson.parse(text) },
  devalue: { dumps: (value) => devalue.stringify(value), loads: (text) => devalue.parse(text) },
  seroval: { dumps: (value) => JSON.stringify(toJSON(value)), loads: (text) => fromJSON(JSON.parse(text)) }
}

async function againstOthers (rounds) {
  const sessions = { small: smallSession, medium: mediumTyped, large: largePlain }
  const variants = {}
  for (const [size, make] of Object.entries(sessions)) {
    const values = several(make)
    for (const [name, { dumps, loads }] of Object.entries(others)) {
      const texts = values.map((value) => flat(dumps(value)))
      texts.forEach((text, index) => { assert.deepEqual(loads(text), values[index]) })
      variants[`${name}-dumps-${size}`] = over(values, dumps)
      variants[`${name}-loads-${size}`] = over(texts, loads)
    }
  }
  const result = await interleave(variants, { rounds })
  return ['superjson', 'devalue', 'seroval'].flatMap((name) => ['dumps', 'loads'].flatMap((direction) => {
    const ratios = Object.keys(sessions).map((size) => [
      size,
      result.ratio(`${name}-${direction}-${size}`, `ours-${direction}-${size}`)
    ])
    return [
      figure(
          `${name}-${direction}`,
          Math.min(...ratios.map(([, ratio]) => ratio)),
          'x our time, the smallest of three sizes'
      ),
      ...ratios.map(([size, ratio]) => figure(`${name}-${direction}-${size}`, ratio, 'x our time'))
    ]
  }))
}
