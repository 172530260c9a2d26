/** The program was called in a way that it cannot follow. Its message names no value but those of file names. */
export class UsageError extends Error {}
