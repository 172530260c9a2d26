import type { FastifyInstance } from 'fastify'

/** The fields of all forms. `current` is a password that is compared, whatever the rules were when it was chosen. */
const fields = {
  email: { type: 'string', maxLength: 254, pattern: '^[^\\s\\p{C}@]+@[^\\s\\p{C}@]+$' },
  password: { type: 'string', minLength: 12, maxLength: 200 },
  current: { type: 'string', maxLength: 200 },
  token: { type: 'string' },
  remember: { type: 'string', enum: ['yes'] },
  next: { type: 'string' }
}

/** What a form or a query may hold: fields that are required, and others. */
export function form (required: Array<keyof typeof fields>, others: Array<keyof typeof fields> = []): object {
  const properties = Object.fromEntries([...required, ...others].map((name) => [name, fields[name]]))
  return { type: 'object', required, additionalProperties: false, properties }
}

export function addForms (app: FastifyInstance): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })
}
