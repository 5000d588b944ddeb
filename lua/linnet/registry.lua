--- Tables that take a user's own entries beside the built-in ones: network.activations, network.inits,
-- network.observables and theory.solutions.
--
-- An entry is checked where it is added, and refused at its author's line; nil takes it away. The built-in ones can't
-- be replaced. pairs lists all of them in their order: the built-in ones, then the others as they were added.

local options = require "linnet.options"

local M = {}

--- A table with these entries.
---@param call string     its name, for messages: "network.activations"
---@param kind string     what an entry is, for messages: "activation"
---@param built_in table  a list of { name, entry }
---@param check fun(name: string, given, refuse: fun(text: string)): table  what becomes the entry, or refuse(why)
---@param changed? fun(name: string, entry: table?)  told of what is added and taken away
---@param last? string    the name of a built-in entry that stays at the end
---@return table
function M.new(call, kind, built_in, check, changed, last)
  local entries, order, own = {}, {}, {}
  for _, pair in ipairs(built_in) do
    entries[pair[1]] = pair[2]
    order[#order + 1] = pair[1]
  end

  local function remove(name)
    if not own[name] then return end
    for i = #order, 1, -1 do
      if order[i] == name then table.remove(order, i) end
    end
    entries[name], own[name] = nil, nil
    if changed then changed(name) end
  end

  local function add(name, entry)
    if not own[name] then table.insert(order, last and #order or #order + 1, name) end
    entries[name], own[name] = entry, true
    if changed then changed(name, entry) end
  end

  return setmetatable({}, {
    __index = function(_, name) return entries[name] end,
    __newindex = function(_, name, given)
      local function refuse(text) options.fail(("%s.%s"):format(call, tostring(name)), text) end
      if type(name) ~= "string" then refuse("an entry has a name, got " .. options.describe(name)) end
      if entries[name] and not own[name] then refuse(("a built-in %s can't be replaced"):format(kind)) end
      if given == nil then return remove(name) end
      if not name:match "^[%a_][%w_]*$" then refuse "a name has letters, digits and _, and begins with no digit" end
      add(name, check(name, given, refuse))
    end,
    __len = function() return #order end,
    __pairs = function()
      local names, i = table.move(order, 1, #order, 1, {}), 0
      return function()
        i = i + 1
        return names[i], entries[names[i]]
      end
    end,
    __tostring = function() return ("%s: %s"):format(call, table.concat(order, ", ")) end,
  })
end

--- The fields of an entry that is a table, each of which must be of its type.
---@param given any
---@param types table<string, string>  the type of each field
---@param usage string                 "{ f=, df=, doc= }"
---@param refuse fun(text: string)
function M.check_fields(given, types, usage, refuse)
  if type(given) ~= "table" then refuse(("a table %s is needed, got %s"):format(usage, options.describe(given))) end
  for key, value in pairs(given) do
    if not types[key] then refuse(("unknown field '%s'; it takes %s"):format(tostring(key), usage)) end
    if type(value) ~= types[key] then
      refuse(("%s must be a %s, got %s"):format(key, types[key], options.describe(value)))
    end
  end
end

return M
