"""Writes corpus.json.gz beside it: whole .npy and .npz files, and what NumPy reads in them.

    python corpus.py            writes it, with the NumPy that is to be matched
    python corpus.py --check    reads it, and compares each case with the NumPy that runs this; prints what differs

NumPy 2.4 and 1.26 agree on every case that is "valid" or "invalid". Where they don't, where two ways to read one file
differ, or where a reader may decide as it likes, the case is "either" and says why.

A case has

    name      unique
    kind      "npy" or "npz"
    edge      what part of the format it tries
    want      "valid": reads as arrays says; "invalid": is refused; "either": is refused, or reads as arrays says if that is there
    here      "read" or "refused", where this package decides otherwise than want, or decides for itself what is "either"
    why       the reason of an "either" and of a here
    stage     of an invalid one the first part that shows it: "header" of an .npy, "data" (what is behind it), "zip"
    data      the file, as a string of one character a byte (latin-1)
    packed    how many times the data is compressed (zlib); none if it isn't there
    arrays    of an .npy the array, and those that follow it in the stream; of an .npz one for each member, in archive order

and an array

    member    its name in the archive, of an .npz
    foreign   true: the member is no .npy. There is no more then
    refused   true: the member cannot be read, though the others can. There is no more then
    dtype     as NumPy prints it, in little-endian order and without titles; subarrays of subarrays have the axes of both
    order     the byte order: "<", ">", "<>" (fields of both) or "" (none)
    fortran   whether its elements are in Fortran order, and that isn't C order as well
    shape     a list of lengths
    sha256    the checksum of its elements, as below
    offset    where its elements begin in the file, of the first array of an .npy

The checksum is the SHA-256 of the elements in C order, without anything between them. Each takes its itemsize. In it the
bytes of numbers, times and characters of text are in little-endian order, real before imaginary part; all other bytes are
as they are in the file, also of a bool. The bytes of a struct that belong to no field are zero: those named '' in the
header, whatever the file has there. An element is its fields one behind the other, and a field that is an array is its
elements in C order.
"""

import ast
import gzip
import hashlib
import io
import itertools
import json
import os
import pathlib
import resource
import sys
import tempfile
import warnings
import zlib

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # whose threads take address space
import corpus_npy
import corpus_npz
import headers
import numpy as np
from headers import plain

FILE = pathlib.Path(__file__).with_name("corpus.json.gz")
MEMORY = 4 << 30  # bytes of address space, in which lying headers fail


# Checksums.


