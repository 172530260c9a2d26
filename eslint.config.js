import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: resolveIgnoresFromGitignore() }),
  // A value and a type may share a name, as `Session` does; tsc refuses real redeclarations.
  { files: ['**/*.ts'], rules: { '@typescript-eslint/no-redeclare': 'off' } },
  {
    ignores: ['lib/{errors,path,index,option-checks}.ts', 'lib/{fastify,json}/{json-,request-json,decorate,ambient,body,media,scope,response,discard,encaps,sites,server,test-client}*',
      'lib/json/**', 'lib/cookies/cookie-jar.ts', 'lib/signing/{keys,serializer}.ts'],
    rules: { '@stylistic/max-len': ['error', { code: 120 }] }
  }
]
