"""Archives and checksums: Go reads what NumPy writes, and the reverse."""

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

ROOT = Path(__file__).resolve().parent.parent

PADDED = np.dtype({"names": ["a", "b"], "formats": ["u1", "<f8"], "offsets": [0, 8], "itemsize": 24})
ARRAYS: dict[str, npt.NDArray[Any]] = {
    "float64": np.arange(24.0).reshape(2, 3, 4) - 0.5,
    "fortran": np.asfortranarray(np.arange(24, dtype=">i4").reshape(4, 6)),
    "none": np.zeros((2, 0), ">c16"),
    "scalar": np.array(np.datetime64("2026-10-06T12:34:56", "s")),
    "dir/text é": np.array(["a", "βγ", "😀"], ">U3"),
    "bytes": np.array([b"x", b"yz"], "S3"),
    "half": np.arange(5, dtype=">f2"),
    "bool": np.array([True, False]),
    "large": np.random.default_rng(1).random((1 << 10, 1 << 10)),
    "struct": np.array([((1, 2), [[1, 2]], b"u"), ((3, 4), [[5, 6]], b"v")], [("p", [("x", ">i2"), ("y", "<f4")]), ("q", ">u8", (1, 2)), ("r", "S2")]),
    "padded": np.array([(1, 2.5), (3, 4.5)], PADDED),
}  # fmt: skip


def little(array: npt.NDArray[Any]) -> bytes:
    """What the checksum is of."""
    fields: Any = array.dtype.fields
    if fields is None:
        if array.dtype.kind in "biufcUMm":
            array = array.astype(array.dtype.newbyteorder("<"))
        return array.tobytes("C")
    out = np.zeros((array.size, array.itemsize), "u1")
    for name in array.dtype.names or ():
        dtype, offset = fields[name][:2]
        field = np.frombuffer(little(np.ascontiguousarray(array[name])), "u1").reshape(array.size, dtype.itemsize)
        out[:, offset : offset + dtype.itemsize] = field
    return out.tobytes()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command samebytes."""
    path = tmp_path_factory.mktemp("bin") / "samebytes"
    subprocess.run(["go", "build", "-o", path, "./cmd/samebytes"], cwd=ROOT, check=True)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(("align", "level"), [(64, 0), (4096, 0), (1, 6)])
def test_archives_there_and_back(save: Any, align: int, level: int, tmp_path: Path, peer: Path) -> None:
    theirs, ours = tmp_path / "theirs.npz", tmp_path / "ours.npz"
    save(theirs, **ARRAYS)
    subprocess.run([peer, "zip", theirs, ours, str(align), str(level)], check=True, timeout=60)
    with np.load(ours) as archive:
        assert archive.files == list(ARRAYS)
        for name, array in ARRAYS.items():
            read = archive[name]
            assert (read.shape, read.dtype.itemsize) == (array.shape, array.dtype.itemsize)
            np.testing.assert_array_equal(read, array)
            assert read.flags.f_contiguous == array.flags.f_contiguous
    with zipfile.ZipFile(ours) as archive, ours.open("rb") as file:
        assert archive.testzip() is None
        for info in archive.infolist():
            assert (info.flag_bits & 8, info.date_time, info.compress_type) == (0, (1980, 1, 1, 0, 0, 0), 8 if level else 0)
            file.seek(info.header_offset)
            local = file.read(30)
            begin = info.header_offset + 30 + int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
            assert level or begin % align == 0
            assert int.from_bytes(local[18:22], "little") == info.compress_size
    before = ours.read_bytes()
    subprocess.run([peer, "zip", theirs, ours, str(align), str(level)], check=True, timeout=60)
    assert ours.read_bytes() == before


def checksums(program: Path, *args: object, code: int = 0) -> list[dict[str, Any]]:
    done = subprocess.run([program, "checksum", "--json", *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    entries: list[dict[str, Any]] = json.loads(done.stdout)
    return entries


def test_checksum_is_that_of_the_contents(tmp_path: Path, program: Path) -> None:
    for i, (name, array) in enumerate(ARRAYS.items()):
        want = {"name": "", "error": "", "dtype": str(array.dtype.newbyteorder("<")), "shape": list(array.shape), "sha256": hashlib.sha256(little(array)).hexdigest()}  # fmt: skip
        if name == "struct":  # newbyteorder leaves fields in no order of NumPy's spelling but its own
            want["dtype"] = "[('p', [('x', '<i2'), ('y', '<f4')]), ('q', '<u8', (1, 2)), ('r', 'S2')]"
        forms = {
            "C": np.ascontiguousarray(array),
            "F": np.asfortranarray(array),
            "big": array.astype(array.dtype.newbyteorder(">")),
            "little": array.astype(array.dtype.newbyteorder("<")),
            "steps": np.repeat(array[None], 2, 0)[1],
        }
        paths = [tmp_path / f"{i}{form}.npy" for form in forms]
        for path, other in zip(paths, forms.values(), strict=True):
            np.save(path, other.reshape(array.shape))
        assert checksums(program, *paths) == [want] * len(forms), name


def test_checksum_of_padding_is_of_zeros(tmp_path: Path, program: Path) -> None:
    array = ARRAYS["padded"]
    np.save(tmp_path / "x.npy", array)
    data = bytearray((tmp_path / "x.npy").read_bytes())
    data[-1] = data[-47] = 7
    (tmp_path / "y.npy").write_bytes(data)
    x, y = (checksums(program, tmp_path / name)[0]["sha256"] for name in ("x.npy", "y.npy"))
    assert x == y == hashlib.sha256(little(array)).hexdigest()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_checksum_of_archives(save: Any, tmp_path: Path, program: Path) -> None:
    path = tmp_path / "x.npz"
    save(path, **ARRAYS, objects=np.array([None]), allow_pickle=True)
    *entries, last = checksums(program, path, code=1)
    assert [e["name"] for e in entries] == [f"{name}.npy" for name in ARRAYS]
    assert [e["sha256"] for e in entries] == [hashlib.sha256(little(a)).hexdigest() for a in ARRAYS.values()]
    assert "pickles" in last.pop("error")
    assert last == {"name": "objects.npy", "dtype": "", "shape": None, "sha256": ""}


def test_checksum_of_names_and_of_nothing(tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments, here = tmp_path / "segments", tmp_path / "here"
    for directory, value in (segments, 1), (here, 2):
        directory.mkdir()
        with (directory / "x").open("wb") as file:
            np.save(file, np.array([value], "u1"))
    (segments / "x").chmod(0o600)
    monkeypatch.setenv("SAMEBYTES_DIR", str(segments))
    monkeypatch.chdir(here)
    (here / "broken.npz").write_bytes(b"PK\3\4")
    done = subprocess.run(
        [program, "checksum", "x", "./x", "y", "z.npy", "broken.npz"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == "".join(f"{hashlib.sha256(bytes([i])).hexdigest()}  {name}\n" for i, name in ((1, "x"), (2, "./x")))
    assert all(
        text in done.stderr for text in ("no such segment", "z.npy: no such file", "broken.npz: npy: not a valid .npz")
    )
    (here / "bad.npy").write_bytes(b"no header")
    for asked, entry in zip(
        names := ["x", "unheard", "z.npy", "broken.npz", "bad.npy", "/nowhere/at.all"],
        checksums(program, *names, code=1),
        strict=True,
    ):
        assert list(entry) == ["name", "error", "dtype", "shape", "sha256"]
        assert entry["name"] == ""
        assert (asked in entry["error"]) == (asked != "x")
