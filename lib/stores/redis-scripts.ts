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

const PRELUDE = `
local now = tonumber(ARGV[1])
local function time (text) return tonumber(text or '') or 0 end
local function keep (expires) redis.call('EXPIRE', KEYS[1], string.format('%d', time(expires) - now)) end
`

/** ARGV: now, when it expires, then names and texts of the hash. */
export const CREATE = script(`${PRELUDE}
local old = redis.call('HMGET', KEYS[1], 'expires', 'ended')
if time(old[1]) > now then return old[2] and 'ended' or 'exists' end
redis.call('DEL', KEYS[1])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
keep(ARGV[2])
return 'created'
`)

/**
 * ARGV: now, used, expiry if permanent, expiry otherwise, permanent or '', 'keep' or 'own', the owner, the owner whose
 * index has the key, until when, the number of names to remove, those names, then names and texts.
 * Where the index of the owner does not have the key for long enough, nothing is done; the answer says what it needs.
 */
export const UPDATE = script(`${PRELUDE}
local old = redis.call('HMGET', KEYS[1], 'expires', 'ended', 'permanent', 'owner', 'indexed')
if time(old[1]) <= now or old[2] then return 'none' end
local permanent = ARGV[5] ~= '' and ARGV[5] or old[3]
local expires = permanent == '1' and ARGV[3] or ARGV[4]
local owner = ARGV[6] == 'own' and ARGV[7] or old[4] or ''
local indexed = owner == old[4] and time(old[5]) or 0
if owner == ARGV[8] and time(ARGV[9]) > indexed then indexed = time(ARGV[9]) end
if owner ~= '' and time(expires) > now and time(expires) > indexed then return 'index ' .. expires .. ' ' .. owner end
local first = 11 + ARGV[10]
for i = 11, first - 1 do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = first, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'used', ARGV[2], 'expires', expires, 'permanent', permanent,
  'owner', owner, 'indexed', string.format('%d', indexed))
keep(expires)
return 'updated'
`)

/** ARGV: now, until or '', the owner it must have or ''. */
export const DESTROY = script(`${PRELUDE}
local old = redis.call('HMGET', KEYS[1], 'expires', 'ended', 'owner')
local live = time(old[1]) > now and not old[2]
if ARGV[3] ~= '' and not (live and old[3] == ARGV[3]) then return 0 end
local expires = ARGV[2]
if old[2] and time(old[1]) > time(expires) then expires = old[1] end
redis.call('DEL', KEYS[1])
if time(expires) > now then
  redis.call('HSET', KEYS[1], 'ended', '1', 'expires', expires)
  keep(expires)
end
return live and 1 or 0
`)

/** Adds a member to the index of an owner, and drops those whose time is over. ARGV: now, until, the member. */
export const INDEX = script(`${PRELUDE}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
if redis.call('TTL', KEYS[1]) < time(ARGV[2]) - now then keep(ARGV[2]) end
return 1
`)

export const MEMBERS = script("return redis.call('ZRANGE', KEYS[1], 0, -1)")

/** ARGV: the members to remove. */
export const FORGET = script(`
for i = 1, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
return 1
`)
