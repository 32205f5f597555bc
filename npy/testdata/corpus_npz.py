"""The .npz files of corpus.py, by what they try."""

import bz2
import lzma
import struct
import zlib

import numpy as np
from corpus_npy import Case, array_file, elements, filled, npy, padded
from headers import full, header


class Zip:
    """Writes archives in which anything may be wrong."""

    def __init__(self):
        self.body, self.central, self.count = b"", b"", 0

    def add(self, name, data, method=0, flags=None, packed=None, descriptor=None, local=None, central=None, at=None, **both):
        raw = name if isinstance(name, bytes) else name.encode()
        if packed is None:
            packed = compressed(data, method)
        if flags is None:
            flags = 0x800 if any(c > 127 for c in raw) else 0
        fields = {
            "version": 20,
            "flags": flags,
            "method": method,
            "crc": zlib.crc32(data),
            "csize": len(packed),
            "usize": len(data),
            "name": raw,
            "extra": b"",
            "comment": b"",
            "disk": 0,
        } | both
        if descriptor is not None:
            fields["flags"] |= 8
            local = {"crc": 0, "csize": 0, "usize": 0} | (local or {})
        at = len(self.body) if at is None else at
        where = {"offset": at} | fields | (central or {})
        here = fields | (local or {})
        self.body += struct.pack(
            "<4s5H3I2H",
            b"PK\3\4",
            here["version"],
            here["flags"],
            here["method"],
            0,
            33,
            here["crc"],
            here["csize"],
            here["usize"],
            len(here["name"]),
            len(here["extra"]),
        )
        self.body += here["name"] + here["extra"] + packed
        if descriptor is not None:
            self.body += struct.pack(
                descriptor, *[0x08074B50] * (descriptor in ("<4I", "<2I2Q")), fields["crc"], fields["csize"], fields["usize"]
            )
        self.entry(**where)
        return self

    def entry(
        self, version=20, flags=0, method=0, crc=0, csize=0, usize=0, name=b"", extra=b"", comment=b"", disk=0, offset=0
    ):
        self.central += struct.pack(
            "<4s6H3I5H2I",
            b"PK\1\2",
            20,
            version,
            flags,
            method,
            0,
            33,
            crc,
            csize,
            usize,
            len(name),
            len(extra),
            len(comment),
            disk,
            0,
            0,
            offset,
        )
        self.central += name + extra + comment
        self.count += 1
        return self

    def bytes(self, comment=b"", gap=b"", zip64=False, **wrong):
        end = {
            "disk": 0,
            "disk0": 0,
            "here": self.count,
            "count": self.count,
            "size": len(self.central),
            "offset": len(self.body) + len(gap),
            "comment": len(comment),
        }
        out = self.body + gap + self.central
        if zip64:
            big = end | wrong
            out += struct.pack(
                "<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, big["here"], big["count"], big["size"], big["offset"]
            )
            out += struct.pack(
                "<4sIQI", b"PK\6\7", 0, len(self.body) + len(gap) + len(self.central) + big.get("locator", 0), 1
            )
            end, wrong = end | {"here": 0xFFFF, "count": 0xFFFF, "size": 0xFFFFFFFF, "offset": 0xFFFFFFFF}, {}
        end |= wrong
        return (
            out
            + struct.pack(
                "<4s4H2IH",
                b"PK\5\6",
                end["disk"],
                end["disk0"],
                end["here"],
                end["count"],
                end["size"],
                end["offset"],
                end["comment"],
            )
            + comment
        )


def compressed(data, method):
    if method == 8:
        c = zlib.compressobj(9, zlib.DEFLATED, -15)
        return c.compress(data) + c.flush()
    if method == 12:
        return bz2.compress(data)
    if method == 14:
        props = lzma._encode_filter_properties({"id": lzma.FILTER_LZMA1})
        c = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1}])
        return struct.pack("<BBH", 9, 4, len(props)) + props + c.compress(data) + c.flush()
    return data


def archive(*members, method=0):
    z = Zip()
    for name, data in members:
        z.add(name, data, method)
    return z.bytes()


