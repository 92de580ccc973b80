-- GET over 10,000 keys in turn, each request made once and beforehand.
local requests, next = {}, 0

function init()
  for number = 0, 9999 do
    requests[number] = wrk.format("GET", string.format("/key%08d", number))
  end
end

function request()
  next = (next + 1) % 10000
  return requests[next]
end
