import { join } from 'node:path'
import type { Test } from 'tap'
import ts from 'typescript'

/** What the compiler says of codes as modules, by the strict settings of this repository. */
export function problemsOf (t: Test, codes: readonly string[]): string[] {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.')
  const files = codes.map((code, index) => [`${index}.mts`, `${code}export {}\n`] as const)
  const folder = t.testdir(Object.fromEntries(files))
  const program = ts.createProgram(files.map(([name]) => join(folder, name)), options)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText, file }) => `${file?.text.slice(0, 40)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}
