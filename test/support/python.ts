import { spawnSync } from 'node:child_process'

/**
 * A Python that has Flask, of the one that `PYTHON` names, the first of the path and the system's; undefined where none
 * has.
 */
export const python = [process.env.PYTHON || 'python3', '/usr/bin/python3'].find(
  (each) => spawnSync(each, ['-c', 'import flask']).status === 0
)
