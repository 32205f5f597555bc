"""Writes dtypes.json beside it: python dtypes.py, with the NumPy that is to be matched.

arrays  dtype (as a .npy header has it), str and itemsize of it, offsets of its fields, shape, bytes in hexadecimal, str and repr of the array
times   dtype, ticks, what NumPy prints of that time
halves  the bits of a float64 and of the float16 nearest to it; of a float32 and of the float16 nearest to it
sums    SHA-256 of all 65536 float16 as float32, and as float64, little-endian
"""

import hashlib
import json
import pathlib
import random
import warnings

import numpy as np

warnings.simplefilter("ignore")
rng = random.Random(1)
UNITS = "Y M W D h m s ms us ns ps fs as".split()

DTYPES = [
    "?", "i1", "u2", "i4", "u8", "f2", "f4", "f8", "c8", "c16", "S5", "U3", "V3", "M8[D]", "M8[25us]", "m8[s]", "m8[7D]", "m8",
    [("a", "f8"), ("b", "i4", (2, 3)), ("c", "S3")],
    np.dtype([("a", "i1"), ("b", "f8"), ("c", "?")], align=True).descr,
    [("a", "i1"), ("b", "f8"), ("c", "?")],
    [("when", "M8[ns]"), ("symbol", "U4"), ("price", "f4"), ("sizes", "u2", (4,)), ("h", "f2")],
    [("n", [("p", "c8"), ("q", [("r", "m8[ms]"), ("s", "V2")], (2,))]), ("x", "f8", (2, 2))],
    [("x", "f8", (0,)), ("y", "u1")], [("big", "i2", (600, 2))], [("z", "f8")],
]


def values(dtype, n):
    """n elements as bytes, small numbers and texts for the most part."""
    out = bytearray()
    for _ in range(n):
        out += element(dtype)
    return bytes(out)


def element(dtype):
    if dtype.subdtype:
        base, shape = dtype.subdtype
        return values(base, int(np.prod(shape)))
    if dtype.names is not None:
        b = bytearray(dtype.itemsize)
        for name in dtype.names:
            field, offset = dtype.fields[name][:2]
            b[offset:offset + field.itemsize] = element(field)
        return bytes(b)
    kind, size = dtype.kind, dtype.itemsize
    if kind == "b":
        return bytes([rng.randrange(2)])
    if kind in "iuMm":
        low = 0 if kind == "u" else -100
        v = rng.randrange(low, 100) if rng.random() < 0.9 else (-1 if kind == "i" else 77)
        if kind in "Mm" and rng.random() < 0.1:
            v = -(2**63)
        return (v % 2**(8 * size)).to_bytes(size, "little")
    if kind in "fc":
        part = size // 2 if kind == "c" else size
        pick = lambda: rng.choice([0.0, 1.5, -2.25, rng.uniform(-10, 10), float("nan"), float("inf"), 3.0, 100.0])  # noqa: E731
        return b"".join(np.array(pick()).astype(f"f{part}").tobytes() for _ in range(size // part))
    if kind == "U":
        text = "".join(rng.choice("ab'\"\\\n\u00e9\u20ac\U0001f600\x00\x7f\u200b") for _ in range(rng.randrange(size // 4 + 1)))
        return np.array(text, dtype).tobytes()
    if kind == "S":
        return bytes(rng.choice(b"ab'\"\\\n\t\x00\xff\x80") for _ in range(rng.randrange(size + 1))).ljust(size, b"\0")
    return rng.randbytes(size)


def arrays():
    for d in DTYPES:
        dtype = np.dtype(d)
        for shape in [(), (3,), (2, 3)]:
            raw = values(dtype, int(np.prod(shape, dtype=int)))
            a = np.frombuffer(raw, dtype).reshape(shape) if len(raw) else np.zeros(shape, dtype)
            descr = np.lib.format.dtype_to_descr(dtype)
            offsets = {name: dtype.fields[name][1] for name in dtype.names or ()}
            yield {"dtype": repr(descr), "name": str(dtype), "itemsize": dtype.itemsize, "offsets": offsets, "shape": shape,
                   "bytes": raw.hex(), "str": str(a), "repr": repr(a)}


def times():
    for unit in [*UNITS, "25s", "7D", "10Y", "100ms"]:
        for ticks in [0, 1, -1, 59, -1970, -1971, -2971, 10**6, -(10**6), 951782400, 10**12, -(10**12), 10**18, -(10**18), 2**63 - 1 - 2000, -(2**63)]:
            if unit == "W" and abs(ticks) > 2**63 // 7:
                continue  # NumPy's arithmetic overflows
            d = np.datetime64(ticks, unit)
            yield {"dtype": f"M8[{unit}]", "ticks": ticks, "text": str(d)}


def halves():
    singles = [0x7F800001, 0xFFC00000, 0x7FC12345, 0x33000000, 0x33000001, 0x33800000, 0x477FEFFF, 0x477FF000, 0x387FC000, 0x387FE000, 0x387FF000, 0x80000000]
    singles += [rng.getrandbits(32) for _ in range(100)] + [rng.randrange(0x33000000, 0x47800000) for _ in range(300)]
    doubles = [0x7FF0000000000001, 0x7FF8000000000000, 0xFFF0000000000000, 0x7FF4DEADBEEF0000, 0x3E60000000000000, 0x3E60000000000001, 0x1, 0x8000000000000000]
    doubles += [rng.getrandbits(64) for _ in range(100)] + [rng.randrange(0x3E50000000000000, 0x40F0000000000000) for _ in range(300)]
    doubles += [(b & ~0x3FFFFFFFFFF) | 0x20000000000 | bit for b in doubles[-50:] for bit in (0, 1)]  # halfway, and a little above
    return {"float32": [[b, int(np.uint32(b).view("f4").astype("f2").view("u2"))] for b in singles],
            "float64": [[str(b), int(np.uint64(b).view("f8").astype("f2").view("u2"))] for b in doubles]}


every = np.arange(65536).astype("u2").view("f2")
facts = {
    "arrays": list(arrays()), "times": list(times()), "halves": halves(),
    "sums": {t: hashlib.sha256(every.astype(t).tobytes()).hexdigest() for t in ("f4", "f8")},
}
lines = [f'"{key}": ' + ("[\n" + ",\n".join(json.dumps(x) for x in value) + "\n]" if isinstance(value, list) else json.dumps(value)) for key, value in facts.items()]
pathlib.Path(__file__).with_name("dtypes.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
