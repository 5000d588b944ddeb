--- Text in files of numbers: strings as columns of character codes.

local matrix = require "linnet.matrix"
local options = require "linnet.options"
local M = {}

---@param s string
---@return matrix  a column of bytes
function M.encode(s)
  local codes = matrix.zeros(#s, 1)
  for i = 1, #s do codes[i] = s:byte(i) end
  return codes
end

---@param codes matrix  as encode gives it
---@return string        empty if it is no such column
function M.decode(codes)
  if codes.cols ~= 1 then return "" end
  local bytes = {}
  for i = 1, codes.count do
    local code = codes:get(i, 1)
    if code % 1 ~= 0 or code < 0 or code > 255 then return "" end
    bytes[i] = string.char(code // 1 | 0)
  end
  return table.concat(bytes)
end

--- The path, if it is a string that ends in .npz.
function M.npz_path(path, call)
  if type(path) ~= "string" or not path:match "%.npz$" then
    options.fail(call, "the file's name must end in .npz, got " .. options.describe(path))
  end
  return path
end

return M
