"""Writes the files in this folder: arrays as NumPy saves them, in the forms that linnet must read.

The numbers are simple enough for a test to say what must come out:
    A = [[1, 2, 3], [4, 5, 6]] in many types and orders.
Written with NumPy 1.24.2 on Debian 12.
"""
import gzip
import io
import os

import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
A = np.array([[1, 2, 3], [4, 5, 6]])

for name in ["float64", "float32", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]:
    np.save(f"c_{name}.npy", A.astype(name))
    np.save(f"fortran_{name}.npy", np.asfortranarray(A.astype(name)))
for name in [">f8", ">f4", ">f2", ">i2", ">i4", ">i8", ">u2", ">u4", ">u8"]:
    np.save(f"big_{name[1:]}.npy", A.astype(name))
np.save("bool.npy", A > 3)
np.save("negative_int16.npy", -A.astype("int16"))
np.save("negative_int64.npy", -A.astype("int64"))
np.save("special_float64.npy", np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308]))
np.save("special_float16.npy", np.array([np.nan, np.inf, -np.inf, -0.0, 6e-8, 65504, 0.1], "float16"))
np.save("zero_dimensions.npy", np.float64(2.5))
np.save("one_dimension.npy", np.array([1.0, 2.0, 3.0]))
np.save("empty_rows.npy", np.zeros((0, 3)))
np.save("empty.npy", np.zeros(0))
np.save("slice.npy", np.arange(40.0).reshape(5, 8)[::2, 1::3])

# What must be refused.
np.save("complex.npy", A.astype(complex))
np.save("object.npy", np.array([1, "a"], object), allow_pickle=True)
np.save("text.npy", np.array(["a", "b"]))
np.save("bytes.npy", np.array([b"a", b"b"]))
np.save("record.npy", np.zeros(2, [("x", float), ("y", int)]))
np.save("date.npy", np.array(["2020-01-01"], "datetime64[D]"))
np.save("three_dimensions.npy", np.zeros((2, 3, 4)))
np.save("longdouble.npy", A.astype("longdouble"))

for version in [(1, 0), (2, 0), (3, 0)]:
    with open(f"format_{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, A.astype(float), version)

np.savez("stored.npz", W1=A.astype(float), W2=A.T, b=np.array([1.0, 2.0]), x=np.float32(0.5))
np.savez_compressed("compressed.npz", W1=A.astype(float), W2=A.T, zeros=np.zeros((100, 100)))
wide = (np.arange(3 * 140_000) % 251).astype("uint8").reshape(3, 140_000)  # rows longer than linnet's buffer
np.savez_compressed("wide.npz", c=wide, fortran=np.asfortranarray(wide))
np.savez("object.npz", W1=A.astype(float), bad=np.array([1, "a"], object))

buffer = io.BytesIO()
np.save(buffer, A.astype(float))
with open("float64.npy.gz", "wb") as file:
    file.write(gzip.compress(buffer.getvalue(), mtime=0))

x = np.random.default_rng(1).standard_normal((4, 3)) * 10.0 ** np.arange(-9, 3).reshape(4, 3)
np.savetxt("savetxt.txt", x, fmt="%.18e")
np.savetxt("savetxt.csv", x, fmt="%.17g", delimiter=",")
np.save("savetxt.npy", x)
