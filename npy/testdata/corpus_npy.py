"""The .npy files of corpus.py, by what they try; and what makes files, for corpus_npz.py too."""

import hashlib
import io
import itertools
import pickle
import struct
import warnings
import zlib

import headers
import numpy as np
from headers import entries, full, header

# Why a case is "either", or another one here.
OLD = "NumPy 1.26 has at most 32 axes"
LONG = "what a long double is depends on the machine, and Go has none"
NEGATIVE = "NumPy 1.26 takes a negative length for as many as there are"
ONE = "NumPy 1.26 reads a field of length 1 as a scalar"
SIZE = "NumPy reads headers of at most 10,000 characters unless told otherwise"


def elements(dtype, count, seed):
    """Returns bytes of elements that no two arrays have in common; those of a bool are 0 or 1."""
    period = 509  # a prime, so that elements differ, and what compresses well
    size = count * dtype.itemsize
    data = bytearray(hashlib.shake_128(seed.encode("utf-8", "surrogatepass")).digest(period) * (size // period + 1))[:size]
    if dtype.itemsize:
        for i, leaf in places(dtype):
            for at in range(i, len(data), dtype.itemsize):
                if leaf.kind == "b":
                    data[at] &= 1
                elif leaf.kind == "U":  # letters
                    for c in range(at, at + leaf.itemsize, 4):
                        data[c : c + 4] = (0x61 + data[c] % 26).to_bytes(4, "big" if leaf.byteorder == ">" else "little")
    return bytes(data)


def places(dtype, at=0):
    """Yields the offset and dtype of each scalar of an element."""
    if dtype.subdtype:
        base, shape = dtype.subdtype
        for i in range(int(np.prod(shape, dtype=int))):
            yield from places(base, at + i * base.itemsize)
    elif dtype.names is not None:
        for name in dtype.names:
            yield from places(dtype.fields[name][0], at + dtype.fields[name][1])
    else:
        yield at, dtype


def filled(head, seed):
    """Returns a header with the elements that it claims behind it, if they are few; otherwise some bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            file = io.BytesIO(head)
            shape, _, dtype = headers.impl._read_array_header(file, headers.impl.read_magic(file), max_header_size=1 << 30)
            count = 1
            for n in shape:
                count *= int(n)
            if 0 <= count * dtype.itemsize <= 1 << 20:
                return head + elements(dtype, count, seed)
        except Exception:
            pass
    return head + elements(np.dtype("u1"), 96, seed)


def array_file(descr="'<f8'", shape="(2, 3)", order="False", seed=None, **kw):
    text = full(descr=descr, shape=shape, order=order)
    return filled(header(text, **kw), seed or text)


def padded(text, version=(1, 0), align=64, end="\n", size=None):
    """Returns a header that takes a multiple of align bytes, or as many as size."""
    raw = text.encode("utf-8" if version == (3, 0) else "latin-1")
    prefix = 10 if version == (1, 0) else 12
    size = size or -(-(prefix + len(raw) + len(end)) // align) * align
    return header(raw + b" " * (size - prefix - len(raw) - len(end)) + end.encode(), version)


def npy(array, **kw):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), **kw)
    return file.getvalue()


class Case:
    """A file, and what is known of it beforehand.

    edge, name, kind, why and here are those of the corpus. more is the number of arrays behind the first. want is that of the
    corpus, where it is not NumPy's answer; that of "invalid" is not asked for, and "conflict" is "either" if here is another. like is a file that NumPy reads in its place, to
    which dtype is another: where it is empty, arrays are not known.
    """

    def __init__(self, edge, name, data, kind="npy", why="", here="", more=0, want=None, like=None, dtype=None):
        self.edge, self.name, self.data, self.kind = edge, name, data, kind
        self.why, self.here, self.more = why, here, more
        self.want, self.like, self.dtype = want, like, dtype


def types():
    marks = ["<", ">", "=", "|", ""]
    for mark, code in itertools.product(marks, "b1 i1 u1 i2 i4 i8 u2 u4 u8 f2 f4 f8 c8 c16".split()):
        yield f"{mark}{code}"
    for mark, code in itertools.product(["", "<", ">"], "?bhiqBHIQefdFD"):
        yield mark + code
    yield from "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()
    yield from "S0 S1 |S5 <S5 >S5 S100 U0 U1 <U3 >U3 =U3 |U3 >U0 U64 V0 V1 |V8 V16 >V3 <V3 V300".split()
    for mark, kind in itertools.product(["<", ">"], "Mm"):
        for unit in "Y M W D h m s ms us ns ps fs as".split():
            yield f"{mark}{kind}8[{unit}]"
        for unit in ["", "[25s]", "[7D]", "[1ns]", "[2147483647us]", "[10ms]", "[generic]"]:
            yield f"{mark}{kind}8{unit}"
    yield from ["datetime64[ns]", "timedelta64[D]", "datetime64", "=M8[s]", "|m8[h]", "M8[3M]"]


STRUCTS = [
    "[('a', '<f8')]", "[('a', '|i1'), ('b', '<f8')]", "[('a', '>i2'), ('b', '>f4'), ('c', '>c16')]", "[('a', '|b1'), ('b', '|S3'), ('c', '|V2')]",
    "[('a', '|i1'), ('', '|V7'), ('b', '<f8')]", "[('', '|V3'), ('b', '<f8')]", "[('b', '>f8'), ('', '|V3')]", "[('', '|V4')]",
    "[('', '|V1'), ('', '|V2'), ('b', '>i4'), ('', '|V0'), ('', '|V3')]", "[('', '|V3', (2,)), ('b', '<f8')]", "[('', '<f8', (2,)), ('b', '>i2')]",
    "[('a', '<f8', (2, 3))]", "[('a', '>f8', (2, 3)), ('b', '|S3', 2)]", "[('a', '<f8', 1)]", "[('a', '<f8', (1,))]", "[('a', '<f8', ())]",
    "[('a', '<f8', (0,))]", "[('a', '<f8', (0,)), ('b', '<i4')]", "[('a', '<f8', (2, 0, 3)), ('b', '>i4', (1, 1))]", "[('a', '<i2', 3)]",
    "[(('title', 'a'), '<f8')]", "[(('the a', 'a'), '<f8'), (('the b', 'b'), '<i4', (2,)), ('c', '|u1')]", "[(('', 'a'), '<f8')]",
    "[('a', [('b', '<i4'), ('c', '<f8')])]", "[('a', [('b', '>i4'), ('', '|V4'), ('c', '>f8', 2)], (2,)), ('d', '>U2')]",
    "[('a', [('b', [('c', [('d', '<f4')], 2)], (1, 2))])]", "[('a', [])]", "[]", "[('a', []), ('b', '<i4')]", "[('a', '|V0')]", "[('a', '|V0'), ('b', '<f8', (0,))]",
    "[('a', '|S0'), ('b', '<U0'), ('c', '<i2')]", "[('a', '<M8[ns]'), ('b', '<m8[25us]'), ('c', '<M8')]", "[('a', '>M8[s]'), ('b', '>U3'), ('c', '|V5')]",
    "[('a', '<f2'), ('b', '<c8'), ('c', '|b1', (3,))]", "[['a', '<f8']]", "[['a', '<f8', [('x')]]]", "[('a', ('<f8', (2,)))]", "[('a', ('<i2', 3), (2,))]", "[('a', (('<i2', 2), (3,)))]",
    "[('a', '<f4'), ('b', '>f4')]", "[('a', '>f4'), ('b', '|S3'), ('c', [('d', '<i8', 3), ('e', '>U2')])]", "[('a', '<U1'), ('b', '>U1')]",
    "[('\\'', '<f4'), ('\"', '<i4')]", '[("a\'b", "<f4"), ("c}d", "<i2"), ("e)f", "<i2"), ("g]h", "<i2")]', "[(\"'shape': (9, 9)\", '<f8')]",
    "[(\"'descr': '<i2', 'fortran_order': True, 'shape': (9, 9), }\", '<f8'), ('b', '<f8')]", "[('{', '<f4'), ('}', '<f4'), ('(', '<f4'), (')', '<f4')]",
    "[('back\\\\slash', '<f4'), ('new\\nline', '<f4'), ('tab\\t', '<f4'), ('nul\\x00', '<f4')]", "[('#', '<f4'), ('a # b', '<i2')]", "[(' ', '<f4'), ('a b', '<f4')]",
    "[('\xe9', '<f4'), ('\\u20ac', '<f4'), ('\\U0001f600', '>f4')]", "[('True', '<f4'), ('descr', '<f4'), ('shape', '|u1', (3,))]", "[('f0', '<f8'), ('f1', '<i8')]",
    "[(u'a', '<f8'), (r'b\\n', '<f8')]", "[('a' 'b', '<f8')]", "[('x', '<f8'),]", "[('x', '|V3'), ('y', '|V3', (2,))]", "[('n' * 1, '<f8')]",
    str([(f"f{i}", "<f4") for i in range(200)]), str([("x" * 3000, "<f8")]), "[('a'," * 15 + "'<f8'" + ")]" * 15, "[('a'," * 16 + "'>f8'" + ")]" * 16,
]  # fmt: skip

UNNAMED = "NumPy names a field without one by its index; a file of NumPy's never has such"
ALIAS = "an alias whose size is the machine's or not written; no writer writes it"
DEEP = "structs more than 16 deep"
ODD_TYPES = [
    *[(t, LONG) for t in ["<f16", ">f16", "<c32", "f12", "g", "G", "longdouble"]],
    *[(t, ALIAS) for t in ["l", "L", "p", "P", "int", "float", "complex", "half", "single", "double", "intc", "long", "S", "U", "V", "a3", "S03", "i08", "i 8", "str", "bytes"]],
    *[(t, "NumPy reads a count before a type, or types with commas, as a subarray or struct") for t in ["2f8", "(2,)f8", "f8,i4", "f8,", "3i4,2f8"]],
    ("M8[D/24]", "a unit that is a part of another"), ("M8[02s]", "a count with a zero before it"), ("M8[2generic]", "a multiple of no unit"),
]  # fmt: skip


def cases():
    for descr in types():
        yield Case("dtype", f"dtype {descr}", array_file(f"'{descr}'"))
    for descr in ["<V2", ">V2"]:
        data = array_file(f"'{descr}'")
        why = "the bfloat16 of ml_dtypes; NumPy alone reads two bytes, in the order of the file"
        yield Case(
            "dtype",
            f"dtype {descr}",
            data,
            why=why,
            here="read",
            want="either",
            like=data.replace(b"V2'", b"u2'"),
            dtype="bfloat16",
        )
    for descr, why in ODD_TYPES:
        yield Case(
            "dtype",
            f"dtype {descr}",
            array_file(f"'{descr}'"),
            why=why,
            want="either",
            here="refused" if why in (LONG, ALIAS) else "",
        )
    yield Case("dtype", "bools that are not 0 or 1", header(full(descr="'|b1'", shape="(4,)")) + b"\0\1\2\xff",
               why="NumPy keeps them; here they become 1", want="either", like=b"")  # fmt: skip
    yield Case(
        "dtype",
        "text of numbers that are no characters",
        header(full(descr="'<U2'", shape="(2,)")) + struct.pack("<4I", 0xD800, 0x110000, 0, 0xFFFFFFFF),
    )
    yield Case(
        "dtype",
        "text with characters behind its end",
        header(full(descr="'>U3'", shape="(2,)")) + struct.pack(">6I", 0x1F600, 0, 0xE9, 0, 0, 0x20AC),
    )
    yield Case("dtype", "bytes with bytes behind their end", header(full(descr="'|S3'", shape="(2,)")) + b"a\0b\0\0c")
    yield Case(
        "dtype",
        "numbers that are none",
        header(full(shape="(4,)")) + bytes.fromhex("010000000000f07f 000000000000f8ff 000000000000f0ff 0000000000000080"),
    )
    yield Case("dtype", "no times", header(full(descr="'>M8[ns]'", shape="(2,)")) + struct.pack(">2q", -(2**63), -1))

    for descr in STRUCTS:
        old = {"here": "read", "why": ONE, "want": "either"} if descr == "[('a', '<f8', 1)]" else {}
        for shape, order in [("(2,)", "False"), ("(2, 3)", "True")] if len(descr) < 200 else [("(2,)", "False")]:
            case = f"struct {descr[:90]} {shape}"
            yield Case("struct", case, array_file(descr, shape, order), **old)
    for descr in ["[('', '<f8')]", "[('', '|S3'), ('', '<i4')]"]:
        yield Case("struct", f"struct {descr}", array_file(descr), why=UNNAMED, want="either", here="refused")
    for depth in (17, 30):
        yield Case(
            "struct",
            f"{depth} structs",
            array_file("[('a'," * depth + "'<f8'" + ")]" * depth),
            why=DEEP,
            want="either",
            here="refused",
        )
    pair = np.dtype([("a", "<i2"), ("b", ">f8")])
    yield Case(
        "struct",
        "struct in Fortran order",
        npy(np.asfortranarray(np.frombuffer(elements(pair, 12, "F"), pair).reshape(3, 4))),
    )
    aligned = np.dtype([("a", "i1"), ("b", "f8"), ("c", "?"), ("d", [("e", "i2"), ("f", "i8")], 2)], align=True)
    yield Case("struct", "aligned struct of np.save", npy(np.frombuffer(elements(aligned, 5, "aligned"), aligned)))
    many = [(f"a field with a long name {i:05}", "<i2") for i in range(3000)]
    yield Case("struct", "struct of 3000 fields", npy(np.zeros(2, many)), why=SIZE, here="read", want="either")

    for rank in range(65):
        shape = [1] * rank
        for axis, n in ((rank // 2, 2), (rank - 1, 3)):
            if rank:
                shape[axis] = n
        text = str(tuple(shape))
        old = {"why": OLD, "want": "either", "here": "read"} if rank > 32 else {}
        yield Case("shape", f"{rank} axes", array_file("'<i2'", text), **old)
        if rank in (2, 3, 4, 8, 32, 64):
            yield Case("shape", f"{rank} axes, Fortran", array_file("'<i2'", text, "True"), **old)
    for shape in [
        "(0,)",
        "(0, 3)",
        "(3, 0)",
        "(0, 0)",
        "(2, 0, 3)",
        "(0, 4611686018427387903)",
        "(1, 5)",
        "(5, 1)",
        "(1, 1)",
        "(1, 1, 1)",
        "(3, 4, 5)",
        "(7, 11, 13)",
        "(1000,)",
    ]:
        for order in ["False", "True"]:
            yield Case("shape", f"shape {shape} {order}", array_file("'>i2'" if "1" in shape else "'<f8'", shape, order))
    for descr, shape in itertools.product(
        ["'|S0'", "'<U0'", "'|V0'", "[]"], ["()", "(5,)", "(2, 3)", "(1099511627776,)", "(4611686018427387904,)"]
    ):
        yield Case("shape", f"{descr} without bytes, {shape}", array_file(descr, shape))
    for shape in ["()", "(1,)", "(3, 2)", "(0, 2)"]:
        for order in ["False", "True"]:
            yield Case("shape", f"{shape} {order} big-endian", array_file("'>c16'", shape, order))
    for kind, shape in itertools.product(["?", "i8", "f2", "c8", "S3", "U2", "M8[ns]"], [(3, 4), (2, 3, 4)]):
        d = np.dtype(kind)
        a = np.frombuffer(elements(d, int(np.prod(shape)), f"{kind}{shape}"), d).reshape(shape)
        yield Case("saved", f"np.save {kind} {shape} C", npy(a))
        yield Case("saved", f"np.save {kind} {shape} F", npy(np.asfortranarray(a)))
        yield Case("saved", f"np.save {kind} {shape} of a view", npy(a[::-1, ::2]))
        yield Case("saved", f"np.save {kind} {shape} big-endian", npy(a.astype(d.newbyteorder(">"))))
        yield Case("saved", f"np.save {kind} {shape} version 2", npy(a, version=(2, 0)))
        yield Case("saved", f"np.save {kind} {shape} version 3", npy(a, version=(3, 0)))

    text, little = full(shape="(2, 3)"), {}
    for version in [(1, 0), (2, 0), (3, 0)]:
        for align in (1, 2, 8, 16, 32, 64, 128, 4096, 8192):
            yield Case(
                "alignment",
                f"aligned to {align}, version {version}",
                filled(padded(text, version, align), f"{align}{version}"),
            )
        for end in ("", " ", "\n", "\n\n\n\n\n\n\n\n", "\t\n", "\r\n", "# the end", "# the end\n", "\f\n", "\\\n"):
            yield Case(
                "alignment",
                f"ends in {end!r}, version {version}",
                filled(padded(text, version, 16, end), f"{end}{version}"),
                **little,
            )
    for size in (4096, 8192, 10_010, 10_011, 12_288, 65_535):
        old = {"why": SIZE, "want": "either", "here": "read"} if size > 10_010 else {}
        yield Case("header size", f"a header of {size} bytes", filled(padded(text, size=size), str(size)), **old)
    for size in (10_012, 10_013, 65_536, 1 << 20):
        old = {"why": SIZE, "want": "either", "here": "read"} if size > 10_012 else {}
        yield Case(
            "header size", f"a header of {size} bytes, version 2", filled(padded(text, (2, 0), size=size), str(size)), **old
        )
    for size in ((1 << 20) + 1, 1 << 22):
        yield Case(
            "header size",
            f"a header of {size} bytes, version 3",
            filled(padded(text, (3, 0), size=size), str(size)),
            why=SIZE,
            want="either",
            here="refused",
        )

    for shape in ["(2L, 3L)", "(2L, 3)", "(6L,)", "(0L, 3L)"]:
        for version in [(1, 0), (2, 0), (3, 0)]:
            yield Case("literal", f"shape {shape}, version {version}", array_file(shape=shape, version=version))
    one = full(shape="(2, 3)")
    spellings = [
        one.replace("'", '"'), one.replace("'", "'''"), one.replace("'", '"""'), one.replace("'descr'", "u'descr'").replace("'<f8'", "u'<f8'"),
        one.replace("'descr'", "r'descr'"), one.replace("'descr'", "U'descr'"), one.replace("'descr'", "'de' 'scr'"), one.replace("'descr'", "'de'\"\"\"scr\"\"\""),
        one.replace("'descr'", "'\\x64escr'"), one.replace("'descr'", "'d\\145scr'"), one.replace("'descr'", "'\\u0064\\U00000065scr'"), one.replace("'descr'", "'des\\\ncr'"),
        one.replace(" ", ""), one.replace(" ", "  "), one.replace(" ", "\n"), one.replace(" ", "\t"), one.replace(" ", "\r\n"), one.replace(" ", "\r"), one.replace(" ", "\f"),
        one.replace(" ", " # a comment, 'shape': (9, 9)}\n"), one.replace(" ", "\\\n"), one.replace(", }", "}"), one.replace(", }", ",}"), one.replace(", }", "\n,\n}\n"), "   " + one,
        "\t" + one, one + "     ", one + "\n\n\n", one + "# {", "(" + one + ")", "((\n" + one + "\n))", one.replace("(2, 3)", "(2, 3,)"), one.replace("(2, 3)", "((2, 3))"),
        one.replace("(2, 3)", "(+2, 3)"), one.replace("(2, 3)", "(0x2, 0b11)"), one.replace("(2, 3)", "(0o2, 0_3)"), one.replace("(2, 3)", "((2), (3))"),
        one.replace("(2, 3)", "(1_0,)"), one.replace("(2, 3)", "(2,3)"), one.replace("(2, 3)", "(\n2\n,\n3\n)"), one.replace("(2, 3)", "(00, 3)"), one.replace("(2, 3)", "(-0, 3)"),
        one.replace("(2, 3)", "(- - 2, 3)"), one.replace("False", "(False)"), one.replace("False", "(\nTrue)"),
        "{'shape': (2, 3), 'fortran_order': True, 'descr': '>i2'}", "{'fortran_order': False, 'shape': (2, 3), 'descr': '>i2', }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), 'descr': '>i2'}", "{'shape': (9, 9), 'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}",
        "{'shape': (2, 3), 'shape': (2, 3), 'shape': (2, 3), 'descr': '<f4', 'fortran_order': True}", "{('descr'): ('<f8'), (('shape')): ((2, 3)), 'fortran_order': False}",
    ]  # fmt: skip
    for text in spellings:
        yield Case("literal", text, filled(header(text), text))
        if "\\" in text or "#" in text:
            yield Case("literal", f"version 3: {text}", filled(header(text, (3, 0)), text))
    yield Case("literal", "a comment in UTF-8", filled(header(one + "# \u20ac \U0001f600", (3, 0)), "UTF-8"))
    yield Case("literal", "a comment in latin-1", filled(header(one + "# \xe9\xff", (1, 0)), "latin-1"))
    yield Case("literal", "a name in UTF-8", array_file("[('\u20ac\U0001f600', '<f4'), ('\xe9', '<i2')]", version=(3, 0)))
    yield Case("literal", "a name in latin-1, version 2", array_file("[('\xe9\xff', '<f4')]", version=(2, 0)))

    base = array_file(shape="(2, 3)", seed="base")
    for n, what in [(1, b"\0"), (100, b"x"), (4096, b"\0"), (8195, b"\xff")]:
        yield Case("trailer", f"{n} bytes behind it", base + what * n)
        yield Case(
            "trailer",
            f"a segment with {n} bytes behind it",
            filled(padded(full(shape="(2, 3)"), size=4096), "segment") + what * n,
        )
        yield Case("trailer", f"no elements, {n} bytes behind it", array_file(shape="(0, 3)") + what * n)
        yield Case("trailer", f"no axes, {n} bytes behind it", array_file("'>i2'", "()") + what * n)
    yield Case("trailer", "a segment with no elements", padded(full(shape="(0, 3)"), size=4096))
    yield Case("trailer", "a pickle behind it", base + b"\x80\x04N.")
    yield Case("trailer", "a broken header behind it", base + base[:20])
    yield Case("concatenated", "two arrays", base + array_file("'>i2'", "(3, 2)", "True"), more=1)
    yield Case(
        "concatenated",
        "four arrays",
        base + array_file("'|S0'", "(3,)") + array_file(shape="(0,)") + array_file("'>U2'", "()", version=(3, 0)),
        more=3,
    )
    yield Case("concatenated", "a hundred arrays", b"".join(array_file("'|u1'", f"({i},)") for i in range(100)), more=99)
    yield Case("concatenated", "an array and one that is cut", base + base[:-1])

    # Files that are refused.
    for name, head, *differs in headers.cases():
        reasons = {
            "ok": "white space that Python takes for an indentation",
            "format": "what no writer writes",
            "dtype": "there is no dtype for it here",
        }
        if not differs and headers.numpy_says(head)["want"] == "dtype":
            differs = ["dtype"]
        case = Case("header", f"header: {name}"[:120], filled(head, name))
        if (differs and headers.numpy_says(head)["want"] != differs[0]) or differs == ["dtype"]:
            case.why, case.here, case.want = reasons[differs[0]], {"ok": "read"}.get(differs[0], "refused"), "conflict"
        if name.startswith("shape (") and "-" in name and headers.numpy_says(head)["want"] != "ok":
            case.why, case.here, case.want = NEGATIVE, "refused", "either"
        elif head == header(full(shape="(" + "1," * 64 + ")")):
            case.why, case.here, case.want = OLD, "read", "either"
        elif name == "descr [('a', '<f8', 1)]":
            case.why, case.here, case.want = ONE, "read", "either"
        yield case
    for shape in [
        "(-1,)",
        "(2, -3)",
        "(-2, -3)",
        "(-1, 3)",
        "(0, -1)",
        "(-1, 0)",
        "(-9223372036854775808,)",
        "(-1, -1)",
        "(True,)",
        "(2, True)",
        "(False,)",
    ]:
        for descr in ["'<f8'", "'|u1'", "'|V0'"]:
            split = {"why": NEGATIVE, "here": "refused", "want": "either"} if "-" in shape else {}
            yield Case(
                "negative", f"{descr} of shape {shape}", filled(header(full(descr=descr, shape=shape)), shape), **split
            )
    big = ["(1099511627776,)", "(1000000, 1000000)", "(9223372036854775807,)", "(9223372036854775808,)", "(18446744073709551615,)", "(18446744073709551617, 3)", "(4294967296, 4294967296)",
           "(3037000500, 3037000500)", "(2305843009213693953,)", "(2305843009213693952, 4)", "(6148914691236517206, 3)", "(65536, 65536, 65536, 65536)", "(0, 9223372036854775807, 4)",
           "(9223372036854775807, 9223372036854775807, 0)", "(4294967296, 4294967296, 0)", "(" + "2," * 64 + ")", "(" + "2," * 65 + ")", "(" + "1," * 65 + ")", "(" + "1," * 1000 + ")",
           "(" + "9" * 1000 + ",)", "(0x" + "f" * 1000 + ",)", "(1, " + "9" * 5000 + ")"]  # fmt: skip
    for shape in big:
        for descr in ["'<f8'", "'|u1'", "'>c16'"]:
            yield Case("overflow", f"{descr} of shape {shape[:60]}", filled(header(full(descr=descr, shape=shape)), shape))
    yield Case("overflow", "3 million digits", header("{" + entries(shape="(" + "9" * 3_000_000 + ",)") + "}", (2, 0)))
    yield Case("overflow", "a million axes", header(full(shape="(" + "1," * 500_000 + ")"), (2, 0)))
    for opening in ["(", "[", "{1:", "(1,", "[(", "-", "- ", "'a' ", "((1,),"]:
        for n in (1000, 300_000):
            yield Case("bomb", f"{n} times {opening}", header(full()[:-1] + "'descr': " + opening * n, (2, 0)))
    for size in (0xFFFFFFFF, 0x80000000, 1 << 28, 1 << 24, 70_000, 200):
        for version in [(2, 0), (3, 0)]:
            yield Case(
                "bomb", f"a header that claims {size} bytes, version {version}", header(full(), version, size) + bytes(20)
            )
    yield Case(
        "bomb",
        "a header of 16 MiB of spaces",
        header(full() + " " * (1 << 24), (2, 0)),
        why=SIZE,
        want="either",
        here="refused",
    )
    yield Case(
        "bomb",
        "a header of 32 MiB of newlines",
        header(full() + "\n" * (1 << 25), (3, 0)),
        why=SIZE,
        want="either",
        here="refused",
    )

    for descr in ["'|O'", "'O'", "'|O8'", "'<O'", "'object'", "'O4'", "[('a', '|O')]", "[('a', '<f8'), ('b', 'O')]", "[('a', [('b', [('c', 'O')])])]", "[('a', '|O', (2,))]", "[('a', ('O', 2))]", "('O', (2,))",
                  "[('a', '|O', (0,))]", "[('', '|O')]", "[(('t', 'a'), 'object')]"]:  # fmt: skip
        for shape in ["(2,)", "(0,)", "()"]:
            yield Case(
                "object", f"{descr} of shape {shape}", header(full(descr=descr, shape=shape)) + b"\x80\x04]\x94(K\x01K\x02e."
            )
    for protocol in range(5):
        yield Case("object", f"a pickle of protocol {protocol}", pickle.dumps([1, 2, 3], protocol))
    if np.__version__ >= "2" and hasattr(np.dtypes, "StringDType"):
        file = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            np.lib.format.write_array(file, np.array(["a", "bc"], np.dtypes.StringDType()))
        yield Case("object", "StringDType", file.getvalue())
    yield Case("object", "objects of np.save", npy(np.array([None, {}], object)))
    yield Case("object", "T", array_file("'T'"))

    for descr in ["f8", "'<f8", "<f8", "'!f8'", "'^f8'", "'<<f8'", "'f8<'", "'<f3'", "'<i3'", "'<u16'", "'<c4'", "'<f'x'8'", "'<M9[s]'", "'<M8[x]'", "'<M8[-1s]'", "'<M8[1.5s]'", "'S-1'", "'S99999999999'",
                  "'U-3'", "'V-1'", "'V2147483648'", "'S 3x'", "'<f8\\x00'", "'<f8\\n'", "None", "5", "1.5", "{}", "{'a': ('<f8', 0)}", "{'names': ['a'], 'formats': ['<f8']}", "('<f8',)", "(('<f8',),)", "('<f8', 'a')",
                  "[('a', '<f8', 'x')]", "[('a', '<f8', -1)]", "[('a', '<f8', (2, -1))]", "[('a', '<f8', (2, 3), 4)]", "[('a',)]", "[()]", "['a', '<f8']", "[('a', '<f8'), ('a', '<f8')]", "[(('a', 'b', 'c'), '<f8')]",
                  "[(('t', 'a'), '<f8'), (('t', 'b'), '<f8')]", "[(('b', 'a'), '<f8'), ('b', '<f8')]", "[(b'a', '<f8')]", "[(5, '<f8')]", "[('a', '<f8', 9999999999)]", "[('a', '<f8', (99999, 99999))]",
                  "[('a', '|V2147483647'), ('b', '|V1')]", "datetime64[s]", "b'<f8'", "f'<f8'", "np.float64", "'<f8' + ''", "'<f8'[0]", "'<f8' if True else 1", "lambda: 1", "('<f8', (2, 3))", "('<f8', 2)", "(('<i2', 2), 3)"]:  # fmt: skip
        case = Case("bad descr", f"descr {descr}", array_file(descr))
        if descr in (
            "b'<f8'",
            "[(b'a', '<f8')]",
            "{'names': ['a'], 'formats': ['<f8']}",
            "{}",
            "[('a', '|V2147483647'), ('b', '|V1')]",
            "'S 3x'",
        ):
            case.why, case.here, case.want = "no writer writes it", "refused", "conflict"
        yield case
    for text in ["", " ", "\n", "{", "}", "{}", "[]", "()", "None", "0", "''", "{" + "'descr': '<f8'}", one[:-1], one[1:], one + one, one + ",", one + "{}", one + "x", one + "\n1", "x = " + one, "dict(" + one + ")",
                 "eval('1')", "__import__('os')", one.replace("False", "false"), one.replace("False", "0"), one.replace("False", "None"), one.replace("False", "'False'"), one.replace("False", "not True"), one.replace("False", "(False,)"),
                 one.replace("(2, 3)", "[2, 3]"), one.replace("(2, 3)", "(6)"), one.replace("(2, 3)", "6"), one.replace("(2, 3)", "'6'"), one.replace("(2, 3)", "(2.0, 3)"), one.replace("(2, 3)", "(2, None)"), one.replace("(2, 3)", "(np.int64(2), 3)"),
                 one.replace("(2, 3)", "(1+1, 3)"), one.replace("(2, 3)", "(2 3)"), one.replace("(2, 3)", "(2,, 3)"), one.replace("(2, 3)", "(,)"), one.replace("(2, 3)", "(2, 3"), one.replace("(2, 3)", "(*(2,), 3)"), one.replace("(2, 3)", "('2', 3)"),
                 one.replace("(2, 3)", "(02, 3)"), one.replace("(2, 3)", "(2__0, 3)"), one.replace("(2, 3)", "(1e0, 3)"), one.replace("(2, 3)", "(1j, 3)"), one.replace("(2, 3)", "((2,), 3)"), one.replace("(2, 3)", "(2, 3) (4,)"),
                 one.replace("'shape'", "'Shape'"), one.replace("'shape'", "shape"), one.replace("'shape'", "b'shape'"), one.replace("'shape'", "1"), one.replace("'shape'", "'shape '"), one[:-1] + "'extra': 1}", one[:-1] + "'': None}", one.replace(":", ";"),
                 one.replace("'", ""), one.replace("'", "`"), one.replace("'", "\u2019".encode().decode("latin-1")), one.replace(" ", "\0"), one.replace(" ", "\xa0"), one.replace(" ", "\v"), "\ufeff".encode().decode("latin-1") + one, one + "\0", "\0" + one]:  # fmt: skip
        yield Case("bad literal", f"text {text}"[:140], filled(header(text), text))
    yield Case("bad literal", "not UTF-8", filled(header(b"#\xff\xfe\n" + one.encode(), (3, 0)), "x"))
    yield Case("bad literal", "lone surrogates in UTF-8", filled(header(one.encode() + b"# \xed\xa0\x80", (3, 0)), "x"))
    yield Case("bad literal", "a byte order mark in UTF-8", filled(header("\ufeff" + one, (3, 0)), "x"))
    for version in [(0, 0), (0, 1), (1, 1), (1, 255), (2, 1), (3, 1), (4, 0), (255, 0), (147, 78)]:
        yield Case("version", f"version {version[0]}.{version[1]}", base[:6] + bytes(version) + base[8:])
    for i in range(6):
        yield Case("version", f"byte {i} of the magic wrong", base[:i] + bytes([base[i] ^ 0x20]) + base[i + 1 :])
    whole = filled(padded(full(shape="(2, 3)"), (2, 0)), "cut")
    for n in [*range(13), 20, 40, 60, 90, 127, 128, 129, 135, 136, 137, 175]:
        yield Case("truncated", f"the first {n} bytes", whole[:n])
    for n in (10, 11, 40, 78, 79, 80):
        yield Case("truncated", f"the first {n} bytes of an array without axes", array_file("'<c16'", "()")[:n])
    for descr, shape in [
        ("'|u1'", "(1,)"),
        ("'<U2'", "(2,)"),
        ("[('a', '<f8'), ('', '|V3')]", "(2,)"),
        ("'>f8'", "(2, 3)"),
        ("'|b1'", "(5,)"),
        ("'<M8[s]'", "(1, 1, 1)"),
    ]:
        whole = array_file(descr, shape)
        yield Case("truncated", f"{descr} {shape} without its last byte", whole[:-1])
        yield Case("truncated", f"{descr} {shape} without its elements", whole[: whole.index(b"}") + 1])
    for shape in ["(7,)", "(3, 3)", "(100000000,)", "(1048577, 1024)", "(268435456,)"]:
        for order in ["False", "True"]:
            yield Case("lying", f"48 bytes for {shape} {order}", header(full(shape=shape, order=order)) + bytes(48))
            yield Case(
                "lying",
                f"48 bytes for big-endian {shape} {order}",
                header(full(descr="'>f8'", shape=shape, order=order)) + bytes(48),
            )
    for length in (0, 1, 10, 58, 59, 60, 1000):
        yield Case("lying", f"a text of {length} bytes", header(one, length=length) + bytes(48))
    for name, data in [("nothing", b""), ("zeros", bytes(200)), ("text", b"hello, world\n" * 9), ("a PNG", b"\x89PNG\r\n\x1a\n" + bytes(90)), ("an HDF5", b"\x89HDF\r\n\x1a\n" + bytes(90)), ("a gzip of one", zlib.compress(base, wbits=31)),
                       ("one of text mode", base.replace(b"\n", b"\r\n").replace(b"\x93", b"\xc2\x93")), ("a byte before it", b"\0" + base), ("random bytes", elements(np.dtype("u1"), 500, "random"))]:  # fmt: skip
        yield Case("garbage", f"{name} as .npy", data)
