// An application of one kind, on a free port of this host. Sends the parent its port and its cookies, and ends with it.
import { buildApplication, cookieOf } from './applications.js'
import { several } from './payloads.js'

const [kind] = process.argv.slice(2)
const app = await buildApplication(kind)
const cookies = []
for (const index of several((each) => each)) cookies.push(await cookieOf(app, index))
await app.listen({ port: 0, host: '127.0.0.1' })
process.on('disconnect', () => process.exit())
process.send({ port: app.server.address().port, cookies: cookies[0] === undefined ? [] : cookies })
