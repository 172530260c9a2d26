/** The middle of a list of numbers. NaN for an empty list. @param {readonly number[]} values */
export function median (values) {
  return quantile(values, 0.5)
}

/**
 * The value below which a share of the list lies, between neighbours in proportion. @param {readonly number[]} values
 * @param {number} share
 */
export function quantile (values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? NaN
  const above = sorted[Math.ceil(place)] ?? NaN
  return below + (above - below) * (place - Math.floor(place))
}

/**
 * The slope of a line through points by Theil and Sen: the median of the slopes of all pairs. A few points that lie
 * elsewhere, as the first samples of a heap do, do not move it.
 * @param {ReadonlyArray<readonly [x: number, y: number]>} points
 */
export function theilSen (points) {
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([otherX, otherY]) => (otherY - y) / (otherX - x))
  )
  return median(slopes)
}

/** A copy in random order (Fisher and Yates). @template Item @param {readonly Item[]} items @returns {Item[]} */
export function shuffled (items, random = Math.random) {
  const copy = [...items]
  for (let left = copy.length; left > 1; left--) {
    const chosen = Math.floor(random() * left)
    const last = /** @type {Item} */ (copy[left - 1])
    copy[left - 1] = /** @type {Item} */ (copy[chosen])
    copy[chosen] = last
  }
  return copy
}
