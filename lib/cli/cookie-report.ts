import { createHash } from 'node:crypto'
import { BadData, BadPayload, BadSignature, BadTimeSignature, SignatureExpired } from '../errors.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { copyOf, splitPayload } from '../session/beside.ts'
import { type SecureCookieSessionInterface, weights } from '../session/cookie-interface.ts'
import { idInText } from '../session/session-id.ts'
import type { SessionSettings } from '../session/settings.ts'
import { isEncrypted } from '../signing/encoding.ts'
import { StoreKeys } from '../stores/store-keys.ts'
import type { Opened } from '../wire/codec.ts'
import { type FormatName, formats } from '../wire/formats.ts'

/** An application that may have signed the cookie. */
export interface Application {
  /** Where its secret was found; undefined where there is none, so that nothing can be verified. */
  readonly source: string | undefined
  readonly settings: SessionSettings
  readonly sessionInterface: SecureCookieSessionInterface
}

/** All that is to be told of a cookie. */
export type CookieReport = ReturnType<typeof reportOn>

/** The report on a value, with an application for each secret. */
export function reportOn (value: string, applications: readonly Application[]) {
  const { settings, source } = applications[0]!
  const parts = splitCookie(value, settings)
  const content = parts instanceof BadData ? parts : contentOf(parts, value, applications)
  const { signedBy, refusal } = check(value, applications)
  const problem = parts instanceof BadData ? parts : refusal ?? content
  return {
    settings,
    bytes: settings.cookieName.length + 1 + value.length,
    parts: parts instanceof BadData ? undefined : parts,
    content: content instanceof BadData ? undefined : content, // whether or not it may be believed
    verified: source === undefined ? undefined : signedBy !== undefined,
    signedBy,
    problem: problem instanceof BadData ? problemOf(problem, value, settings) : undefined
  }
}

const digests = new Map(formats.flask.digests.map((each) => [createHash(each).digest('base64url').length, each]))

/** Payload, time stamp and signature with what stands between them; standard base64 has other characters. */
const SIGNED = /^(~?\.?[\w+/-]*={0,2})([.:])([\w-]*)\2([\w-]+)$/
/** How Python's json begins an object, unless it is told to leave out the spaces, as Flask and Django do. */
const SPACED = /^\{"(?:[^"\\]|\\.)*": /

/** The digest of a cookie by the length of its signature; undefined where none has it. */
function digestOf (value: string): string | undefined {
  const end = Math.max(value.lastIndexOf('.'), value.lastIndexOf(':'))
  return digests.get(value.length - end - 1)
}

/** The format of a cookie by its form: colons are Django's, SHA-1 is that of Flask and Starlette. */
export function formatOf (value: string): FormatName {
  const [, payload = '', separator] = SIGNED.exec(value) ?? []
  if (separator === formats.django.separator) return 'django'
  if (digestOf(value) !== formats.flask.digest) return 'default'
  return SPACED.test(Buffer.from(payload, 'base64').toString()) ? 'starlette' : 'flask'
}

/** Takes a cookie apart without believing it. */
function splitCookie (value: string, { format, codec }: SessionSettings) {
  const [, payload, separator, stamp] = SIGNED.exec(value) ?? []
  if (payload === undefined || separator !== codec.separator) {
    const form = ['payload', 'timestamp', 'signature'].join(codec.separator)
    return new BadSignature(`The cookie does not have the form of a signed one, ${form}`)
  }
  const signedAt = formats[format].stamp.read(stamp!)
  if (signedAt === undefined) return new BadTimeSignature('The timestamp is malformed')
  const age = Math.floor(Date.now() / 1000) - signedAt
  const encrypted = isEncrypted(payload)
  return { payload, signedAt, age, encrypted, compressed: /^~?\./.test(payload), digest: digestOf(value) }
}

/** What is read of a cookie whether its signature holds or not. */
type Parts = Exclude<ReturnType<typeof splitCookie>, BadData>

/** What a cookie holds; undefined where it is encrypted, and no secret is known that signed it. */
function contentOf (parts: Parts, value: string, applications: readonly Application[]) {
  const { settings } = applications[0]!
  const { format, serializer, cookieName, salt } = settings
  try {
    const text = parts.encrypted ? decrypted(value, applications) : formats[format].payload.decode(parts.payload, true)
    if (text === undefined) return undefined
    const idInStore = format === 'default' ? idInText(text) : undefined
    const storeKey = idInStore && new StoreKeys({ cookieName, salt }).ofId(idInStore)
    const content = splitPayload(storeKey === undefined ? serializer.loads(text) : {}, text, settings)
    const data = copyOf(content.data)
    return { ...content, data, storeKey, bytes: Buffer.byteLength(text), ...writtenAgain(data, serializer) }
  } catch (error) {
    return error instanceof BadData ? error : new BadPayload('The payload cannot be read')
  }
}

/** The text of an encrypted cookie of any age. */
function decrypted (value: string, applications: readonly Application[]): string | undefined {
  const opened = applications.map(({ settings }) => settings.codec.open(value, undefined))
  return opened.find((each): each is Opened => !(each instanceof BadData))?.text
}

/** The data as tagged JSON and the bytes by key. Some can be read and not written: keys that change prototypes. */
function writtenAgain (data: Record<string, unknown>, serializer: SessionSettings['serializer']) {
  try {
    return { json: new TaggedJSONSerializer().dumps(data, 'data'), sizes: weights(data, serializer) }
  } catch (error) {
    return { unsavable: (error as Error).message, sizes: [] }
  }
}

/** Where the secret was found that signed a value, and why it is refused: the reason that tells most. */
function check (value: string, applications: readonly Application[]): { signedBy?: string, refusal?: BadData } {
  const outcomes = applications.flatMap(({ source, sessionInterface }) => {
    if (source === undefined) return []
    const refusals: BadData[] = []
    sessionInterface.openSession([value], (error) => { refusals.push(error) })
    const [refusal] = refusals
    if (refusal === undefined) return { signedBy: source }
    return refusal instanceof BadPayload ? { signedBy: source, refusal } : { refusal }
  })
  const signed = outcomes.find(({ signedBy }) => signedBy !== undefined)
  return signed ?? outcomes.find(({ refusal }) => refusal instanceof SignatureExpired) ?? outcomes[0] ?? {}
}

function problemOf ({ code, message }: BadData, value: string, { digest, cookieName }: SessionSettings) {
  const found = digestOf(value)
  if (code !== 'FSS_ERR_BAD_TIME_SIGNATURE') return { code, message }
  const reason = found === undefined
    ? 'it is cut short or changed'
    : found !== digest
      ? `it has the length of ${found} and not of ${digest}, so the digest or the format is another`
      : `the cookie was changed, or the secret, the cookie's name (${cookieName}), the format, ` +
        'the salt or the key derivation is another'
  return { code, message: `${message}: ${reason}` }
}
