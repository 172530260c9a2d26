/** The parts in their order, loaded when they run. */
export const parts = {
  codec: { run: async (options) => (await import('./codec.js')).codec(options) },
  serializer: { run: async (options) => (await import('./serializer.js')).serializers(options) },
  request: { run: async (options) => (await import('./request.js')).request(options) }
}
