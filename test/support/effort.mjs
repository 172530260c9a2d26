/**
 * How often something is repeated: `usual` times, or `long` times with `FSS_LONG=1`, as `.ci/long` sets it.
 * @param {number} usual @param {number} long
 */
export function times (usual, long) {
  return process.env.FSS_LONG === '1' ? long : usual
}
