"""Writes the vectors beside it: python headers.py, with the NumPy that is to be matched.

saved.json    the headers that np.save writes: name, dtype, big, fortran, shape, header
headers.json  headers to parse: name, header, want, and, where want is "ok", dtype, big, mixed, fortran, shape, offset

A header is a string of one character a byte (latin-1). What is wanted is NumPy's own answer: "ok", "format", "dtype" (none
in Go, or objects), "shape", "truncated". A dtype is what NumPy prints of it, in little-endian order and without titles. Where this package decides otherwise, `differs` says what it wants, and NumPy's
answer is kept as "numpy".
"""

import io
import json
import math
import pathlib
import struct
import warnings

import numpy as np

try:
    import numpy.lib._format_impl as impl
except ImportError:  # NumPy 1
    import numpy.lib.format as impl

NAMES = ("bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
         "float32 float64 complex64 complex128").split()
STRUCTS = [  # and strings and times
    "S3", "U3", "V5", "M8[ns]", "m8[25us]", "float16",
    [("a", "i1"), ("b", "f8")], np.dtype([("a", "i1"), ("b", "f8"), ("c", "?")], align=True),
    [("x", "f4", (2, 3)), ("y", "U2"), ("n", [("p", "M8[s]"), ("q", "S2", 2)], (2,))], [], [("a", "V0"), ("b", "f8", (0,))],
    {"names": ["late"], "formats": ["i4"], "offsets": [4], "itemsize": 12}, [("'shape': (9, 9)", "i4"), ('"\\\n', "i4"), ("\xe9", "i4")],
    [("\u20ac", "f8")],
]
LONG = [(f"{i:064}", "i1") for i in range(800)]  # more text than version 1.0 has room for
MOST = 2**63 - 1 - 2**20  # bytes of elements, beside a header of MaxHeader


def orders_differ(shape):
    return 0 not in shape and sum(n > 1 for n in shape) > 1


def plain(dtype):
    """Returns the dtype in little-endian order and without titles; subarrays of subarrays have the axes of both."""
    if dtype.subdtype:
        base, shape = dtype.subdtype
        while base.subdtype:
            base, inner = base.subdtype
            shape += inner
        return np.dtype((plain(base), shape))
    if dtype.names is None:
        return dtype.newbyteorder("<")
    fields = [dtype.fields[name] for name in dtype.names]
    return np.dtype({"names": list(dtype.names), "formats": [plain(f[0]) for f in fields], "offsets": [f[1] for f in fields],
                     "itemsize": dtype.itemsize})


def orders(dtype):
    """Returns the byte orders that the numbers of a dtype have."""
    if dtype.subdtype:
        return orders(dtype.subdtype[0])
    if dtype.names is None:
        return {"<" if dtype.byteorder == "=" else dtype.byteorder} - {"|"}
    return set().union(*(orders(dtype.fields[name][0]) for name in dtype.names))


def leaves(dtype):
    if dtype.subdtype:
        return leaves(dtype.subdtype[0])
    if dtype.names is None:
        return [dtype]
    return [leaf for name in dtype.names for leaf in leaves(dtype.fields[name][0])]


def saved():
    shapes = [(), (1,), (3,), (0,), (3, 4), (1, 5), (5, 1), (0, 3), (0, 3, 4), (2, 3, 4), (1, 1, 1), (2,) * 7, (1000, 64)]
    edges = [(1000, *[1] * n, 2) for n in range(22)]  # one of them has another number of lines of 64 bytes in each order
    for name in [*NAMES, *STRUCTS, LONG]:
        for order in "<>":
            dtype = np.dtype(name).newbyteorder(order)
            if not orders(dtype) and order == ">":
                continue
            if not (isinstance(name, str) and name in NAMES):
                shapes = [(3,)] if name is LONG else [(3,), (2, 3)]
            for shape in shapes + edges * (dtype == np.uint8):
                for layout in "C" if name is LONG else "CF":
                    file = io.BytesIO()
                    np.save(file, np.zeros(shape, dtype, layout))
                    file.seek(0)
                    impl._read_array_header(file, impl.read_magic(file), max_header_size=1 << 20)
                    yield {"name": f"{str(dtype)[:80]} {shape} {layout}", "dtype": str(plain(dtype)),
                           "big": order == ">", "fortran": layout == "F",
                           "shape": shape, "header": file.getvalue()[:file.tell()].decode("latin-1")}


