/** Every order of a few things.
 * @template T
 * @param {T[]} list
 * @returns {T[][]}
 */
export function ordersOf (list) {
  if (list.length < 2) return [list]
  return list.flatMap((first, index) => ordersOf(list.toSpliced(index, 1)).map((rest) => [first, ...rest]))
}
