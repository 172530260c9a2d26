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
 * A record is a text of lines: `expires indexed permanent created used cookie`, the owner, then `name=text` for each
 * field. No name has a `=`. What has ended is one line, `expires ended`.
 */
const RECORD = `${TIMES}
local record = redis.call('GETRANGE', KEYS[1], 0, -1)
local function save (text, last)
  local left = time(last) - now
  if left <= 0 then return redis.call('DEL', KEYS[1]) end
  return redis.call('SET', KEYS[1], text, 'EX', string.format('%d', left))
end
`

const STATE = `${RECORD}
local expires = time(string.match(record, '^(%d+) '))
local ended = string.find(record, '^%d+ ended') ~= nil
`

/** ARGV: now, when it expires, the record. */
export const CREATE = script(`${STATE}
if expires > now then return ended and 'ended' or 'exists' end
save(ARGV[3], ARGV[2])
return 'created'
`)

/**
 * Up to so many arguments about fields, an update searches for each field, which is fastest for a few. With more, it
 * reads all fields in one pass: many searches would take the square of their number.
 */
const MANY = 32

/** `fields` begins with a line break, and so does the place of each name. Without a text the field is removed. */
const CHANGES = `
local function changed (fields, name, text)
  local place, last = string.find(fields, '\\n' .. name .. '=', 1, true)
  if not place then return text and fields .. name .. '=' .. text .. '\\n' or fields end
  local stop = string.find(fields, '\\n', last, true) or #fields + 1
  if not text then return string.sub(fields, 1, place) .. string.sub(fields, stop + 1) end
  return string.sub(fields, 1, last) .. text .. string.sub(fields, stop)
end
local function allChanged (fields, first)
  local lines, added = {}, {}
  for i = 11, first - 1 do lines[ARGV[i]] = '' end
  for i = first, #ARGV, 2 do lines[ARGV[i]] = ARGV[i] .. '=' .. ARGV[i + 1] .. '\\n' end
  local kept = string.gsub(fields, '([^=\\n]*)=[^\\n]*\\n', function (name)
    local line = lines[name]
    lines[name] = nil
    return line
  end)
  for i = first, #ARGV, 2 do added[#added + 1] = lines[ARGV[i]] end
  return kept .. table.concat(added)
end
`

/**
 * ARGV: now, used, expiry if permanent, expiry otherwise, permanent or '', 'keep' or 'own', the owner, the owner whose
 * index has the key, until when, the number of names to remove, those names, then names and texts.
 * Where the index of the owner does not have the key for long enough, nothing is done; the answer says what it needs.
 */
export const UPDATE = script(`${RECORD}${CHANGES}
local expires, indexed, permanent, created, cookie, before, start =
  string.match(record, '^(%d+) (%d+) (%d) (%-?%d+) %-?%d+ (%d)\\n([^\\n]*)()\\n')
if time(expires) <= now then return 'none' end
if ARGV[5] ~= '' then permanent = ARGV[5] end
local last = permanent == '1' and ARGV[3] or ARGV[4]
local owner = ARGV[6] == 'own' and ARGV[7] or before
if owner ~= before then indexed = '0' end
if owner == ARGV[8] and time(ARGV[9]) > time(indexed) then indexed = ARGV[9] end
if owner ~= '' and time(last) > now and time(last) > time(indexed) then return 'index ' .. last .. ' ' .. owner end
local fields, first = string.sub(record, start), 11 + ARGV[10]
if #ARGV > 10 + ${MANY} then fields = allChanged(fields, first) else
  for i = 11, first - 1 do fields = changed(fields, ARGV[i]) end
  for i = first, #ARGV, 2 do fields = changed(fields, ARGV[i], ARGV[i + 1]) end
end
local head = last .. ' ' .. indexed .. ' ' .. permanent .. ' ' .. created .. ' ' .. ARGV[2] .. ' ' .. cookie
save(head .. '\\n' .. owner .. fields, last)
return 'updated'
`)

/** ARGV: now, until or '', the owner it must have or ''. */
export const DESTROY = script(`${STATE}
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
