import { Decimal } from 'decimal.js'
import Fastify from 'fastify'
import sessionPlugin, { DefaultJSONProvider } from 'fastify-signed-session'

/** What Python would call a dataclass. */
class Item {
  #stock = 3

  /** @param {string} sku @param {Decimal} price */
  constructor (sku, price) {
    this.sku = sku
    this.price = price
  }

  get inStock () {
    return this.#stock > 0
  }
}

/** Says how three types are written, and leaves the others to the provider it extends. */
export class CustomJSONProvider extends DefaultJSONProvider {
  /** @override @param {unknown} value @returns {unknown} */
  default (value) {
    if (value instanceof Date) return value.toISOString().replace(/\.\d+Z$/, 'Z')
    if (value instanceof Decimal) return value.toNumber()
    if (value instanceof Item) return { ...value, inStock: value.inStock }
    return super.default(value)
  }
}

/** Sorts the keys of all it writes, and keeps all it reads from being changed. */
export class StrictJSONProvider extends DefaultJSONProvider {
  /** @override @param {unknown} value @param {import('fastify-signed-session').DumpsOptions} [options] */
  dumps (value, options) {
    return super.dumps(value, { sortKeys: true, ...options })
  }

  /** @override @param {string | Uint8Array} source @param {import('fastify-signed-session').LoadsOptions} [options] */
  loads (source, options) {
    return Object.freeze(super.loads(source, options))
  }
}

/** No space anywhere, in debug neither. */
export class CompactJSONProvider extends DefaultJSONProvider {
  /** @override */
  compact = true
}

/** Indented and sorted in debug, everywhere. */
export class PrettyJSONProvider extends DefaultJSONProvider {
  /** @override @param {unknown} value @param {import('fastify-signed-session').DumpsOptions} [options] */
  dumps (value, options) {
    return super.dumps(value, this.debug ? { indent: 2, sortKeys: true, ...options } : options)
  }
}

/**
 * One provider for the application, and one of its own for each of two scopes.
 * @param {string | Buffer} secret
 */
export async function build (secret) {
  const app = Fastify()
  await app.register(sessionPlugin, { secret, json: CustomJSONProvider })
  app.get('/api/order/:id', async (request, reply) => reply.jsonify(order(request)))
  await app.register(async (scope) => {
    scope.json = new CompactJSONProvider({ debug: true })
    scope.get('/compact/:id', async (request, reply) => reply.jsonify(order(request)))
  })
  await app.register(async (scope) => {
    scope.json = new PrettyJSONProvider({ debug: true })
    scope.get('/pretty/:id', async (request, reply) => reply.jsonify({ b: 1, a: request.params }))
  })
  return app
}

/** @param {import('fastify').FastifyRequest} request */
function order (request) {
  const { id } = /** @type {{ id: string }} */ (request.params)
  return {
    id: Number(id),
    created_at: new Date(0),
    total: new Decimal('39.98'),
    tags: new Set(['new']),
    items: [new Item('pencil', new Decimal('19.99'))]
  }
}
