/** A wrong call of the program: exit code 2. Its message quotes no value but names of files and variables. */
export class UsageError extends Error {}

/** Text that holds no cookie, or no JSON of a session: exit code 1. Its message quotes no value. */
export class BadInput extends Error {}

/** What `run` returns. What it throws is a refusal with the same message. */
export function refusing<Result> (Refusal: new (message: string) => Error, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw new Refusal((error as Error).message)
  }
}
