import t from 'tap'

/**
 * What `skip` is for tests that cannot run for a reason, which undefined says there is none of. Where nothing may be
 * left out, the reason is a failure too.
 */
export function skipFor (reason: string | undefined): string | false {
  if (reason === undefined) return false
  if (process.env.CI || process.env.FSS_REQUIRE_ALL) t.fail(reason)
  return reason
}
