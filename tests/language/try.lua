-- Runs each line of a text as a chunk of its own, and prints what it gives or how it fails, without addresses.

local function shown(value)
  local kind = math.type(value) or type(value)
  if kind == "string" then return ("%q"):format((value:gsub("0x%x+", "ADDRESS"))) end
  if kind == "integer" or kind == "boolean" or kind == "nil" then return tostring(value) end
  if kind == "float" then return ("float %.17g"):format(value) end
  return kind
end

return function(text)
  for line in text:gmatch "[^\n]+" do
    local chunk, message = load("return " .. line, "=line")
    if not chunk then chunk, message = load(line, "=line") end
    local results = table.pack(xpcall(chunk or error, function(value)
      if type(value) ~= "string" then return value end
      return debug.traceback(value, 2):gsub("\n\t%[C%]: in function 'xpcall'.*", "")
    end, not chunk and message or nil))
    for i = 1, results.n do results[i] = shown(results[i]) end
    print(line .. "\n  " .. table.concat(results, " ", 1, results.n))
  end
end
