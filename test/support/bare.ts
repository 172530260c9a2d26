/**
 * The command and the arguments that run another program without NODE_OPTIONS, in which tap hands its loaders down to
 * every child.
 */
export function bare (command: string, args: readonly string[]): [command: string, args: string[]] {
  return ['env', ['-u', 'NODE_OPTIONS', command, ...args]]
}
