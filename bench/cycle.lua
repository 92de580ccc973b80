-- GET over 10,000 keys in turn, each request made once and beforehand; PIPELINE of them at a time (1).
local requests, next = {}, 0

function init()
  local depth = tonumber(os.getenv("PIPELINE") or "1")
  for first = 0, 9999 do
    local batch = {}
    for place = 0, depth - 1 do
      batch[place + 1] = wrk.format("GET", string.format("/key%08d", (first * depth + place) % 10000))
    end
    requests[first] = table.concat(batch)
  end
end

function request()
  next = (next + 1) % 10000
  return requests[next]
end