def permutation(dtype):
    """Returns, for each byte of an element in the checksum, which byte of the element in the file it is; -1 for none."""
    if dtype.subdtype:
        base, shape = dtype.subdtype
        inner = permutation(base)
        count = int(np.prod(shape, dtype=int))
        return [b if b < 0 else b + i * base.itemsize for i in range(count) for b in inner]
    if dtype.names is not None:
        out = [-1] * dtype.itemsize
        for name in dtype.names:
            field, offset = dtype.fields[name][:2]
            out[offset : offset + field.itemsize] = [b if b < 0 else b + offset for b in permutation(field)]
        return out
    if dtype.byteorder != ">":
        return list(range(dtype.itemsize))
    unit = {"c": dtype.itemsize // 2, "U": 4}.get(dtype.kind, dtype.itemsize)
    return [i + unit - 1 - j for i in range(0, dtype.itemsize, unit) for j in range(unit)]


def checksum(array):
    data = array.tobytes("C")
    if array.dtype.itemsize and data:
        order = permutation(array.dtype)
        if order != list(range(len(order))):
            raw = np.frombuffer(data, "u1").reshape(-1, array.dtype.itemsize)
            raw = np.concatenate([raw, np.zeros((len(raw), 1), "u1")], axis=1)  # which -1 takes
            data = raw[:, order].tobytes()
    return hashlib.sha256(data).hexdigest()


def described(array, fortran):
    order = "".join(sorted(headers.orders(array.dtype)))
    return {
        "dtype": str(plain(array.dtype)),
        "order": order,
        "fortran": bool(fortran and headers.orders_differ(array.shape)),
        "shape": list(array.shape),
        "sha256": checksum(array),
    }


# What NumPy reads.


def fortran_order(data):
    """Returns the fortran_order of a header that NumPy reads."""
    start = 10 if data[6] == 1 else 12
    size = int.from_bytes(data[8:start], "little")
    text = data[start : start + size].decode("utf-8" if data[6] == 3 else "latin-1")
    try:
        return ast.literal_eval(text.lstrip(" \t"))["fortran_order"]
    except SyntaxError:  # 2L
        return "True" in text


def load_npy(data, more=0, limit=10_000):
    """Returns the arrays of a file, which has more behind the first, and where the elements of the first begin."""
    arrays, file = [], io.BytesIO(data)
    for _ in range(1 + more):
        start = file.tell()
        array = np.load(file, max_header_size=limit)
        if not isinstance(array, np.ndarray):
            raise ValueError("an archive")
        arrays.append(described(array, fortran_order(data[start:])))
        if start == 0:
            arrays[0]["offset"] = file.tell() - array.nbytes
    return arrays


def load_path(data, limit=10_000):
    """Reads a file by its path, which NumPy does in another way."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.write(data)
        file.flush()
        array = np.load(file.name, max_header_size=limit)
        if not isinstance(array, np.ndarray):
            raise ValueError("an archive")
        return described(array, fortran_order(data))


def load_npz(data):
    arrays = []
    with np.load(io.BytesIO(data)) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("no archive")
        last = {}
        for info in archive.zip.infolist():
            entry = {"member": info.filename}
            try:
                with archive.zip.open(info) as file:
                    magic = file.read(6)
                    if magic != b"\x93NUMPY":
                        entry["foreign"] = True
                        file.read()
                    else:
                        file = io.BytesIO(magic + file.read())
                        array = np.lib.format.read_array(file, allow_pickle=False)
                        entry |= described(array, fortran_order(file.getvalue()))
            except Exception:
                entry = {"member": info.filename, "refused": True}
            arrays.append(entry)
            last[info.filename] = entry
        for name, entry in last.items():
            key = name.removesuffix(".npy")
            if "foreign" in entry or last.get(key + ".npy", entry) is not entry or last.get(key, entry) is not entry:
                continue
            try:
                array = archive[key]
            except Exception:
                assert "refused" in entry, (name, entry)
            else:
                assert "refused" in entry or checksum(array) == entry["sha256"], (name, entry)
    return arrays


def numpy_reads(kind, data, more=0, limit=10_000):
    """Returns what NumPy says of a file ("valid", "invalid", "split" where it depends on how it is read) and the arrays."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            arrays = load_npy(data, more, limit) if kind == "npy" else load_npz(data)
        except Exception:
            arrays = None
        if kind == "npy":
            try:
                first = load_path(data, limit)
            except Exception:
                first = None
            if (first is None) != (arrays is None):
                return "split", arrays
            if first and first != {k: v for k, v in arrays[0].items() if k != "offset"}:
                return "split", arrays
        elif arrays and any("refused" in a for a in arrays):
            return "invalid", arrays
    return ("invalid", None) if arrays is None else ("valid", arrays)


# The corpus.


def limit(case):
    """Returns the characters of a header that NumPy is told to read."""
    return 1 << 20 if case.why == corpus_npy.SIZE else 10_000


def record(case):
    verdict, arrays = case.want, None
    if case.want != "invalid" and case.like != b"":
        verdict, arrays = numpy_reads(case.kind, case.like or case.data, case.more, limit(case))
    if case.dtype:
        arrays[0]["dtype"] = case.dtype
    want = case.want or verdict
    if want == "conflict":
        want = verdict if {"valid": "read", "invalid": "refused"}.get(verdict) == case.here else "either"
    if want == "split":
        raise SystemExit(f"{case.name}: NumPy reads it in one way and not in another")
    out = {"name": case.name, "kind": case.kind, "edge": case.edge, "want": want}
    if case.here and case.here != {"valid": "read", "invalid": "refused"}.get(want):
        out["here"] = case.here
    if want == "either" or "here" in out:
        out["why"] = case.why
        assert case.why, f"{case.name}: no reason"
    if want == "invalid":
        out["stage"] = "zip" if case.kind == "npz" else "data" if headers.numpy_says(case.data)["want"] == "ok" else "header"
    if arrays is not None and (case.kind == "npz" or want != "invalid"):
        out["arrays"] = arrays
    data = case.data
    packed = 0
    while packed < 2 and len(data) > 1 << 13 and len(smaller := zlib.compress(data, 9)) < len(data):
        data, packed = smaller, packed + 1
    if packed:
        out["packed"] = packed
    return out | {"data": data.decode("latin-1")}


def write():
    out, seen, names = [], set(), set()
    for case in itertools.chain(corpus_npy.cases(), corpus_npz.cases()):
        key = (case.kind, hashlib.sha256(case.data).digest())
        if key in seen:
            continue  # the same file by another way
        entry = record(case)
        while entry["name"] in names:
            entry["name"] += "'"
        seen.add(key)
        names.add(entry["name"])
        out.append(entry)
    text = "[\n" + ",\n".join(json.dumps(e, ensure_ascii=False) for e in out) + "\n]\n"
    FILE.write_bytes(gzip.compress(text.encode("utf-8", "surrogatepass"), 9, mtime=0))
    tell(out)


def tell(out):
    for kind in ("npy", "npz"):
        counts = {w: sum(e["want"] == w and e["kind"] == kind for e in out) for w in ("valid", "invalid", "either")}
        print(kind, counts, "decided here:", sum("here" in e for e in out if e["kind"] == kind))


def unpacked(entry):
    data = entry["data"].encode("latin-1")
    for _ in range(entry.get("packed", 0)):
        data = zlib.decompress(data)
    return data


def check():
    """Compares the corpus with what this NumPy reads."""
    out = json.loads(gzip.decompress(FILE.read_bytes()))
    wrong = 0
    for entry in out:
        if entry["want"] == "either" or entry["edge"] == "npz bomb":
            continue  # nothing is claimed, or much memory is asked for
        verdict, arrays = numpy_reads(entry["kind"], unpacked(entry), len(entry.get("arrays", [0])) - 1)
        if verdict != entry["want"] or (verdict == "valid" and arrays != entry["arrays"]):
            print(f"{entry['name']}: expected {entry['want']}, found {verdict}")
            wrong += 1
    print(f"NumPy {np.__version__}: {wrong} of {len(out)} differ")
    tell(out)
    return wrong > 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    write()