def cases():
    for edge, name, data, how in archives():
        yield Case(edge, f"{name} (npz)", data, "npz", **how)
    yield Case("garbage", "an .npz as .npy", archive(("a.npy", array_file())), want="invalid")


def archives():
    """Yields edge, name, data and, where NumPy's answer is not all, what else Case takes."""
    a, b = array_file("'<f8'", "(2, 3)", seed="a"), array_file("'>i4'", "(3, 4)", "True", seed="b")
    c = npy(np.arange(1000) % 7)
    s = array_file("[('x', '<f4'), ('', '|V4'), ('y', '|S3', (2,))]", "(2,)")
    names = {0: "stored", 8: "deflated", 12: "bzip2", 14: "lzma"}
    for method, word in names.items():
        old = {"why": "lzma, which Go's standard library has not", "want": "either"} if method == 14 else {}
        yield "npz", f"{word}, one member", archive(("a.npy", a), method=method), old
        yield (
            "npz",
            f"{word}, four members",
            archive(("a.npy", a), ("b.npy", b), ("c.npy", c), ("s.npy", s), method=method),
            old,
        )
    yield "npz", "a method for each", Zip().add("a.npy", a, 0).add("b.npy", b, 8).add("c.npy", c, 12).bytes(), {}
    # as NumPy writes them: sizes only in the zip64 extra of the local header
    for method, word in ((0, "stored"), (8, "deflated")):
        z = Zip()
        for name, data in (("arr_0.npy", a), ("arr_1.npy", b), ("x.npy", c)):
            packed = compressed(data, method)
            z.add(
                name,
                data,
                method,
                packed=packed,
                local={
                    "version": 45,
                    "csize": 0xFFFFFFFF,
                    "usize": 0xFFFFFFFF,
                    "extra": struct.pack("<2H2Q", 1, 16, len(data), len(packed)),
                },
            )
        yield "npz", f"{word} as np.savez", z.bytes(), {}
    for extra, word in (
        (struct.pack("<2H2Q", 1, 16, 0, 0), "zeros"),
        (struct.pack("<2H2Q", 1, 16, 1 << 60, 1 << 60), "lies"),
        (b"", "nothing"),
    ):
        yield (
            "npz",
            f"{word} in the local zip64 extra",
            Zip().add("a.npy", a, local={"csize": 0xFFFFFFFF, "usize": 0xFFFFFFFF, "extra": extra}).bytes(),
            {},
        )
    wide = struct.pack("<2H3Q", 1, 24, len(a), len(a), 0)
    yield (
        "npz",
        "zip64 in the central directory",
        Zip()
        .add("a.npy", a, central={"csize": 0xFFFFFFFF, "usize": 0xFFFFFFFF, "offset": 0xFFFFFFFF, "extra": wide})
        .bytes(),
        {},
    )
    yield (
        "npz",
        "zip64 for one size only",
        Zip().add("a.npy", a, central={"usize": 0xFFFFFFFF, "extra": struct.pack("<2HQ", 1, 8, len(a))}).bytes(),
        {},
    )
    yield "npz", "a zip64 end", Zip().add("a.npy", a).add("b.npy", b, 8).bytes(zip64=True), {}
    for descriptor, word in (("<3I", "12 bytes"), ("<4I", "16 bytes"), ("<I2Q", "20 bytes"), ("<2I2Q", "24 bytes")):
        for method in (0, 8):
            yield (
                "npz",
                f"data descriptors of {word}, {names[method]}",
                Zip().add("a.npy", a, method, descriptor=descriptor).add("b.npy", b, method, descriptor=descriptor).bytes(),
                {},
            )
    for name in ["a", "a.npy", "a.npy.npy", ".npy", "a.b.npy", "dir/a.npy", "dir/sub/a", "/a.npy", "../a.npy", "a b.npy", "\u00e9.npy", "\u20ac/\U0001f600.npy", "e\u0301.npy", "a\\b.npy", "C:\\a.npy", "file.npy", "a.NPY",
                 "x" * 250 + ".npy", "x" * 60_000, "a\n.npy", "a\t\x01.npy", "files", "self.npy", "'\"{}.npy", "%s.npy", "0.npy", ".hidden.npy", "con.npy", "a:b.npy", "a/.npy", "./a.npy", "a//b.npy"]:  # fmt: skip
        yield "npz names", f"named {name[:60]!r}", archive((name, a)), {}
    yield (
        "npz names",
        "named with a zero",
        archive(("a\0b.npy", a)),
        {"why": "zipfile ends a name at a zero", "want": "either"},
    )
    yield (
        "npz names",
        "named in another code page",
        Zip().add(b"\x82.npy", a, flags=0).bytes(),
        {"why": "the code page of a name without the UTF-8 flag is a guess", "want": "either"},
    )
    yield (
        "npz names",
        "UTF-8 without its flag",
        Zip().add("\u00e9.npy".encode(), a, flags=0).bytes(),
        {"why": "the code page of a name without the UTF-8 flag is a guess", "want": "either"},
    )
    yield (
        "npz names",
        "not UTF-8, with its flag",
        Zip().add(b"\xff\xfe.npy", a, flags=0x800).bytes(),
        {"why": "a name that is not UTF-8", "want": "either"},
    )
    yield "npz names", "no name", archive(("", a)), {}
    yield "npz names", "a and a.npy", archive(("a", a), ("a.npy", b)), {}
    yield "npz names", "a.npy and a", archive(("a.npy", a), ("a", b)), {}
    yield "npz names", "a.npy and a.npy.npy", archive(("a.npy", a), ("a.npy.npy", b)), {}
    yield "npz duplicates", "one name twice", archive(("a.npy", a), ("a.npy", b)), {}
    yield (
        "npz duplicates",
        "one name three times",
        archive(("x.npy", c), ("a.npy", a), ("x.npy", a), ("b.npy", b), ("x.npy", b), method=8),
        {},
    )
    yield "npz foreign", "a text beside", archive(("a.npy", a), ("readme.txt", b"hello")), {}
    yield "npz foreign", "only a text", archive(("readme.txt", b"hello")), {}
    yield "npz foreign", "an empty member", archive(("a.npy", a), ("empty", b"")), {}
    yield "npz foreign", "a folder", archive(("dir/", b""), ("dir/a.npy", a)), {}
    yield "npz foreign", "an .npz within", archive(("in.npz", archive(("a.npy", a))), ("a.npy", a)), {}
    yield "npz foreign", "a pickle", archive(("p.pkl", b"\x80\x04N."), ("a.npy", a)), {}
    for name, data in [("x.npy", b""), ("x.npy", b"hello"), ("x.npy", b"PK\3\4"), ("x.npy", b"\x80\x04N.")]:
        yield (
            "npz foreign",
            f"{data!r} named {name}",
            archive(("a.npy", a), (name, data)),
            {"why": "NumPy gives the bytes of what is no .npy, whatever its name", "want": "either"},
        )
    yield "npz", "empty", Zip().bytes(), {}
    yield "npz", "empty with a comment", Zip().bytes(b"nothing"), {}
    yield (
        "npz",
        "empty with a zip64 end",
        Zip().bytes(zip64=True),
        {"why": "np.load knows an empty archive by its first bytes", "want": "either"},
    )
    yield "npz", "a comment", Zip().add("a.npy", a).bytes(b"a comment"), {}
    yield (
        "npz",
        "a comment with an end in it",
        Zip().add("a.npy", a).bytes(b"PK\5\6" + bytes(30)),
        {"why": "which of two ends is it", "want": "either"},
    )
    yield "npz", "the longest comment", Zip().add("a.npy", a).bytes(b"x" * 65535), {}
    yield "npz", "comments of members", Zip().add("a.npy", a, comment=b"of a").add("b.npy", b, comment=b"PK\1\2").bytes(), {}
    yield (
        "npz",
        "extra fields",
        Zip()
        .add("a.npy", a, extra=struct.pack("<2H", 0xCAFE, 3) + b"abc")
        .add("b.npy", b, local={"extra": struct.pack("<2H", 0x5455, 5) + b"\3abcd"})
        .bytes(),
        {},
    )
    yield (
        "npz",
        "bytes between members",
        Zip().add("a.npy", a, packed=a + b"between", csize=len(a)).add("b.npy", b).bytes(),
        {},
    )
    yield "npz", "bytes before the central directory", Zip().add("a.npy", a).bytes(gap=b"gap" * 5), {}
    yield (
        "npz",
        "bytes behind the end",
        Zip().add("a.npy", a).bytes() + b"more",
        {"why": "zipfile takes them for a part of a comment", "want": "either"},
    )
    yield (
        "npz",
        "bytes before it",
        b"#!/bin/sh\n" + archive(("a.npy", a)),
        {"why": "np.load wants the archive's magic at the beginning", "want": "either"},
    )
    yield (
        "npz",
        "members in another order than the directory's",
        Zip().add("b.npy", b).add("a.npy", a).bytes()[:0] + reordered(a, b),
        {},
    )
    yield "npz", "200 members", archive(*[(f"arr_{i}.npy", array_file("'|u1'", "(2,)", seed=str(i))) for i in range(200)]), {}
    yield "npz", "a trailer in a member", archive(("a.npy", a + b"more"), method=8), {}
    yield "npz", "two arrays in a member", archive(("a.npy", a + b)), {}
    yield (
        "npz",
        "aligned members",
        Zip().add("a.npy", a, extra=struct.pack("<2H", 0xD935, 64 - 30 - 5 - 4) + bytes(64 - 30 - 5 - 4)).bytes(),
        {},
    )
    yield "npz", "made by something newer", Zip().add("a.npy", a, version=63).bytes(), {}
    yield (
        "npz",
        "made by something far newer",
        Zip().add("a.npy", a, version=200).bytes(),
        {"why": "zipfile reads archives up to version 6.3", "want": "either"},
    )
    for d in ["'|S0'", "'>U2'", "[]", "'<M8[25s]'", "'<f2'", "'|b1'", "[('a', '>f8', (2, 0))]", "'|V3'", "'>c16'"]:
        for shape in ["()", "(0, 2)", "(3, 2)"]:
            yield "npz", f"{d} of shape {shape}", archive(("a.npy", array_file(d, shape, "True")), method=8), {}
    yield "npz", "version 3 and 4096 bytes of header", archive(("a.npy", filled(padded(full(), (3, 0), 4096), "z"))), {}

    # Archives that are refused.
    for method in (0, 8, 12):
        word, packed = names[method], compressed(a, method)
        bad = zlib.crc32(a) ^ 1
        yield "npz crc", f"{word}, a bad CRC", Zip().add("a.npy", a, method, crc=bad).bytes(), {}
        yield (
            "npz crc",
            f"{word}, a bad CRC in the central directory",
            Zip().add("a.npy", a, method, central={"crc": bad}).bytes(),
            {},
        )
        yield (
            "npz crc",
            f"{word}, a bad CRC in the local header",
            Zip().add("a.npy", a, method, local={"crc": bad}).bytes(),
            {"why": "only the central directory is to be trusted", "want": "either"},
        )
        yield "npz crc", f"{word}, a CRC of zero", Zip().add("a.npy", a, method, crc=0).bytes(), {}
        yield (
            "npz crc",
            f"{word}, a bad CRC in a descriptor",
            Zip()
            .add("a.npy", a, method, descriptor="<4I")
            .bytes()
            .replace(struct.pack("<2I", 0x08074B50, zlib.crc32(a)), struct.pack("<2I", 0x08074B50, bad)),
            {"why": "only the central directory is to be trusted", "want": "either"},
        )
        yield (
            "npz crc",
            f"{word}, a bad CRC beside a good one",
            Zip().add("good.npy", b, method).add("a.npy", a, method, crc=bad).add("c.npy", c, method).bytes(),
            {},
        )
        for at in (0, len(packed) // 2, len(packed) - 3):
            broken = packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :]
            yield (
                "npz crc",
                f"{word}, byte {at} changed",
                Zip().add("a.npy", a, method, packed=broken).bytes(),
                {"why": "np.load takes a member that doesn't begin as one for a foreign one"} if at == 0 else {},
            )
        yield (
            "npz crc",
            f"{word}, a bad CRC of an array without elements",
            Zip().add("a.npy", array_file(shape="(0, 3)"), method, crc=bad).bytes(),
            {},
        )
        yield "npz crc", f"{word}, a bad CRC with a trailer", Zip().add("a.npy", a + bytes(5000), method, crc=bad).bytes(), {}
        yield (
            "npz crc",
            f"{word}, a bad CRC of a foreign member",
            Zip().add("a.npy", a, method).add("x.txt", b"hello" * 9, method, crc=bad).bytes(),
            {"why": "a foreign member, which nobody asks for", "want": "either"},
        )
        for where in ({}, {"local": {}}, {"central": {}}):
            for flag, what in (
                (1, "encrypted"),
                (0x41, "strongly encrypted"),
                (0x20, "a patch"),
                (0x2000, "a masked directory"),
            ):
                over = {k: {"flags": flag} for k in where} or {"flags": flag}
                soft = "local" in over or flag == 0x2000 or flag == 0x20
                yield (
                    "npz encrypted",
                    f"{word}, {what}, {''.join(where) or 'both'}",
                    Zip().add("a.npy", a, method, **over).bytes(),
                    {"why": "a flag that not every reader looks at", "want": "either"} if soft else {},
                )
        for usize in (0, 1, len(a) - 1, len(a) + 1, 10 * len(a), 0x7FFFFFFF, 0xFFFFFFFE):
            yield (
                "npz sizes",
                f"{word}, {usize} bytes declared",
                Zip().add("a.npy", a, method, usize=usize).bytes(),
                {"why": "np.load reads what it needs", "want": "conflict", "here": "refused"} if usize > len(a) else {},
            )
        for csize in (0, 1, len(packed) - 2, len(packed) - 1, len(packed) + 1, 100_000, 0xFFFFFFFE):
            yield (
                "npz sizes",
                f"{word}, {csize} bytes of {len(packed)} declared",
                Zip().add("a.npy", a, method, packed=packed, csize=csize).bytes(),
                {"why": "np.load reads what it needs", "want": "either"}
                if csize > len(packed)
                else {"why": "np.load reads what it needs", "want": "conflict", "here": "refused"},
            )
        over = struct.pack("<2H2Q", 1, 16, 1 << 62, 1 << 62)
        yield (
            "npz sizes",
            f"{word}, 2**62 bytes declared",
            Zip().add("a.npy", a, method, central={"csize": 0xFFFFFFFF, "usize": 0xFFFFFFFF, "extra": over}).bytes(),
            {"why": "zipfile reads what there is", "want": "either"},
        )
        over = struct.pack("<2H2q", 1, 16, -1, -1)
        yield (
            "npz sizes",
            f"{word}, 2**64-1 bytes declared",
            Zip().add("a.npy", a, method, central={"csize": 0xFFFFFFFF, "usize": 0xFFFFFFFF, "extra": over}).bytes(),
            {"why": "zipfile reads what there is", "want": "either"},
        )
        yield (
            "npz sizes",
            f"{word}, a header that needs more than is declared",
            Zip().add("a.npy", header(full(shape="(100000000,)")) + bytes(48), method).bytes(),
            {},
        )
        yield (
            "npz sizes",
            f"{word}, a header that needs more than there can be",
            Zip().add("a.npy", header(full(shape="(4611686018427387904, 4)")), method).bytes(),
            {},
        )
        yield (
            "npz members",
            f"{word}, an array of objects",
            Zip().add("a.npy", npy(np.array([None], object)), method).bytes(),
            {},
        )
        yield (
            "npz members",
            f"{word}, objects beside an array",
            Zip().add("o.npy", npy(np.array([None], object)), method).add("a.npy", a, method).bytes(),
            {},
        )
        for n in (6, 8, 10, 40, len(a) - 48, len(a) - 1):
            yield "npz members", f"{word}, the first {n} bytes of an array", Zip().add("a.npy", a[:n], method).bytes(), {}
        yield (
            "npz members",
            f"{word}, a header of 4 GiB",
            Zip().add("a.npy", header(full(), (2, 0), 0xFFFFFFFF), method).bytes(),
            {},
        )
        yield "npz members", f"{word}, a broken header", Zip().add("a.npy", header(full()[:-1]), method).bytes(), {}
    packed = compressed(c, 8)
    for n in (0, 1, 10, len(packed) - 3, len(packed) - 1):
        soft = {"why": "np.load reads what it needs", "want": "conflict", "here": "refused"}
        yield (
            "npz deflate",
            f"the first {n} of {len(packed)} bytes",
            Zip().add("c.npy", c, 8, packed=packed[:n]).bytes(),
            soft,
        )
    for what, stream in [
        ("a reserved block", b"\x07"),
        ("a stored block of a wrong length", b"\1\5\0\0\0hello"),
        ("a distance too far", b"\x63\x00\x03\x00"),
        ("zlib, not raw", zlib.compress(c)),
        ("garbage", elements(np.dtype("u1"), 300, "garbage")),
    ]:
        yield "npz deflate", what, Zip().add("c.npy", c, 8, packed=stream).bytes(), {}
    yield (
        "npz deflate",
        "bytes behind the stream",
        Zip().add("c.npy", c, 8, packed=packed + b"more").bytes(),
        {"why": "what lies behind the stream is not read", "want": "either"},
    )
    yield (
        "npz deflate",
        "a thousand empty blocks before it",
        Zip().add("c.npy", c, 8, packed=b"\0\0\0\xff\xff" * 1000 + packed).bytes(),
        {},
    )
    for method in (1, 6, 9, 10, 13, 20, 93, 95, 97, 98, 99, 65535):
        yield (
            "npz methods",
            f"method {method}",
            Zip().add("a.npy", a, method).bytes(),
            {"why": "a reader may know the method", "want": "either"} if method == 93 else {},
        )
    yield "npz methods", "stored, said to be deflated", Zip().add("a.npy", a, 8, packed=a).bytes(), {}
    yield (
        "npz methods",
        "deflated, said to be stored",
        Zip().add("a.npy", a, 0, packed=compressed(a, 8)).bytes(),
        {"why": "a member that doesn't begin as an .npy"},
    )
    yield (
        "npz methods",
        "another method in the local header",
        Zip().add("a.npy", a, 8, local={"method": 0}).bytes(),
        {"why": "only the central directory is to be trusted", "want": "either"},
    )

    good = Zip().add("a.npy", a).add("b.npy", b, 8)
    whole = good.bytes()
    body, central = len(good.body), len(good.central)
    for n in sorted(
        {
            0,
            1,
            2,
            4,
            10,
            30,
            35,
            60,
            100,
            body - 1,
            body,
            body + 1,
            body + 46,
            body + central - 1,
            body + central,
            body + central + 4,
            len(whole) - 2,
            len(whole) - 1,
        }
    ):
        yield "npz truncated", f"the first {n} of {len(whole)} bytes", whole[:n], {}
    for n in (1, 4, 30, body):
        yield "npz truncated", f"without its first {n} bytes", whole[n:], {}
    yield "npz truncated", "without 10 bytes in the middle", whole[:50] + whole[60:], {}
    yield "npz truncated", "only the end", whole[body + central :], {}
    yield "npz truncated", "only the directory", whole[body:], {}
    for word, wrong in [("one member more", {"here": 3, "count": 3}), ("one member less", {"here": 1, "count": 1}), ("65,534 members", {"here": 65534, "count": 65534}), ("no member", {"here": 0, "count": 0}),
                        ("other counts", {"here": 1, "count": 2}), ("another disk", {"disk": 1}), ("a directory on another disk", {"disk0": 1})]:  # fmt: skip
        yield (
            "npz directory",
            f"{word} in the end",
            good.bytes(**wrong),
            {"why": "zipfile doesn't look at it", "want": "either"},
        )
    for word, wrong in [("a size of zero", {"size": 0}), ("a size too small", {"size": central - 1}), ("a size too large", {"size": central + 1}), ("a size beyond the file", {"size": 0x7FFFFFFF}), ("an offset too small", {"offset": body - 1}), ("an offset too large", {"offset": body + 1}),
                        ("an offset beyond the file", {"offset": 0x7FFFFFFF}), ("an offset of zero", {"offset": 0})]:  # fmt: skip
        yield (
            "npz directory",
            f"{word} in the end",
            good.bytes(**wrong),
            {"why": "zipfile and other readers look for the directory in ways of their own", "want": "either"},
        )
    yield (
        "npz directory",
        "a comment that is longer than the file",
        good.bytes()[:-2] + b"\xff\xff",
        {"why": "zipfile takes it", "want": "either"},
    )
    for word, wrong in [
        ("an offset beyond the file", {"offset": 1 << 40}),
        ("a negative offset", {"offset": (1 << 64) - 1}),
        ("a size beyond the file", {"size": 1 << 40}),
        ("2**60 members", {"here": 1 << 60, "count": 1 << 60}),
        ("a locator that points elsewhere", {"locator": 1 << 20}),
    ]:
        soft = {"why": "zipfile looks for the directory in a way of its own", "want": "either"}
        yield "npz directory", f"{word} in the zip64 end", good.bytes(zip64=True, **wrong), soft
    at = body
    for word, i, new in [("a wrong signature", at, b"PX"), ("a name that reaches beyond", at + 28, b"\xff\xff"), ("an extra that reaches beyond", at + 30, b"\xff\xff"), ("a comment that reaches beyond", at + 32, b"\xff\xff"),
                         ("a member beyond the file", at + 42, b"\xff\xff\xff\x7f"), ("a member at the directory", at + 42, struct.pack("<I", body)), ("a member one byte on", at + 42, b"\1\0\0\0"), ("a member within another", at + 42, b"\x32\0\0\0")]:  # fmt: skip
        yield (
            "npz directory",
            f"{word} in the directory",
            whole[:i] + new + whole[i + len(new) :],
            {"why": "zipfile doesn't look at it", "want": "either"} if "a comment" in word else {},
        )
    for word, i, new in [
        ("a wrong signature", 0, b"PX"),
        ("a wrong signature of the second", whole.index(b"PK\3\4", 4), b"PK\4\4"),
    ]:
        yield "npz directory", f"{word} in a local header", whole[:i] + new + whole[i + len(new) :], {}
    yield (
        "npz directory",
        "another name in the local header",
        Zip().add("a.npy", a, local={"name": b"b.npy"}).bytes(),
        {"why": "only the central directory is to be trusted", "want": "either"},
    )
    yield (
        "npz directory",
        "a longer name in the local header",
        Zip().add("a.npy", a, local={"name": b"longer.npy"}).bytes(),
        {"why": "only the central directory is to be trusted", "want": "either"},
    )
    yield (
        "npz directory",
        "an extra in the local header that reaches beyond",
        damaged(Zip().add("a.npy", a).bytes(), 28, b"\xff\xff"),
        {},
    )
    yield (
        "npz directory",
        "a name in the local header that reaches beyond",
        damaged(Zip().add("a.npy", a).bytes(), 26, b"\xff\xff"),
        {},
    )
    yield (
        "npz directory",
        "a broken extra in the directory",
        Zip().add("a.npy", a, central={"extra": b"\1\0\xff\xff"}).bytes(),
        {"why": "an extra field that nobody needs", "want": "either"},
    )
    yield (
        "npz directory",
        "a zip64 extra that is too short",
        Zip()
        .add("a.npy", a, central={"usize": 0xFFFFFFFF, "csize": 0xFFFFFFFF, "extra": struct.pack("<2HI", 1, 4, 0)})
        .bytes(),
        {},
    )
    yield (
        "npz directory",
        "no zip64 extra where sizes ask for it",
        Zip().add("a.npy", a, central={"usize": 0xFFFFFFFF, "csize": 0xFFFFFFFF}).bytes(),
        {"why": "zipfile takes what there is", "want": "either"},
    )
    z = Zip().add("a.npy", a)
    for name in (b"a.npy", b"b.npy"):
        z.entry(crc=zlib.crc32(a), csize=len(a), usize=len(a), name=name, offset=0)
    yield (
        "npz overlap",
        "three entries for one member",
        z.bytes(),
        {"why": "overlap, which newer zipfiles refuse", "want": "either"},
    )
    inner = archive(("b.npy", b))
    z = Zip().add("a.npy", a + inner)
    z.entry(crc=zlib.crc32(b), csize=len(b), usize=len(b), name=b"b.npy", offset=30 + 5 + len(a))
    yield (
        "npz overlap",
        "a member within another's data",
        z.bytes(),
        {"why": "overlap, which newer zipfiles refuse", "want": "either"},
    )
    yield (
        "npz overlap",
        "a member that reaches into the next",
        Zip().add("a.npy", a + bytes(20), csize=len(a) + 200, usize=len(a) + 200).add("b.npy", b).bytes(),
        {"why": "overlap; the CRC is wrong as well", "want": "invalid"},
    )
    yield (
        "npz overlap",
        "a member that reaches into the directory",
        Zip().add("a.npy", a, csize=len(a) + 20, usize=len(a) + 20, crc=0).bytes(),
        {},
    )

    zeros = header(full(descr="'|u1'", shape="(268435456,)")) + bytes(1 << 28)
    yield (
        "npz bomb",
        "256 MiB of zeros",
        Zip().add("a.npy", zeros, 8).bytes(),
        {"why": "a legal array, and a bomb to a reader that bounds the ratio", "want": "either"},
    )
    yield (
        "npz bomb",
        "256 MiB of zeros, declared 1000 bytes",
        Zip().add("a.npy", zeros, 8, usize=1000).bytes(),
        {"want": "invalid"},
    )
    yield (
        "npz bomb",
        "256 MiB of zeros behind a small array",
        Zip().add("a.npy", a + bytes(1 << 28), 8).bytes(),
        {"why": "a trailer of 256 MiB", "want": "either"},
    )
    spaces = header(full() + " " * ((1 << 28) - 200), (2, 0)) + bytes(96)
    yield "npz bomb", "a header of 256 MiB of spaces", Zip().add("a.npy", spaces, 8).bytes(), {"want": "invalid"}
    yield (
        "npz bomb",
        "a header of 256 MiB of newlines, bzip2",
        Zip().add("a.npy", header(full() + "\n" * ((1 << 28) - 200), (3, 0)), 12).bytes(),
        {"want": "invalid"},
    )
    yield "npz bomb", "a header of 16 MiB of brackets", Zip().add("a.npy", header("(" * (1 << 24), (2, 0)), 8).bytes(), {}
    yield (
        "npz bomb",
        "256 MiB, not an array",
        Zip().add("x.txt", bytes(1 << 28), 8).add("a.npy", a).bytes(),
        {"why": "a foreign member", "want": "either"},
    )
    big = Zip().add("a.npy", a)
    for _ in range(20_000):
        big.entry(crc=zlib.crc32(a), csize=len(a), usize=len(a), name=b"a.npy", offset=0)
    yield (
        "npz bomb",
        "20,000 entries for one member",
        big.bytes(),
        {"why": "overlap, which newer zipfiles refuse", "want": "either", "like": b""},
    )
    for name, data in [("nothing", b""), ("zeros", bytes(200)), ("text", b"hello, world\n" * 9), ("an .npy", a), ("a gzip", zlib.compress(a, wbits=31)), ("a magic and zeros", b"PK\3\4" + bytes(200)), ("an end alone, cut", b"PK\5\6" + bytes(17)),
                       ("a pickle", b"\x80\x04N."), ("random bytes", b"PK\3\4" + elements(np.dtype("u1"), 500, "random zip")), ("many ends", b"PK\3\4" + b"PK\5\6" * 100), ("a RAR", b"Rar!\x1a\7\0" + bytes(90)), ("a 7z", b"7z\xbc\xaf\x27\x1c" + bytes(90)), ("a tar", b"a.npy" + bytes(1019))]:  # fmt: skip
        yield "npz garbage", f"{name} as .npz", data, {"want": "invalid"} if name == "an .npy" else {}
    yield (
        "npz garbage",
        "zeros behind an empty archive",
        b"PK\5\6" + bytes(100),
        {"why": "zipfile takes them for a part of a comment", "want": "either"},
    )


def damaged(data, at, new):
    return data[:at] + new + data[at + len(new) :]


def reordered(a, b):
    z = Zip().add("b.npy", b).add("a.npy", a)
    second = z.central.index(b"PK\1\2", 4)
    z.central = z.central[second:] + z.central[:second]
    return z.bytes()
