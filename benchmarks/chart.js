import { written } from './figures.js'
import { KIND_TITLES, USE_TITLES } from './report.js'

/** @import { Figure } from './figures.js' */

const WIDTH = 760
const LABELS = 210
const BARS = WIDTH - LABELS - 60
const BAR = 20
const GROUP = Object.keys(KIND_TITLES).length * BAR + 44
const TOP = 34

/**
 * The time that each kind of session adds to a request, as an SVG that can be read on light and on dark. @param
 * {readonly Figure[]} figures
 */
export function chart (figures) {
  const value = (/** @type {string} */ use, /** @type {string} */ kind) =>
    Math.max(
      0,
      figures.find(({ name }) => name === (kind === 'ours' ? `request-${use}` : `request-${use}-${kind}`))?.value ?? 0
    )
  const groups = Object.entries(USE_TITLES).map(([use, title]) => ({
    title,
    bars: Object.entries(KIND_TITLES).map(([kind, label]) => ({
      label,
      isOurs: kind === 'ours',
      value: value(use, kind)
    }))
  }))
  const longest = Math.max(...groups.flatMap(({ bars }) => bars.map((bar) => bar.value)), Number.MIN_VALUE)
  const height = TOP + groups.length * GROUP
  const description = groups
    .map(({ title, bars }) => `${title}: ${bars.map((bar) => `${bar.label} ${written(bar.value)}`).join(', ')}`)
    .join('. ')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
    `width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">Time that a session adds to a request, in HMACs of its cookie; less is better</title>
<desc id="description">${escape(description)}.</desc>
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.head { font-weight: 600 }
rect { fill: #8c959f }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  rect { fill: #6e7681 }
  .ours { fill: #58a6ff }
}
</style>
<text x="0" y="16" class="head">Added to a request, in HMACs of the same cookie (less is better)</text>
${groups.map((group, index) => drawGroup(group, TOP + index * GROUP, longest)).join('\n')}
</svg>
`
}

/**
 * @param {{ title: string, bars: ReadonlyArray<{ label: string, isOurs: boolean, value: number }> }} group
 * @param {number} top @param {number} longest
 */
function drawGroup ({ title, bars }, top, longest) {
  return [`<text x="0" y="${top + 22}" class="head">${escape(title)}</text>`, ...bars.map((bar, index) => {
    const y = top + 32 + index * BAR
    const width = (bar.value / longest * BARS).toFixed(1)
    return `<text x="${LABELS - 8}" y="${y + 12}" text-anchor="end">${escape(bar.label)}</text>` +
      `<rect x="${LABELS}" y="${y}" width="${width}" height="${BAR - 6}" rx="2"${bar.isOurs ? ' class="ours"' : ''}/>` +
      `<text x="${LABELS + Number(width) + 6}" y="${y + 12}">${written(bar.value)}</text>`
  })].join('\n')
}

/** @param {string} text */
function escape (text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
