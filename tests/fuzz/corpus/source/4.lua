local t = setmetatable({}, {__gc = function() end}) t = nil collectgarbage()
