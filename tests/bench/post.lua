-- wrk: posts prepared requests in turn. Arguments: a file of requests, the key, where in the file to begin.
-- A request is four lines (path, content type, size) and so many bytes. Without a file: GET of the given address.
local posts, at, unique, serial = {}, 0, false, 0

function init(args)
  if not args[1] then return end
  local file = assert(io.open(args[1], "rb"))
  local key = args[2]
  unique = args[4] == "unique"
  while true do
    local path = file:read("*l")
    if not path then break end
    local kind, size = file:read("*l"), tonumber(file:read("*l"))
    local headers = { ["Content-Type"] = kind, ["X-API-Key"] = key }
    posts[#posts + 1] = wrk.format("POST", path, headers, file:read(size))
  end
  file:close()
  at = tonumber(args[3])
  request = function()
    at = at + 1
    local post = posts[(at - 1) % #posts + 1]
    if unique then
      -- the mark is as long as what takes its place: the length of the body stands in its head
      serial = serial + 1
      return (post:gsub("@SERIAL@", string.format("%08d", at)))
    end
    return post
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "refused": %d, "broken": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
