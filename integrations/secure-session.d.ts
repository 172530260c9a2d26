/** Stands for the types of @fastify/secure-session, which @fastify/flash adds to and which redefine `request.session`. */
export * from 'fastify-signed-session'
