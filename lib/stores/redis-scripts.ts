import { createHash } from 'node:crypto'

/** A Lua script, with the name by which a server that has seen it finds it again. */
export interface RedisScript {
  readonly text: string
  readonly sha: string
}

/**
 * Each script takes one key, so that it runs on the node of a cluster that has it. `ARGV[1]` is the time of the
 * process. Times are compared with it and never with the server's clock: the server only counts down to the deletion.
 */
function script (text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

const TIMES = `
local now = tonumber(ARGV[1])
local function time (text) return tonumber(text or '') or 0 end
`

/**
 * A record is a text of lines: `expires indexed permanent created used cookie`, the owner, then a line each for the
 * name and the text of a field. What has ended is one line, `expires ended`.
 */
const RECORD = `${TIMES}
local record = redis.call('GETRANGE', KEYS[1], 0, -1)
local expires = time(string.match(record, '^(%d+) '))
local ended = string.find(record, '^%d+ ended') ~= nil
local function save (text, seconds)
  if time(seconds) <= now then return redis.call('DEL', KEYS[1]) end
  return redis.call('SET', KEYS[1], text, 'EX', string.format('%d', time(seconds) - now))
end
`

/** ARGV: now, when it expires, the record. */
export const CREATE = script(`${RECORD}
if expires > now then return ended and 'ended' or 'exists' end
save(ARGV[3], ARGV[2])
return 'created'
`)

/**
 * ARGV: now, used, expiry if permanent, expiry otherwise, permanent or '', 'keep' or 'own', the owner, the owner whose
 * index has the key, until when, the number of names to remove, those names, then names and texts.
 * Where the index of the owner does not have the key for long enough, nothing is done; the answer says what it needs.
 */
export const UPDATE = script(`${RECORD}
if expires <= now or ended then return 'none' end
local indexed, permanent, created, cookie, before, fields =
  string.match(record, '^%d+ (%d+) (%d) (%-?%d+) %-?%d+ (%d)\\n([^\\n]*)\\n(.*)$')
if ARGV[5] ~= '' then permanent = ARGV[5] end
local last = permanent == '1' and ARGV[3] or ARGV[4]
local owner = ARGV[6] == 'own' and ARGV[7] or before
indexed = owner == before and time(indexed) or 0
if owner == ARGV[8] and time(ARGV[9]) > indexed then indexed = time(ARGV[9]) end
if owner ~= '' and time(last) > now and time(last) > indexed then return 'index ' .. last .. ' ' .. owner end
local first = 11 + ARGV[10]
local texts = {}
for i = 11, first - 1 do texts[ARGV[i]] = false end
for i = first, #ARGV, 2 do texts[ARGV[i]] = ARGV[i + 1] end
local head = { last, string.format('%d', indexed), permanent, created, ARGV[2], cookie }
local lines = { table.concat(head, ' '), owner }
local function add (name, text)
  if text then
    lines[#lines + 1] = name
    lines[#lines + 1] = text
  end
  texts[name] = nil
end
for name, text in string.gmatch(fields, '([^\\n]*)\\n([^\\n]*)\\n') do
  if texts[name] == nil then add(name, text) else add(name, texts[name]) end
end
for i = first, #ARGV, 2 do add(ARGV[i], texts[ARGV[i]]) end
save(table.concat(lines, '\\n') .. '\\n', last)
return 'updated'
`)

/** ARGV: now, until or '', the owner it must have or ''. */
export const DESTROY = script(`${RECORD}
local live = expires > now and not ended
local owner = string.match(record, '^[^\\n]*\\n([^\\n]*)')
if ARGV[3] ~= '' and not (live and owner == ARGV[3]) then return 0 end
local last = time(ARGV[2])
if ended and expires > last then last = expires end
save(string.format('%d ended\\n', last), last)
return live and 1 or 0
`)

/** Adds a member to the index of an owner, and drops those whose time is over. ARGV: now, until, the member. */
export const INDEX = script(`${TIMES}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
local left = time(ARGV[2]) - now
if redis.call('TTL', KEYS[1]) < left then redis.call('EXPIRE', KEYS[1], string.format('%d', left)) end
return 1
`)

export const MEMBERS = script("return redis.call('ZRANGE', KEYS[1], 0, -1)")

/** ARGV: the members to remove. */
export const FORGET = script(`
for i = 1, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
return 1
`)
