"""Headers of .npy files that are mutated and made at random: package npy and NumPy must read the same in them.

Where the two decide otherwise on purpose, `refused_here` and `read_here` say so: they are npy/doc.go's list.
"""

import ast
import importlib.util
import json
import os
import random
import re
import subprocess
import warnings
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
COUNT = 100_000 if os.environ.get("SAMEBYTES_SOAK") else 2_000

TYPE = re.compile(
    r"[<>=|]?(b1|[iu][1248]|f[248]|c8|c16|[SUV](0|[1-9][0-9]*)|[Mm]8TIME|[?bhiqBHIQefdFD])"
    r"|bool|u?int(8|16|32|64)|float(16|32|64)|complex(64|128)|(datetime|timedelta)64TIME".replace(
        "TIME", r"(\[(generic|([1-9][0-9]*)?([YMWDhms]|ms|us|\u03bcs|ns|ps|fs|as))\])?"
    )
)
MARKS = ["<", ">", "=", "|", ""]
TYPES = "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 S3 S0 U2 U0 V5 V0 M8[ns] m8[25us] M8 m8[D] M8[generic] ? b h i q B H I Q e f d F D".split()
ODD_TYPES = (
    "f16 g O T l int float S U V M8[D/24] M8[02s] i08 i3 f12 c4 V2 S-1 U99999999999 M8[x] M9 object str a3 2f8 f8,i4".split()
)
NAMES = ["a", "b", "x y", "", "'", '"', "}", ")", "\\", "\n", "'shape': (9, 9)", "\xe9", "#", "None", "descr"]
PIECES = [*"(){}[],:'\"\\ \n\r\t\f#-+_.LluUrRbfx0123456789", "'''", '"""', "True", "False", "None", "'descr'", "'shape'", "'fortran_order'", "\\x41", "\\u0041", "\\N{DIGIT ONE}",
          "\\\n", "0x", "0b", "0o", "1e5", "1j", "...", "'<f8'", "'|O'", "('', '|V3')", "(2,)", "2L", "# c\n", "\0", "\xa0", "\xff", "\v", "9999999999999999999", "\\ud800", "lambda:0", "*", "not ", "1+1j", "b''", "set()"]  # fmt: skip


