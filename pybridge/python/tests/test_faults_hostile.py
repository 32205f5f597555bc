"""The faults of hostile or damaged content, of docs/reference/faults.md."""

import os
import random
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from samebytes import _control

Start = Callable[[str], Any]
VERSION, CONTROL_OFFSET, BLOCK_SIZE, DATA_OFFSET, CAPACITY = 8, 16, 24, 32, 40  # in the control block
FOOTER = 4096 - 64


def header(text: str) -> bytes:
    """A .npy file with that header's text, and room for elements."""
    text += " " * (127 - (10 + len(text)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + bytes(8192)


def fails(path: Path, content: bytes, *errors: type[sb.Error]) -> None:
    """Attaches such a file in vain."""
    path.write_bytes(content)
    for call in (sb.attach, sb.stat):
        with pytest.raises(errors):
            call(path.name)
    path.unlink()


def good(segments: Path) -> bytes:
    """The file of a segment of 4 int64, 0 to 3."""
    sb.create("good", 4, "i8")[:] = range(4)
    content = (segments / "good").read_bytes()
    sb.delete("good")
    return content


def test_h01_huge_header(segments: Path) -> None:
    for length in (2**32 - 1, 2**31, 2**31 - 1, 1 << 20):
        for version in (2, 3):
            content = b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<I", length) + bytes(8192)
            fails(segments / "x", content, sb.FormatError, sb.TruncatedError)


def test_h02_shape_overflows(segments: Path) -> None:
    for shape in (
        "(4294967296, 4294967296)", "(9223372036854775807,)", "(9223372036854775807, 2)", "(2305843009213693952,)",
        "(3037000500, 3037000500)", "(18446744073709551616,)", "(65536, 65536, 65536, 65536)", "(2, 9223372036854775807, 0)",
    ):  # fmt: skip
        content = header(f"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}")
        fails(segments / "x", content, sb.ShapeError, sb.FormatError, sb.TruncatedError)


def test_h03_odd_shapes(segments: Path) -> None:
    def text(shape: str) -> bytes:
        return header(f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({shape}), }}")

    for shape in ("-1,", "0, -1", "1, " * 65):
        fails(segments / "x", text(shape), sb.FormatError, sb.ShapeError)
    for shape, n in (("", 1), ("0,", 0), ("3, 0, 5", 0), ("1, " * 64, 1), ("2, 3", 6)):
        (segments / "x").write_bytes(text(shape))
        assert sb.attach("x").size == np.load(segments / "x").size == n


def test_h04_objects(segments: Path) -> None:
    for descr in ("'|O'", "'O'", "[('a', '<i8'), ('b', '|O')]", "'object'"):
        content = header(f"{{'descr': {descr}, 'fortran_order': False, 'shape': (2,), }}")
        fails(segments / "x", content, sb.DTypeError, sb.FormatError)
    fails(segments / "x", b"\x80\x04\x95" + bytes(8192), sb.FormatError)


def test_h05_trailer_elsewhere(segments: Path) -> None:
    content = good(segments)
    control = struct.unpack_from("<Q", content, len(content) - 4096 + CONTROL_OFFSET)[0]

    def patched(at: int, v: int) -> bytes:
        out = bytearray(content)
        struct.pack_into("<Q", out, len(out) - 4096 + at, v)
        if at == CONTROL_OFFSET:
            struct.pack_into("<Q", out, len(out) - 4096 + FOOTER + 16, v)
        return bytes(out)

    for at in (CONTROL_OFFSET, BLOCK_SIZE, DATA_OFFSET):
        for v in (
            0,
            1,
            control - 4095,
            control + 1,
            control + 4096,
            len(content),
            1 << 40,
            1 << 63,
            2**64 - 1,
            2**64 - 4096,
        ):
            fails(segments / "x", patched(at, v), sb.BrokenError)
    for v in (0, 31, 4097, 1 << 62, 2**64 - 1, 2**64 - 4096):
        fails(segments / "x", patched(CAPACITY, v), sb.BrokenError)
    for n in (1, 63, 64, 4095, 4097):
        fails(segments / "x", content[:-4096] + bytes(n) + content[-4096:], sb.BrokenError)


def test_h06_newer_version(segments: Path) -> None:
    content = good(segments)
    for version in (2, 3, 1 << 31):
        for at in (VERSION, FOOTER + 8):
            out = bytearray(content)
            struct.pack_into("<I", out, len(out) - 4096 + at, version)
            fails(segments / "x", bytes(out), sb.VersionError)


def test_h07_changed_after_open(segments: Path) -> None:
    """Everything that says where something is changes, in files that are open: this process goes on in bounds."""
    rng = random.Random(7)
    a = sb.create("x", 4, "i8")
    grows = sb.create("grows", (4, 2), "i8", capacity=64)
    for _ in range(200):
        for name in ("x", "grows"):
            with (segments / name).open("r+b") as f:
                f.seek(-4096 + 8, os.SEEK_END)
                f.write(rng.randbytes(120))
                if name == "x":
                    f.seek(0)
                    f.write(rng.randbytes(120))
        a[3] = 5
        with a.lock[3]:
            assert a.snapshot()[3] == 5
        a.publish()
        grows = grows.resize(rng.randrange(64))
        assert grows.size <= 128
        with grows.lock:
            pass
    # The length of a growable array is read again, and so is checked again.
    control = grows.lock.mapping.control
    assert control is not None
    at = control.length
    for digits in (b"99999999", b"      65", b"-0000001", bytes(8), b"0x000010", b"65      ", b"4       "):
        with (segments / "grows").open("r+b") as f:
            f.seek(at)
            f.write(digits)
        try:
            assert digits == b"4       " and grows.refresh().size == 8
        except sb.BrokenError:
            pass
        except AssertionError:
            for call in (grows.refresh, lambda: grows.resize(3), lambda: grows.append([[1, 1]])):
                with pytest.raises(sb.BrokenError):
                    call()
    for name in ("x", "grows"):
        (segments / name).unlink()


def words(segments: Path, a: sb.ndarray, at: str, row: int = 0) -> Any:
    """Sets a word of the tables, in the file."""
    control = a.lock.mapping.control
    assert control is not None
    size = (segments / "x").stat().st_size
    boxes = control.control_offset + control.slots * _control.PARTICIPANT.size
    offset, form = {
        "latch": (size - 4096 + 192, "<I"),
        "used": (size - 4096 + 196, "<I"),
        "waiting": (size - 4096 + 200, "<I"),
        "ticket": (size - 4096 + 208, "<Q"),
        "dirty": (size - 4096 + 224, "<Q"),
        "owner": (boxes + row * 64, "<Q"),
    }[at]

    def write(v: int) -> None:
        with (segments / "x").open("r+b") as f:
            f.seek(offset)
            f.write(struct.pack(form, v))

    return write


def test_h08_owner_out_of_range(segments: Path) -> None:
    a = sb.create("x", 4, "i8")
    for row in (64, 255, 256, 1021, 1022):
        for who in (row + 1, 3 << 10 | row + 1, (1 << 30) - 1, 0):
            words(segments, a, "latch")(who)
            with a.lock:
                pass
            words(segments, a, "latch")(who | 1 << 31)
            words(segments, a, "owner")(who | 4 << 32)
            words(segments, a, "used")(1)
            assert [lock.alive for lock in sb.stat("x").locks] == [False]
            with pytest.raises(sb.OwnerDiedError):
                a.lock.acquire()
            with a.lock.recover():
                pass


def take(lock: Any) -> None:
    if not lock.acquire(timeout=1):
        raise sb.DeadlineError("not within 1 s")
    lock.release()


def test_h10_mutations(segments: Path) -> None:
    """Random bytes of a segment's tables and blocks change, and it is used in every way: each call ends."""
    sb.warm(0)
    content, seed = good(segments), random.randrange(1 << 30)
    rng, attached = random.Random(seed), 0
    for i in range(400):
        bad = bytearray(content)
        for _ in range(rng.randrange(1, 64)):
            where = rng.choice(
                [(8192, len(bad) - 4096), (8192, 8704), (len(bad) - 4096 + 128, len(bad) - 4096 + 256), (16384, 16384 + 256)]
            )
            bad[rng.randrange(*where)] = rng.randrange(256)
        if i % 4 == 0:
            bad[rng.choice([rng.randrange(128), len(bad) - 1 - rng.randrange(4096)])] = rng.randrange(256)
        (segments / "x").write_bytes(bytes(bad[: rng.randrange(len(bad))] if i % 50 == 0 else bad))
        try:
            sb.stat("x")
            a = sb.attach("x")
        except sb.Error:
            (segments / "x").unlink()
            continue
        attached += 1
        calls: list[Callable[[sb.ndarray], object]] = [
            lambda a: take(a.lock),
            lambda a: take(a.rlock),
            lambda a: a.lock.recover(timeout=1).__enter__(),
            lambda a: a.snapshot(timeout=1),
            lambda a: a.publish(),
            lambda a: a.wait(a.version + 1, timeout=1),
        ]
        for call in calls:
            try:
                call(a)
            except (sb.Error, OverflowError) as error:
                assert not isinstance(error, sb.DeadlineError), (seed, i)
        del a, calls, call
        (segments / "x").unlink()
    assert attached > 20


def test_h12_indices_random(segments: Path) -> None:
    rng = random.Random(12)
    a = sb.create("x", (4, 2), "i8", capacity=64)
    for _ in range(200):
        for word, bits in (("used", 32), ("waiting", 32), ("ticket", 64), ("dirty", 64)):
            words(segments, a, word)(rng.getrandbits(bits))
        with a.lock[0] if len(a) else a.lock:
            words(segments, a, "used")(rng.getrandbits(32) | 8)
        words(segments, a, "dirty")(rng.getrandbits(64))
        a = a.resize(1 + rng.randrange(64))
        a.snapshot(60)


def test_h13_wake_storm(segments: Path, python: Start) -> None:
    """A peer wakes all who wait, without end and without reason."""
    a = sb.create("x", 4)
    child = python("""
        a = sb.attach("x")
        at = a.__array_interface__["data"][0] - 4096 + a.lock.mapping.published
        wake = ctypes.CDLL(None).syscall
        say("ready")
        while True:
            wake(202 if os.uname().machine == "x86_64" else 98, ctypes.c_void_p(at), 1, 2**31 - 1, None, None, 0)
    """)
    assert child.line() == "ready"
    other = python("""
        a = sb.attach("x")
        version = 0
        say("waits")
        for _ in range(100):
            found = a.wait(version, timeout=60)
            assert found > version
            version = found
            say(version)
    """)
    other.line()
    for i in range(100):
        assert a.publish() == i + 1
        assert other.line() == str(i + 1)
    with pytest.raises(sb.DeadlineError):
        a.wait(a.version, timeout=0.05)
    with a.lock:
        pass


@pytest.mark.parametrize("dtype", [">i8", [("x", "<f8"), ("y", "<i4")], [("x", "<f8", (2,)), ("y", "S3")]])
@pytest.mark.parametrize("order", ["C", "F"])
def test_h14_other_layouts(dtype: Any, order: Any, segments: Path, python: Start) -> None:
    a = sb.create("x", (2, 3), dtype, order)
    a[1, 2] = np.ones((), dtype)
    child = python(
        "a = sb.attach('x'); say(a.dtype == np.load(os.environ['SAMEBYTES_DIR'] + '/x').dtype, a[1, 2], a.strides)"
    )
    assert child.line() == f"True {a[1, 2]} {a.strides}"


def test_h14_fortran_order_is_gos(segments: Path, peer: Path) -> None:
    a = sb.create("x", (2, 3), "f8", "F")
    a[:] = np.arange(6.0).reshape(2, 3)
    subprocess.run([peer, "scale", "x", "float64", "2"], check=True)
    assert a.flags.f_contiguous and a.tolist() == [[0, 2, 4], [6, 8, 10]]
