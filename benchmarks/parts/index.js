/** The parts in their order, loaded when they run. */
export const parts = {
  codec: { run: async (options) => (await import('./codec.js')).codec(options) },
  encryption: { run: async (options) => (await import('./encryption.js')).encryption(options) },
  serializer: { run: async (options) => (await import('./serializer.js')).serializers(options) },
  request: { run: async (options) => (await import('./request.js')).request(options) },
  wire: { run: async (options) => (await import('./wire.js')).wire(options) },
  store: { run: async (options) => (await import('./store.js')).stores(options) },
  flask: { run: async (options) => (await import('./flask.js')).flask(options) },
  memory: { run: async (options) => (await import('./memory.js')).memory(options) },
  allocation: { run: async (options) => (await import('./allocation.js')).allocation(options) },
  jsonify: { run: async (options) => (await import('./jsonify.js')).jsonify(options) },
  reading: { run: async (options) => (await import('./reading.js')).reading(options) },
  growth: { run: async (options) => (await import('./growth.js')).growth(options) }
}
