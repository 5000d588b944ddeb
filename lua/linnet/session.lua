-- What is typed at the prompt, piece by piece: pieces that go on over several lines, results that are shown,
-- and local variables that stay.
--
-- A piece sees the local variables of earlier pieces as upvalues: it is compiled inside a function, under
-- declarations of their names, and its upvalues are then joined to theirs, so that closures made earlier
-- see assignments made later. For the variables that a piece itself declares, a function that mentions them
-- is put at its end; which of them are still in scope there, Lua's own compiler finds out.

local M = {}

-- Kept here: a session may change any of the globals.
local error, load, pcall, rawget, rawset, select = error, load, pcall, rawget, rawset, select
local tostring, type = tostring, type
local getinfo, getupvalue, upvaluejoin = debug.getinfo, debug.getupvalue, debug.upvaluejoin
local concat, globals, setmetatable = table.concat, _G, setmetatable

local NAME <const> = "=stdin"

--- name -> { closure, index of the upvalue in it, is it constant? }
local kept = {}

--- The piece compiled last: is it quiet, the names it declares, and the line of the function at its end.
local piece

--- Names with a meaning of their own here, which are never kept.
local passing = { _ = true, _ENV = true }

----------------------------------------------------------------------------------------------------
-- Names

--- Where the string that begins at i with a quote ends, or nil.
local function string_end(text, i)
  local quote = text:sub(i, i)
  local j = i + 1
  while true do
    j = text:find("[\\" .. quote .. "]", j)
    if not j or text:sub(j, j) == quote then return j end
    j = j + 2
  end
end

--- The end of the comment, string or space that begins at i, or nil if what begins there is something else.
local function skipped(text, i)
  local _, last, level = text:find("^%-?%-?%[(=*)%[", i)
  if last and text:find("^%[", i) or last and text:find("^%-%-", i) then
    return select(2, text:find("]" .. level .. "]", last + 1, true)) or #text
  end
  if text:find("^['\"]", i) then return string_end(text, i) or #text end
  return select(2, text:find("^%-%-[^\n]*", i)) or select(2, text:find("^%s+", i))
end

--- Calls f with each name, number and other character of the text, in order.
local function each_token(text, f)
  local i = 1
  while i <= #text do
    local last = skipped(text, i)
    if not last then
      last = select(2, text:find("^[%a_][%w_]*", i)) or select(2, text:find("^%.?%d[%w_.]*", i)) or i
      f(text:sub(i, last))
    end
    i = last + 1
  end
end

