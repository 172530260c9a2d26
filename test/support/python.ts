import { spawnSync } from 'node:child_process'

/** A Python that has a module, of the one that `PYTHON` names, the first of the path and the system's. */
export function pythonWith (module: string): string | undefined {
  return [process.env.PYTHON || 'python3', '/usr/bin/python3'].find(
    (each) => spawnSync(each, ['-c', `import ${module}`]).status === 0
  )
}

/** A Python that has Flask; undefined where none has. */
export const python = pythonWith('flask')