def numpy_says(header):
    file = io.BytesIO(header)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, fortran, dtype = impl._read_array_header(file, impl.read_magic(file), max_header_size=1 << 30)
    except Exception as e:
        if "reading" in str(e):
            return {"want": "truncated"}
        unknown = "dtype descriptor: '" in str(e) or 'dtype descriptor: "' in str(e)  # a string that is no type string
        return {"want": "dtype" if unknown else "format"}
    long = any(leaf.type in (np.longdouble, np.clongdouble) for leaf in leaves(dtype))
    if dtype.hasobject or dtype.subdtype or long:
        return {"want": "dtype"}
    if any(isinstance(n, bool) for n in shape):
        return {"want": "format"}  # np.load: an integer is required
    count = math.prod(n or 1 for n in shape)
    most = MOST if all(shape) else 2**63 - 1
    if len(shape) > 64 or min(shape, default=0) < 0 or count > 2**63 - 1 or count * dtype.itemsize > most:
        return {"want": "shape"}
    return {"want": "ok", "dtype": str(plain(dtype)), "big": orders(dtype) == {">"}, "mixed": len(orders(dtype)) > 1,
            "fortran": fortran and orders_differ(shape), "shape": shape, "offset": file.tell()}


def header(text, version=(1, 0), length=None):
    text = text.encode("utf-8" if version == (3, 0) else "latin-1") if isinstance(text, str) else text
    length = len(text) if length is None else length
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", length) + text


def entries(descr="'<f8'", order="False", shape="(3, 4)"):
    return f"'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, "


def full(**kw):
    return "{" + entries(**kw) + "}"