--- The set of names in the text, and the list of those that `local` declares somewhere in it.
local function names_of(text)
  local used, declared, seen = {}, {}, {}
  local state -- what may come next: nil outside of declarations
  each_token(text, function(token)
    local is_name = token:find("^[%a_]")
    if is_name then used[token] = true end
    if token == "local" then
      state = "name"
    elseif state == "name" and token == "function" then
      state = "name"
    elseif state == "name" and is_name then
      if not seen[token] and not passing[token] then declared[#declared + 1] = token end
      seen[token] = true
      state = "more"
    elseif state == "more" and token == "<" then
      state = "attribute"
    elseif state == "attribute" then
      if token == ">" then state = "more" end
    elseif state == "more" and token == "," then
      state = "name"
    else
      state = nil
    end
  end)
  return used, declared
end

----------------------------------------------------------------------------------------------------
-- Compiling

--- Declarations of the kept variables that the text mentions.
local function declarations(used)
  local names = {}
  for name, cell in pairs(kept) do
    if used[name] then names[#names + 1] = cell.constant and name .. " <const>" or name end
  end
  if #names == 0 then return "" end
  table.sort(names)
  return "local " .. concat(names, ", ") .. " "
end

--- The function that runs the text among the kept variables, or nil and a message.
local function enclose(text, used, ending)
  local source = declarations(used) .. "return function(...) " .. text .. ending .. "\nend"
  local outer, message = load(source, NAME, "t")
  if not outer then return nil, message end
  local inner = outer()
  local i, name = 1, getupvalue(inner, 1)
  while name do
    local cell = kept[name]
    if cell then upvaluejoin(inner, i, cell.closure, cell.index) end
    i = i + 1
    name = getupvalue(inner, i)
  end
  return inner
end

local function incomplete(message) return message and message:sub(-5) == "<eof>" end

--- Does Lua refuse the text for its first word? An expression is refused for that as a statement.
local function fails_at_once(text, message)
  local near = message:match("near '(.*)'$")
  local first = text:find("%S")
  return near and first and text:sub(first, first + #near - 1) == near
end

--- The function that runs a piece; or nil and a message; or nothing, if it goes on in the next line.
---@param text string
---@return function? run, string? message
function M.compile(text)
  if text:find("^%s*:[^:]") then text = "_" .. text:gsub("^%s+", "") end
  local as_value, message_value = load("return " .. text, NAME, "t")
  local as_chunk, message = load(text, NAME, "t")
  if not as_value and not as_chunk then
    if incomplete(message) or incomplete(message_value) then return end
    return nil, fails_at_once(text, message) and message_value or message
  end
  local used, declared = names_of(text)
  if as_value then
    -- A semicolon at its end, and not in a comment or string, can't be followed by another one.
    piece = { quiet = not load("return " .. text .. "\n;", NAME, "t"), declared = {} }
    return enclose("return " .. text, used, "")
  end
  piece = { text = text, used = used, declared = declared, line = select(2, text:gsub("\n", "")) + 2 }
  if #declared > 0 then
    local ending = "\nreturn function(_ENV) return " .. concat(declared, ", ") .. " end"
    local run = enclose(text, used, ending)
    if run then return run end
    piece.declared = {} -- it ends with return, or jumps to its end
  end
  return enclose(text, used, "")
end

----------------------------------------------------------------------------------------------------
-- Results

--- Stands for names that are no local variables.
local absent = {}
local nowhere = setmetatable({}, { __index = function() return absent end })

--- A variable of its own that holds the value: what Lua has compiled into a constant.
local function cell_of(value)
  local closure = load("local x = ... return function() return x end")(value)
  return { closure = closure, index = 1, constant = true }
end

local function is_constant(name)
  local _, message = enclose(piece.text, piece.used, "\n" .. name .. " = nil")
  return message ~= nil and message:find("attempt to assign to const variable", 1, true) ~= nil
end

--- Keeps the variables that the function at a piece's end still sees.
local function keep(closure)
  local new = {}
  local i, name = 1, getupvalue(closure, 1)
  while name do
    new[name] = { closure = closure, index = i }
    i = i + 1
    name = getupvalue(closure, i)
  end
  local values = table.pack(closure(nowhere))
  for k, declared in ipairs(piece.declared) do
    local cell = new[declared]
    if cell then
      cell.constant = is_constant(declared)
      kept[declared] = cell
    elseif values[k] ~= absent then
      kept[declared] = cell_of(values[k])
    end
  end
end

local function is_ending(value)
  if #piece.declared == 0 or type(value) ~= "function" then return false end
  local info = getinfo(value, "S")
  return info.source == NAME and info.linedefined == piece.line
end

--- Takes what a piece has returned: keeps its variables, or shows its values and remembers the first as `_`.
function M.finish(...)
  local count, first = select("#", ...), ...
  if count == 1 and is_ending(first) then return keep(first) end
  if first ~= nil then rawset(globals, "_", first) end
  if piece.quiet or count == 0 then return end
  local shown, separator = { ... }, "\t"
  for i = 1, count do
    shown[i] = tostring(shown[i])
    if shown[i]:find("\n", 1, true) then separator = "\n" end
  end
  local fine, message = pcall(rawget(globals, "print"), concat(shown, separator, 1, count)) -- the user's, as in lua
  if not fine then error(("error calling 'print' (%s)"):format(tostring(message)), 0) end
end

--- Remembers the error of a piece as `_err`.
function M.fail(value) rawset(globals, "_err", value) end

return M
