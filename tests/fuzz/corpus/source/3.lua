goto a ::a:: return load('return ...')(1, 2)
