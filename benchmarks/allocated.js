import { Session } from 'node:inspector/promises'

/** Bytes between two allocations that are looked at, on average. */
const INTERVAL = 512

/** Of a sampled heap profile. @typedef {{ selfSize: number, children: Node[] }} Node */

/**
 * The bytes that each of so many runs allocates, of which most are garbage soon. They are told from samples, so that it
 * makes no difference how fast the machine is or how busy.
 * @param {(times: number) => Promise<void>} run @param {number} times
 */
export async function allocatedBy (run, times) {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: INTERVAL,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true
  })
  await run(times)
  const { profile } = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  return bytesOf(profile.head) / times
}

/** @param {Node} node @returns {number} */
function bytesOf ({ selfSize, children }) {
  return children.reduce((sum, child) => sum + bytesOf(child), selfSize)
}
