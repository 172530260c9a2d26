import { types } from 'node:util'
import { hasMemory } from './bytes.ts'
import { attempt, describeType, hasKnownClass } from './kinds.ts'

/** What to do about an object that cannot be kept; `otherwise` is for one that nothing else fits. */
export function adviceFor (value: object, otherwise: string): string {
  if (types.isPromise(value)) return 'await it'
  if (types.isBoxedPrimitive(value)) return 'store the primitive'
  if (isIterator(value)) return 'spread it into a list'
  if (isSession(value)) return 'store what its data() returns'
  if (!hasKnownClass(value)) return otherwise
  if (types.isUint8Array(value) && !hasMemory(value)) return 'its memory was transferred or cut, so copy it before that'
  return 'it has own properties, so store these beside it'
}

const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([].values()))

function isIterator (value: object): boolean {
  const { isPrototypeOf } = Object.prototype
  return types.isGeneratorObject(value) || attempt(() => isPrototypeOf.call(IteratorPrototype, value)) === true
}

/** Told by name and method, since nothing here knows of sessions. Reads no property of it, which would open it. */
function isSession (value: object): boolean {
  return describeType(value) === 'an object of class Session' &&
    attempt(() => 'regenerate' in Object.getPrototypeOf(value)) === true
}
