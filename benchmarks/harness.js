import { median, shuffled } from './statistics.js'

const NANOSECONDS = 1e6 // in a millisecond
const MICROSECONDS = 1e3
/** Milliseconds that each variant runs before it counts, for V8 to have compiled it. */
const WARM_UP = 300

/**
 * Times variants of one thing beside each other: every round runs each of them once, in another order each time, for
 * about `slice` milliseconds. A machine that changes its speed changes it for all of them, so what counts are the
 * ratios inside of a round.
 *
 * A variant runs itself the given number of times; one that returns a promise is waited for. Each slice begins with a
 * clean young generation, so that none pays for the garbage of the one before it. A variant that lives in another
 * process has a method `time`, which tells the nanoseconds of one time.
 * @param {Record<string, ((times: number) => unknown) | { time: (times: number) => Promise<number> }>} variants
 * @param {{ rounds: number, slice?: number }} options
 */
export async function interleave (variants, { rounds, slice = 4 }) {
  const names = Object.keys(variants)
  const times = await calibrate(variants, slice)
  const measured = new Map(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(names)) measured.get(name).push(await time(variants[name], times.get(name)))
  }
  return new Rounds(measured)
}

/**
 * How often each variant runs in `slice` milliseconds, once all of them are warm: by the quickest of the last trials.
 */
async function calibrate (variants, slice) {
  const names = Object.keys(variants)
  const spent = new Map(names.map((name) => [name, []]))
  for (let warm = 0; warm < WARM_UP; warm += 2 * slice) {
    for (const name of names) {
      const trials = spent.get(name)
      trials.push(await time(variants[name], timesFor(2 * slice, trials.at(-1) ?? 1e5)))
    }
  }
  return new Map(names.map((name) => [name, timesFor(slice, Math.min(...spent.get(name).slice(-10)))]))
}

function timesFor (milliseconds, each) {
  return Math.max(16, Math.round(milliseconds * NANOSECONDS / each))
}

/** Nanoseconds of processor time of one run: waiting for a core that other programs hold does not count. */
export async function time (variant, times) {
  if (typeof variant !== 'function') return variant.time(times)
  globalThis.gc({ type: 'minor' })
  const before = process.cpuUsage()
  const result = variant(times)
  if (result instanceof Promise) await result
  const { user, system } = process.cpuUsage(before)
  return (user + system) * NANOSECONDS / MICROSECONDS / times
}

/** Nanoseconds of every variant in every round. */
export class Rounds {
  #measured

  constructor (measured) {
    this.#measured = measured
  }

  /** The median of a figure that is worked out for every round from the nanoseconds of its variants. */
  figure (fromRound) {
    const rounds = this.#measured.values().next().value.length
    return median(Array.from({ length: rounds }, (_, round) => fromRound((name) => this.#measured.get(name)[round])))
  }

  /** How many times longer `name` takes than `base`. */
  ratio (name, base) {
    return this.figure((of) => of(name) / of(base))
  }

  /** Nanoseconds: they are good for orders of magnitude only. */
  nanoseconds (name) {
    return this.figure((of) => of(name))
  }
}

/** The last result, so that no work can be left out as unused. */
export let sink

/** A variant that applies `work` to one input after the other. The number of inputs is a power of two. */
export function over (inputs, work) {
  const mask = inputs.length - 1
  return (times) => {
    for (let i = 0; i < times; i++) sink = work(inputs[i & mask])
  }
}
