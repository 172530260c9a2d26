import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'

const HOST = '127.0.0.1'

/** Where a server listens. */
export interface Listening {
  readonly port: number
}

/**
 * How a client of each kind is made for one server or for the nodes of a cluster, and what of it a store uses. Commands
 * fail where there is no connection, as the documentation of the stores advises.
 */
export const redisClients = [
  {
    name: 'node-redis',
    methods: ['get', 'evalSha', 'eval'],
    connect: async ([{ port }]: readonly Listening[]) => {
      const client = createClient({ socket: { host: HOST, port }, disableOfflineQueue: true })
      return await client.on('error', () => {}).connect()
    },
    connectCluster: async (nodes: readonly Listening[]) => {
      return await createCluster({ rootNodes: nodes.map(({ port }) => ({ socket: { host: HOST, port } })) }).connect()
    },
    close: (client: { destroy (): void }) => client.destroy()
  },
  {
    name: 'ioredis',
    methods: ['get', 'evalsha', 'eval'],
    connect: async ([{ port }]: readonly Listening[]) => {
      const client = new Redis(port, HOST, { enableOfflineQueue: false, lazyConnect: true }).on('error', () => {})
      await client.connect()
      return client
    },
    connectCluster: async (nodes: readonly Listening[]) => {
      return new Cluster(nodes.map(({ port }) => ({ host: HOST, port })))
    },
    close: (client: { disconnect (): void }) => client.disconnect()
  }
] as const
