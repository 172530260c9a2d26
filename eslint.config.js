import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: resolveIgnoresFromGitignore() }),
  // A value and a type may share a name, as `Session` does; tsc refuses real redeclarations.
  { files: ['**/*.ts'], rules: { '@typescript-eslint/no-redeclare': 'off' } },
  {
    rules: { '@stylistic/max-len': ['error', { code: 120 }] }
  }
]
