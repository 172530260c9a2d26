import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: resolveIgnoresFromGitignore() }),
  // A value and a type may share a name, as `Session` does; tsc refuses real redeclarations.
  { files: ['**/*.ts'], rules: { '@typescript-eslint/no-redeclare': 'off' } },
  {
    ignores: ['lib/path.ts', 'lib/index.ts', 'lib/{json,session}/**', 'lib/signing/{encoding,mac,signer}.ts',
      'lib/fastify/{plugin,request-session,session-*,lost-changes,https}.ts'],
    rules: { '@stylistic/max-len': ['error', { code: 120 }] }
  }
]
