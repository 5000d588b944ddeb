return theory.mode.strength { s = 2, a0 = 1e-3, t = {0, 1, 2}, depth = 3 }
