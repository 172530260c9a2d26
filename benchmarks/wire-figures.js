import { estimate } from './bootstrap.js'
import { figure, written } from './figures.js'
import { line } from './report.js'
import { median } from './statistics.js'

/** @import { Estimate, Samples } from './bootstrap.js' */
/** @import { Figure } from './figures.js' */

/**
 * What one process took: microseconds of processor time a request, and requests per second.
 * @typedef {{ user: number, total: number, perSecond: number }} Sample
 * @typedef {'user' | 'total'} Time
 * @typedef {Record<string, readonly Sample[]>} Measured by the kind of session
 */

/** @type {readonly Time[]} */
const TIMES = ['user', 'total']
const WIDTH = 20

/**
 * The figures of one use of the session. What a kind adds is the median of its processes less that of bare Fastify's.
 * Where the session is untouched, the least adds too little for a ratio to it.
 * @param {string} use
 * @param {Measured} measured
 * @param {readonly string[]} peers the kinds that this package is compared with
 */
export function wireFigures (use, measured, peers) {
  const times = { user: samplesOf(measured, 'user'), total: samplesOf(measured, 'total') }
  return [
    ...TIMES.flatMap((time) => [
      ...use === 'untouched' ? [] : ratiosToLeast(`wire-${use}-${time}`, times[time]),
      ...additions(`wire-${use}-${time}-us`, times[time])
    ]),
    asFigure(`wire-${use}-peer`, 'x the time that the best peer adds', estimate(times.total, againstBest(peers))),
    ...Object.entries(measured).map(([kind, list]) =>
      figure(`wire-${use}-per-second-${kind}`, median(list.map(({ perSecond }) => perSecond)), 'requests per second'))
  ]
}

/** @param {Measured} measured @param {Time} time @returns {Samples} */
function samplesOf (measured, time) {
  return Object.fromEntries(Object.entries(measured).map(([kind, list]) => [kind, list.map((sample) => sample[time])]))
}

/** @param {string} name @param {Samples} samples */
function ratiosToLeast (name, samples) {
  const ratio = (/** @type {string} */ kind) =>
    estimate(samples, (drawn) => quotient(added(drawn, kind), added(drawn, 'least')))
  return Object.keys(samples).filter((kind) => kind !== 'bare').map((kind) =>
    asFigure(kind === 'ours' ? name : `${name}-${kind}`, 'x what the least adds', ratio(kind)))
}

/** Of bare Fastify, to which nothing is added, the whole. @param {string} name @param {Samples} samples */
function additions (name, samples) {
  return Object.keys(samples).map((kind) => kind === 'bare'
    ? asFigure(`${name}-bare`, 'µs a request', estimate(samples, (drawn) => median(of(drawn, 'bare'))))
    : asFigure(`${name}-${kind}`, 'µs added to a request', estimate(samples, (drawn) => added(drawn, kind))))
}

/** @param {readonly string[]} peers @returns {(samples: Samples) => number} */
function againstBest (peers) {
  return (samples) => quotient(added(samples, 'ours'), Math.min(...peers.map((peer) => added(samples, peer))))
}

/**
 * Infinity where what is compared with adds nothing, as it can in a short run.
 * @param {number} time
 * @param {number} base
 */
function quotient (time, base) {
  return base > 0 ? time / base : Infinity
}

/** @param {Samples} samples @param {string} kind */
function added (samples, kind) {
  return median(of(samples, kind)) - median(of(samples, 'bare'))
}

/** @param {Samples} samples @param {string} kind */
function of (samples, kind) {
  return /** @type {readonly number[]} */ (samples[kind])
}

/** @param {string} name @param {string} unit @param {Estimate} estimated */
function asFigure (name, unit, { value, spread }) {
  return figure(name, Number.isFinite(value) ? value : null, unit, spread)
}

/**
 * The figures of one use as lines for the terminal: a table of all kinds, then those that have a target.
 * @param {string} use
 * @param {readonly Figure[]} figures those of `wireFigures`
 * @param {readonly string[]} kinds
 */
export function describeWire (use, figures, kinds) {
  const cell = (/** @type {string} */ name) => withSpread(figures.find((each) => each.name === name))
  const rows = kinds.map((kind) => [kind, ...TIMES.flatMap((time) => [
    cell(`wire-${use}-${time}-us-${kind}`),
    cell(kind === 'ours' ? `wire-${use}-${time}` : `wire-${use}-${time}-${kind}`)
  ]), cell(`wire-${use}-per-second-${kind}`)])
  const header = [use, 'user µs', 'x the least', 'total µs', 'x the least', 'requests/s']
  return [header, ...rows].map(inColumns).concat(figures.filter(({ target }) => target !== null).map(line), '')
}

/** @param {Figure | undefined} figure */
function withSpread (figure) {
  if (figure?.spread === undefined) return written(figure?.value)
  return `${written(figure.value)} (${figure.spread.map(written).join('–')})`
}

/** @param {readonly string[]} cells */
function inColumns (cells) {
  return cells.map((cell, index) => index === 0 ? cell.padEnd(WIDTH) : cell.padStart(WIDTH)).join('')
}
