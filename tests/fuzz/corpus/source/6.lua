local task = data.semantic() return network.new { task = task, hidden = 3 }:train { task = task, rate = 0.1, steps = 5 }