def cases():
    """Yields name, header, and what is wanted where it is not NumPy's answer."""
    yield "empty file", b""
    yield "magic cut", b"\x93NUM"
    yield "version cut", b"\x93NUMPY\x01"
    yield "length cut", b"\x93NUMPY\x02\x00\x10\x00\x00"
    yield "text cut", header(full())[:-1]
    yield "not magic", b"\x93NUMPX" + header(full())[6:]
    yield "a zip", b"PK\x03\x04" + bytes(100)
    for version in [(0, 0), (1, 1), (2, 1), (3, 1), (4, 0), (255, 255)]:
        yield f"version {version}", b"\x93NUMPY" + bytes(version) + header(full())[8:], "format"
    for version in [(1, 0), (2, 0), (3, 0)]:
        yield f"version {version}", header(full() + " " * 9 + "\n", version)
    for length in (0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 1 << 20):
        yield f"length {length}", header(full(), (2, 0), length), "format"
    yield "length 65535", header(full(), (1, 0), 65535)

    for text in ["", "\n", "{}", "[]", "()", "None", "5", "'x'", "{", "}", "{'descr'", "{'descr':", "{'descr': '<f8'",
                 "{,}", "{'descr': '<f8',, }", "{1}", "{**{}}", "set()", "dict()", "-", "(((", "{'descr' '<f8'}",
                 "{'descr': '<f8'}", "{'descr': '<f8', 'fortran_order': False}", full() + full(), full() + ";",
                 full() + ",", full() + " x", "x" + full(), full() + "\n{}", full()[:-1] + "'x': 1}",
                 full()[:-1] + "1: 1}", full()[:-1] + "True: 1}", full().replace("shape", "Shape")]:
        yield text, header(text)
    for text in ["  \t" + full(), "\n" + full(), "\r" + full(), "\f" + full(), "# a\n" + full(), "\\\n" + full(), full() + "# a",
                 full() + "\n\n", full() + "\n# a", full() + "\f", full() + " " * 70, full() + " " * 200 + "\n",
                 full().replace(" ", "\n"), full().replace(" ", "\r\n"), full().replace(" ", "\t# '}\n"),
                 full().replace(" ", "\\\n"), full().replace(" ", "\\\r\n"), full().replace(" ", ""),
                 full().replace(", }", "}"), full().replace(" ", "\v"), full().replace(" ", "\xa0"),
                 full().replace(" ", "\0"), full() + "#\0", full() + "# \xff", full() + "\0", full().replace(" ", "\\ "),
                 "(" + full() + ")", "((" + full() + "))", "(" + full() + ",)", "{('descr'): ('<f8'), " + entries()[16:] + "}"]:
        yield text, header(text)
    for version in [(1, 0), (3, 0)]:
        yield f"indented, {version}", header("\n " + full(), version), "ok"
        yield f"indented end, {version}", header(full() + "\n  ", version), "ok"
    yield "UTF-8", header(full() + "# \u20ac", (3, 0))
    yield "not UTF-8", header(full().encode() + b"# \xff", (3, 0))
    yield "key twice", header(full()[:-1] + "'descr': '<i2'}")
    yield "key twice, the first a dict", header("{'descr': {'a': {}}, " + full()[1:])
    yield "keys in another order", header("{'shape': (2, 3), 'descr': '>i4', 'fortran_order': True}")
    yield "names in fields", header(full(descr="[(\"'shape': (9, 9)\", '<f8')]"))

    for s in [NAMES, ["?", *"bhiqBHIQfdFD"], "b1 i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 c8 c16".split()]:
        for name in s:
            for order in [""] if s is NAMES else ["", "<", ">", "=", "|"]:
                yield f"descr {order}{name}", header(full(descr=f"'{order}{name}'"))
    for descr in ["'f2'", "'<f16'", "'c32'", "'S5'", "'S0'", "'U3'", "'V8'", "'M8[ns]'", "'<m8[25s]'", "'M8'", "'e'", "'T'",
                  "'O'", "'|O'", "'O8'", "'object'", "'i3'", "'f12'", "''", "'<'", "'!f8'", "' f8'", "'f8 '", "'<float64'",
                  "'\\x00f8'", "[]", "[('a', '<f8')]", "[('a', '<f8', (2, 3)), ('b', '|S3', 2)]",
                  "[(('title', 'a'), '<f8')]", "[('a', '<f8'), ('', '|V3')]", "[('a', [('b', '<i4'), ('c', '|O')])]",
                  "[['a', '<f8']]", "('<f8', (2, 3))", "('|O', (2,))", "('<f8', 2)", "(('<f8', 2), 3)", "[('a', '<f8', (0,))]",
                  "None", "True", "5", "()", "('<f8',)", "[1]", "['<f8']", "[('a',)]", "[('a', '<f8', 2, 3)]",
                  "[(1, '<f8')]", "[(None, '<f8')]", "[('a', None)]", "[('a', '<f8', 'x')]", "[('a', '<f8', -1)]",
                  "('<f8', -1)", "('<f8', (2.0,))", "np.int64(2)", "lambda: 0",
                  "'<f2'", "'>f2'", "'>e'", "'>S5'", "'>U3'", "'|V2'", "'=V2'", "'>V3'", "'>U0'", "'|U3'", "'V0'", "'S2147483647'", "'S2147483648'",
                  "'S99999999999999999999'", "'U536870911'", "'U536870912'", "'>M8[ns]'", "'M8[]'", "'M8[ns'", "'M8ns]'", "'M8[ ns]'",
                  "'M8[B]'", "'M8[1s]'", "'M8[2147483647s]'", "'M8[2147483648s]'", "'datetime64[25us]'", "'timedelta64'",
                  "'<m8[Y]'", "'m8[as]'", "'m16'", "[('a', '<f4'), ('b', '>f4')]", "[('a', '>f4'), ('b', '|S3'), ('c', [('d', '>i8', 3)])]",
                  "[('a', '|i1'), ('', '|V7'), ('b', '<f8')]", "[('', '|V3', (2,)), ('b', '<f8')]", "[('', '<f8', (2,)), ('b', '<f8')]",
                  "[('a', '<f8', ())]", "[('a', [], ())]", "[('a', '<f8', 1)]", "[('a', '|V0'), ('b', '|S0')]", "[('a\\n', '<f4'), (\"b'\", '<f4')]",
                  "[('a', '|V999999999', 1), ('b', '|V999999999')]", "[('\xe9', '<f4')]"]:
        yield f"descr {descr}", header(full(descr=descr))
    for descr in ["'l'", "'L'", "'int'", "'float'", "'half'", "'f8,i4'", "'2f8'", "'i08'", "'i 8'", "'S'", "'U'", "'M'", "'c'", "'a3'", "'str'", "'S03'", "'M8[0s]'",
                  "'M8[02s]'", "'M8[+2s]'", "'M8[D/24]'", "'M8[generic2]'", "'M8[2generic]'", "'<datetime64[ns]'", "'bfloat16'",
                  "[('', '<f8')]", "[('a', '<f8'), ('a', '<f4')]", "[('a', '|U0', ())]", "[('a', ('<U2', 0), ())]", "[('a', '<f8', (0, 2147483648))]", "[(('a', 'b'), '<f8'), ('a', '<f4')]", "[(('t', 'a'), '<f8'), (('t', 'b'), '<f4')]",
                  "[('a', '|V999999999', 3)]", "[('a', '|V999999999'), ('b', '|V999999999'), ('c', '|V999999999')]",
                  "[('a', '|V0', (3,))]", "[('a', '|S0', 2)]", "[('a', [], 2)]", "[('a', '<f8', 2147483648)]", "[('a', '<f8', (4294967296, 4294967296))]", "[('a', '<f8', (" + "1," * 65 + "))]",
                  "[('a'," * 17 + "'<f8'" + ")]" * 17]:
        yield f"descr {descr[:60]}", header(full(descr=descr)), "dtype"
    for descr in ["b''", "{}", "['<D']", "[('a', '<u4', '<u4')]", "{('a', '<f8')}", "'<f\\N{DIGIT EIGHT}'", "('<f8', 2, 3)", "[((1.5, 'a'), '<f8')]", "[('\\ud800', '<f8')]"]:
        yield f"descr {descr}", header(full(descr=descr)), "format"

    for descr in ['"<f8"', "u'<f8'", "U'<f8'", "r'<f8'", "R'<f8'", "ur'<f8'", "b'<f8'", "f'<f8'", "rb'<f8'", "'''<f8'''", '"""<f8"""',
                  "'<' 'f8'", "'<'u'f'r'8'", "'<' '' \"\" \n'f8'", "'<' b'f8'", "'\\x3cf8'", "'\\x3Cf8'", "'\\u003cf8'",
                  "'\\U0000003cf8'", "'\\74f8'", "'<f\\70'", "'<f\\0708'", "'<\\\nf8'", "'<\\\r\nf8'", "'''<\\\nf8'''", "'<\nf8'",
                  "'<\rf8'", "r'<\\\nf8'", "'''<f8\n'''", "'''<f8", "'<f8", '"<f8\'', "'<f8''", "''''<f8'''", "'\\x3'", "'\\x'", "'\\u003'",
                  "'\\U00110000'", "'\\UFFFFFFFF'", "'\\q'", "'\\", "'\\777'", "'<f8\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"'",
                  "r'\\''", "r'\\", "'\xe9'", "'''<f''8'''"]:
        yield f"string {descr}", header(full(descr=descr))

    for shape in ["()", "(3,)", "(3, )", "(3, 4,)", "((3), 4)", "((3,), 4)", "(3)", "[3]", "3", "None", "'3'", "(,)", "(3 4)",
                  "(3,,4)", "(True,)", "(None,)", "('3',)", "(3.0,)", "(3.,)", "(.5,)", "(1e3,)", "(1j,)", "(1+1,)", "(2*3,)",
                  "(3L,)", "(3L, 4L)", "(0x3L,)", "(3LL,)", "(3l,)", "(3Lx,)", "(L,)", "(+3,)", "(- 3,)", "(-3,)", "(--3,)",
                  "(0,)", "(00,)", "(0_0,)", "(-0,)", "(007,)", "(0_7,)", "(1_000,)", "(1__0,)", "(_1,)", "(1_,)", "(0x_f,)",
                  "(0x10, 0o17, 0b11)", "(0X1F, 0O7, 0B1)", "(0xg,)", "(0x,)", "(0b2,)", "(0b12,)", "(0o8,)", "(1if,)", "(1a,)", "(1 L,2)x",
                  "(0, 3)", "(0, -1)", "(2, -3)", "(9223372036854775807,)", "(9223372036854775808,)",
                  "(-9223372036854775808,)", "(18446744073709551616,)", "(0x10000000000000000,)", "(1152921504606715904,)",
                  "(1152921504606715903,)", "(1152921504606846975,)", "(4294967296, 4294967296)", "(0, 4611686018427387904, 8)",
                  "(" + "1," * 64 + ")", "(" + "1," * 65 + ")", "(" + "9" * 4300 + ",)", "(" + "9" * 4301 + ",)",
                  "(" * 199 + "3," + ")" * 199, "(" * 200 + "3," + ")" * 200, "(" * 199 + "3" + ")" * 199, "(" * 200 + "3" + ")" * 200, "(" * 300, "[" * 300]:
        yield f"shape {shape[:40]}", header(full(shape=shape))
    yield "no bytes", header(full(descr="'|V0'", shape="(4611686018427387904, 4)"))
    yield "no elements", header(full(descr="'|u1'", shape="(9223372036854775807, 0)"))
    yield "one byte each", header(full(descr="'|u1'", shape="(18446744073709551616,)"))
    yield "250 fields", header(full(descr=str([(f"f{i}", "<f8") for i in range(250)])))
    yield "shape (1 L,)", header(full(shape="(1 L,)")), "format"
    yield "shape (0x0...03,)", header(full(shape="(0x" + "0" * 5000 + "3,)")), "format"
    yield "a name in UTF-8", header(full(descr="[('\u20ac', '<f8')]"), (3, 0))
    yield "16 structs", header(full(descr="[('a'," * 16 + "'<f8'" + ")]" * 16))
    yield "2L in version 2", header(full(shape="(2L,)"), (2, 0))
    yield "2L in version 3", header(full(shape="(2L,)"), (3, 0))
    for shape in ["()", "(5,)", "(1, 5)", "(5, 1)", "(0, 5)", "(0, 5, 6)", "(2, 3)", "(2, 1, 3)"]:
        yield f"Fortran {shape}", header(full(order="True", shape=shape))
    for order in ["(True)", "0", "1", "None", "'True'", "true", "Tru", "Truee", "True_", "not False", "(True,)"]:
        yield f"order {order}", header(full(order=order))


def vectors():
    for name, data, *differs in cases():
        case = {"name": name, "header": data.decode("latin-1"), **numpy_says(data)}
        if differs and differs[0] != case["want"]:
            case = {"name": name, "header": case["header"], "numpy": case["want"], "want": differs[0]}
            if differs[0] == "ok":
                case |= {"dtype": "float64", "big": False, "mixed": False, "fortran": False, "shape": (3, 4), "offset": len(data)}
        yield case


def write(name, cases):
    lines = ",\n".join(json.dumps(case) for case in cases)
    pathlib.Path(__file__).with_name(name).write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    write("saved.json", saved())
    write("headers.json", vectors())
