"""Writes npy/: arrays as NumPy itself writes them. Run it in this folder.

The tests compute what each file holds from its name; see npy_numpy_test.go.
Files made with NumPy 2.4.6.
"""
import io
import os

import numpy as np
from numpy.lib import format as npy

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npy")


def save(name, a, version=(1, 0)):
    with open(os.path.join(HERE, name + ".npy"), "wb") as f:
        npy.write_array(f, a, version=version)


VALUES = {  # shape (2, 3), in C order
    "f": [[0, 1, -2], [0.5, 1024, -0.25]],
    "i": [[0, 1, -2], [3, 100, -128]],
    "u": [[0, 1, 2], [3, 100, 255]],
    "b": [[0, 1, 1], [0, 0, 1]],
}
for kind in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1".split():
    for order, mark in (("<", "le"), (">", "be")):
        if kind[1] == "1":
            order, mark = "|", "na"
        a = np.array(VALUES[kind[0]]).astype(order + kind)
        save(f"{kind}_{mark}_c", a)
        save(f"{kind}_{mark}_fortran", np.asfortranarray(a))

save("rank0", np.array(7.5, "<f4"))
save("rank1", np.arange(5, dtype="<f4"))
save("rank3_fortran", np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4)))
save("rank4", np.arange(24, dtype="<f4").reshape(2, 1, 3, 4))
save("rank32", np.arange(2, dtype="<f4").reshape((1,) * 31 + (2,)))
save("empty", np.zeros((0, 3), "<f4"))
save("version2", np.arange(3, dtype="<f4"), (2, 0))
save("version3", np.arange(3, dtype="<f4"), (3, 0))
save("round_f8", np.array([1 / 3, 1e300, -1e300, 1e-300, np.nan, np.inf]))
save("round_i8", np.array([2**24 + 1, 2**24 + 3, 2**62 + 1, -(2**63)], "<i8"))
save("round_u8", np.array([2**64 - 1, 2**53 + 1], "<u8"))
save("special_f2", np.array([65504, 6e-8, -6e-5, np.inf, -np.inf, np.nan, -0.0], "<f2"))
save("complex", np.array([1j], "<c8"))
save("record", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
