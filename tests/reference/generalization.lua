-- Reference values of generalization and random matrices: fn -> the public function, in -> out.

local functions = {}

return functions
