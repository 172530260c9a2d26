import { Markup, Tuple, UUID } from './product.js'

/** How many inputs of a kind take turns. */
export const INPUTS = 32

/** @template Made @param {(index: number) => Made} make */
export function several (make, count = INPUTS) {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** The same text in one piece, so that no variant pays for putting it together. */
export function flat (text) {
  return Buffer.from(text).toString()
}

/** About 140 bytes of JSON: who is signed in, and little else. */
export function smallSession (index) {
  return {
    user: `user-${10000 + index}`,
    email: `ada.lovelace.${10000 + index}@example.org`,
    csrf: randomText(index, 22),
    locale: 'en-GB',
    visits: 1000 + index,
    roles: ['editor', 'admin']
  }
}

/** About 700 bytes of JSON without a tag. */
export function mediumPlain (index) {
  return {
    ...smallSession(index),
    cart: several(
      (item) => ({
        sku: `SKU-${70000 + 17 * item + index}`,
        title: `Part no. ${item} of a set`,
        quantity: item + 1,
        price: 9.5 + item
      }),
      6
    ),
    address: { street: `${index + 1} St James's Square`, city: 'London', zip: 'SW1Y 4JH', country: 'GB' }
  }
}

/** The same with the types that Flask has tags for. */
export function mediumTagged (index) {
  return {
    ...smallSession(index),
    signedIn: new Date(Date.UTC(2026, 10, 1, 12, index, 30)),
    device: new UUID(`0f8fad5bd9cb469fa16570867728${(4096 + index).toString(16)}`),
    token: Buffer.from(randomText(index, 18)),
    notice: new Markup(`<b>Hello, user-${10000 + index}</b>`),
    _flashes: [new Tuple(['message', 'Your order was received']), new Tuple(['error', 'One part is not in stock'])],
    cart: several(
      (item) => ({
        sku: `SKU-${70000 + 17 * item + index}`,
        added: new Date(Date.UTC(2026, 10, 2, 8, item, index)),
        quantity: item + 1
      }),
      3
    ),
    address: { street: `${index + 1} St James's Square`, city: 'London', zip: 'SW1Y 4JH', country: 'GB' }
  }
}

/** About 700 bytes of JSON, with types that each of the serializers knows. */
export function mediumTyped (index) {
  return {
    ...smallSession(index),
    signedIn: new Date(Date.UTC(2026, 10, 1, 12, index, 30, 250)),
    balance: 9007199254740993n + BigInt(index),
    seen: new Set([`page-${index}`, 'help', 'search']),
    settings: new Map([['theme', 'dark'], ['density', 'compact']]),
    cart: several(
      (item) => ({
        sku: `SKU-${70000 + 17 * item + index}`,
        added: new Date(Date.UTC(2026, 10, 2, 8, item, index)),
        quantity: item + 1
      }),
      4
    ),
    address: { street: `${index + 1} St James's Square`, city: 'London', zip: 'SW1Y 4JH', country: 'GB' }
  }
}

/** About 3 KB of JSON without a tag. */
export function largePlain (index) {
  return {
    ...mediumPlain(index),
    history: several(
      (item) => ({
        path: `/articles/${2000 + item}/parts/${index}`,
        title: `Article ${item}: on engines that calculate`,
        seconds: 12 * item + index
      }),
      24
    )
  }
}

/** The same with tags of Flask's types. */
export function largeTagged (index) {
  return {
    ...mediumTagged(index),
    history: several(
      (item) => ({
        path: `/articles/${2000 + item}/parts/${index}`,
        title: `Article ${item}: on engines that calculate`,
        at: new Date(Date.UTC(2026, 10, 3, 9, item, index))
      }),
      22
    )
  }
}

/** Text of base64url's characters that is the same in every run. */
export function randomText (seed, length) {
  let state = seed + 1
  return Array.from({ length }, () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[Math.floor(state / 65536) % 64]
  }).join('')
}

/** About 1 KB of JSON, as an API would answer. */
export function kilobyte (index) {
  return {
    id: 20000 + index,
    title: `On engines that calculate, part ${index}`,
    author: { name: 'Ada Lovelace', email: 'ada.lovelace@example.org', born: 1815 },
    tags: ['mathematics', 'engines', 'history'],
    published: true,
    comments: several(
      (item) => ({
        id: item,
        by: `reader-${item}`,
        text: `Comment ${item} of ${index}: the engine weaves patterns`,
        likes: 3 * item
      }),
      8
    )
  }
}

/** A session of so many bytes of JSON, nearly: texts of a few words each. */
export function sized (bytes, index) {
  const words = []
  for (let left = bytes - 30; left > 0; left -= 35) words.push(randomText(1000 * index + left, Math.min(32, left)))
  return { user: 1000 + index, words }
}
