for i = 1, 10 do local x <close> = setmetatable({}, {__close = print}) end