def load_headers() -> ModuleType:
    path = ROOT / "npy/testdata/headers.py"
    spec = importlib.util.spec_from_file_location("headers", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


headers = load_headers()


class Maker:
    """Makes headers from random numbers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seeds = [bytes(data) for _, data, *_ in headers.cases() if len(data) < 3000]

    def header(self) -> bytes:
        r = self.random
        kind = r.random()
        head = r.choice(self.seeds) if kind < 0.3 else self.built()
        return self.mutated(head) if r.random() < 0.4 else head

    def built(self) -> bytes:
        r = self.random
        keys = ["descr", "fortran_order", "shape"]
        r.shuffle(keys)
        if r.random() < 0.03:
            keys.append(r.choice(keys))
        values = {"descr": self.descr(0), "fortran_order": r.choice(["True", "False"]), "shape": self.shape()}
        text = "{" + self.gap()
        for key in keys:
            text += self.string(key) + self.gap() + ":" + self.gap() + values[key] + self.gap() + "," + self.gap()
        text = text.rstrip(" \n") if r.random() < 0.1 else text
        text += "}" + r.choice(["", " ", "\n", " " * 40 + "\n"])
        version = r.choice([(1, 0), (1, 0), (2, 0), (3, 0)])
        return self.framed(text.encode("utf-8" if version[0] == 3 else "latin-1", "replace"), version)

    def framed(self, text: bytes, version: tuple[int, int]) -> bytes:
        return headers.header(text[: 65535 if version == (1, 0) else None], version)

    def gap(self) -> str:
        return self.random.choice(["", "", "", "", " ", " ", "\n", "\t", "  ", "# c\n", "\\\n", "\r\n"])

    def string(self, s: str) -> str:
        r = self.random
        quoted = repr(s)
        how = r.random()
        if how < 0.7:
            return quoted
        if how < 0.8:
            return '"' + s.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        if how < 0.85:
            return r.choice("uU") + quoted
        if how < 0.9:
            return (
                "'"
                + "".join(f"\\x{ord(c):02x}" if (ord(c) < 256 and r.random() < 0.3) or c in "'\\\n" else c for c in s)
                + "'"
            )
        at = r.randrange(len(s) + 1)
        return repr(s[:at]) + self.gap() + repr(s[at:])

    def integer(self) -> str:
        r = self.random
        n = (
            r.choice([0, 1, 1, 2, 2, 3, 5, 10, 100, 2**31, 2**62, 2**63 - 1, 2**63, -1])
            if r.random() < 0.5
            else r.randrange(6)
        )
        return r.choice([str(n)] * 8 + [hex(n), oct(n), bin(n), f"+{n}", f"({n})", f"{n}L", f"{n:_}", f"- {n}", f"0{n}"])

    def shape(self) -> str:
        r = self.random
        lengths = [
            self.integer() for _ in range(r.choice([0, 1, 2, 2, 3, 4, 40, 65]) if r.random() < 0.3 else r.randrange(4))
        ]
        comma = "," if len(lengths) == 1 or (lengths and r.random() < 0.1) else ""
        return "(" + self.gap() + ("," + self.gap()).join(lengths) + comma + self.gap() + ")"

    def type(self) -> str:
        r = self.random
        return r.choice(MARKS) + r.choice(ODD_TYPES if r.random() < 0.02 else TYPES)

    def descr(self, depth: int) -> str:
        r = self.random
        how = r.random()
        if how < (0.55 if depth == 0 else 0.75):
            return self.string(self.type())
        if how < 0.8 and depth > 0:
            return "(" + self.descr(depth + 1) + ", " + self.field_shape() + ")"
        if depth > 6:
            return self.string("|V3")
        fields = [self.field(depth) for _ in range(r.randrange(5))]
        return "[" + self.gap() + ("," + self.gap()).join(fields) + self.gap() + "]"

    def field(self, depth: int) -> str:
        r = self.random
        if r.random() < 0.15:
            return f"('', '|V{r.randrange(5)}')"
        name = r.choice(NAMES) if r.random() < 0.2 else f"f{r.randrange(1000)}"
        text = self.string(name)
        if r.random() < 0.08:
            text = f"({self.string(r.choice(['t', 'title', name, '']))}, {text})"
        parts = [text, self.descr(depth + 1)]
        if r.random() < 0.25:
            parts.append(self.field_shape())
        return "(" + ("," + self.gap()).join(parts) + self.gap() + ")"

    def field_shape(self) -> str:
        r = self.random
        return (
            r.choice(["2", "(2,)", "(2, 3)", "()", "1", "(1,)", "(0,)", "(2, 0)", "0", "(1, 1, 1)", "-1", "(2,) "])
            if r.random() < 0.95
            else self.shape()
        )

    def mutated(self, head: bytes) -> bytes:
        r = self.random
        text_at = 10 if head[6:7] == b"\x01" else 12
        if len(head) < text_at or r.random() < 0.05:  # anywhere, with no regard to the length
            data = bytearray(head)
            for _ in range(r.randrange(1, 4)):
                if data:
                    data[r.randrange(len(data))] = r.randrange(256)
            return bytes(data[: r.randrange(len(data) + 1)] if r.random() < 0.2 else data)
        version = (head[6], head[7])
        text = bytearray(head[text_at:])
        for _ in range(r.choice([1, 1, 1, 2, 3, 6])):
            at = r.randrange(len(text) + 1)
            end = min(len(text), at + r.choice([1, 1, 2, 5, 20]))
            match r.randrange(7):
                case 0:
                    text[at:at] = r.choice(PIECES).encode("latin-1")
                case 1:
                    text[at:end] = r.choice(PIECES).encode("latin-1")
                case 2:
                    del text[at:end]
                case 3:
                    text[at:at] = text[at:end]
                case 4:
                    other = r.choice(self.seeds)[10:]
                    start = r.randrange(len(other) + 1)
                    text[at:end] = other[start : start + r.choice([1, 5, 30])]
                case 5 if text:
                    text[min(at, len(text) - 1)] = r.randrange(256)
                case _ if len(text) > 1:
                    i, j = r.randrange(len(text)), r.randrange(len(text))
                    text[i], text[j] = text[j], text[i]
        if version not in ((1, 0), (2, 0), (3, 0)) or r.random() < 0.1:
            version = r.choice([(1, 0), (2, 0), (3, 0)])
        return self.framed(bytes(text), version)


def text_of(head: bytes) -> str:
    start = 10 if head[6] == 1 else 12
    return head[start : start + int.from_bytes(head[8:start], "little")].decode("utf-8" if head[6] == 3 else "latin-1")


def literal(text: str) -> tuple[Any, Any]:
    """Returns the syntax tree and the value of a header that NumPy reads."""
    try:
        text = text.lstrip(" \t")
        return ast.parse(text, mode="eval"), ast.literal_eval(text)
    except SyntaxError:
        text = headers.impl._filter_header(text).lstrip(" \t")
        return ast.parse(text, mode="eval"), ast.literal_eval(text)


def fields_of(descr: Any) -> Any:
    """Yields each type string, with the fields that lead to it."""
    if isinstance(descr, str):
        yield descr
    elif isinstance(descr, tuple):
        yield from fields_of(descr[0])
    elif isinstance(descr, list):
        for field in descr:
            yield from fields_of(field[1])


def depth_of(dtype: np.dtype[Any]) -> int:
    if dtype.subdtype:
        return depth_of(dtype.subdtype[0])
    if dtype.names is None:
        return 0
    return 1 + max((depth_of(dtype.fields[name][0]) for name in dtype.names), default=0)  # type: ignore[index]


def usual(descr: Any) -> bool:
    """Whether a descr, and what it is made of, is a type string, a type and a shape, or a list of fields."""
    if isinstance(descr, list):
        return all(isinstance(f, (tuple, list)) and usual(tuple(f[1:]) if len(f) == 3 else f[1]) for f in descr)
    if isinstance(descr, tuple):
        return len(descr) == 2 and usual(descr[0]) and isinstance(descr[1], (int, tuple))
    return isinstance(descr, str)


def unsized(descr: Any) -> bool:
    """Whether a descr has subarrays of elements without bytes. NumPy may take their length for the itemsize."""
    if isinstance(descr, list):
        return any(unsized(tuple(field[1:]) if len(field) == 3 else field[1]) for field in descr)
    if isinstance(descr, str):
        return False
    return unsized(descr[0]) or np.lib.format.descr_to_dtype(descr[0]).itemsize == 0


def unnamed(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype has fields without a name."""
    if dtype.subdtype:
        return unnamed(dtype.subdtype[0])
    return dtype.names is not None and ("" in dtype.names or any(unnamed(dtype.fields[name][0]) for name in dtype.names))  # type: ignore[index]


def refused_here(head: bytes) -> str:
    """Returns why this package refuses what NumPy reads, or ""."""
    text = text_of(head)
    tree, value = literal(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) not in (int, str, bool, type(None)):
            return "values of other types"
        if isinstance(node, (ast.Set, ast.Call, ast.BinOp)):
            return "values of other types"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search("[\ud800-\udfff]", node.value):
            return "lone surrogates"
    if "\\N{" in text:
        return "characters by name"
    if head[6] < 3 and re.search(r"[0-9][ \t\f\r\n\\]+L", text):
        return "a space before L"
    if not usual(value["descr"]):
        return "other forms of descr"
    for name in fields_of(value["descr"]):
        if not TYPE.fullmatch(name):
            return "type strings"
    if unsized(value["descr"]):
        return "subarrays of elements without bytes"
    dtype = np.lib.format.descr_to_dtype(value["descr"])
    if depth_of(dtype) > 16:
        return "structs more than 16 deep"
    return "fields without a name" if unnamed(dtype) else ""


def without_indentation(text: str) -> str:
    """Returns a text without white space before the dict and on lines behind it."""
    text = re.sub(r"^([ \t\f\r\n]|\\\r?\n|#[^\r\n]*[\r\n])+", "", text)
    return re.sub(r"([ \t\f\r\n]|\\\r?\n|#[^\r\n]*[\r\n])+$", "", text)


def read_here(head: bytes) -> str:
    """Returns why this package reads what NumPy refuses, or ""."""
    text = text_of(head)
    shifted = headers.header(without_indentation(text), (head[6], 0))
    return "white space around it" if headers.numpy_says(shifted)["want"] == "ok" else ""


def compared(head: bytes, here: dict[str, Any]) -> tuple[str, str]:
    """Returns what both make of a header, for the count, and the difference that nobody has allowed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there = headers.numpy_says(head)
        reads = there["want"] == "ok"
        if reads and here["error"]:
            why = refused_here(head)
            return (f"refused here: {why}", "") if why else ("", f"NumPy reads {there}, here it is refused: {here['error']}")
        if not reads and not here["error"]:
            why = read_here(head)
            return (f"read here: {why}", "") if why else ("", f"NumPy refuses it ({there['want']}), here it is {here}")
    if not reads:
        return "both refuse it", ""
    want = {key: there[key] for key in ("dtype", "big", "mixed", "fortran", "offset")} | {
        "shape": list(there["shape"] or ()),
        "error": "",
    }
    here["shape"] = here["shape"] or []
    if "bfloat16" in here["dtype"]:  # of which NumPy has but the bytes, and they no order
        as_bytes = here["dtype"].replace("'bfloat16'", "'V2'").replace("bfloat16", "|V2")
        here |= {"dtype": as_bytes, "big": want["big"], "mixed": want["mixed"]}
    return ("both read it", "") if want == here else ("", f"NumPy has {want}, here it is {here}")


@pytest.mark.timeout(1800)
def test_headers_are_read_as_numpy_reads_them(peer: Path) -> None:
    maker = Maker(int(os.environ.get("SAMEBYTES_SEED", "1")))
    counts: Counter[str] = Counter()
    different: list[str] = []
    while counts.total() < COUNT:
        heads = [maker.header() for _ in range(min(2000, COUNT))]
        done = subprocess.run(
            [peer, "parse"], input="\n".join(head.hex() for head in heads) + "\n", capture_output=True, text=True, check=True
        )
        for head, line in zip(heads, done.stdout.splitlines(), strict=True):
            what, wrong = compared(head, json.loads(line))
            counts[what or "differ"] += 1
            if wrong:
                different.append(f"{head!r}: {wrong}")
    print(dict(counts))
    assert not different, "\n".join(different[:20]) + f"\n{len(different)} of {counts.total()}"
    assert min(counts["both read it"], counts["both refuse it"]) > COUNT // 5, counts
