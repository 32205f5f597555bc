"""Headers against NumPy's own."""

import io
import warnings

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from samebytes import _npy
from samebytes._errors import Error

DTYPES = hnp.scalar_dtypes() | hnp.array_dtypes() | hnp.nested_dtypes()
SHAPES = st.lists(st.integers(0, 5), max_size=5).map(tuple)


def saved(array: np.ndarray) -> bytes:
    """What np.save writes before the elements."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of names that are not Latin-1: NumPy before 1.17 cannot read them
        np.save(file, array)
    return file.getvalue()[: len(file.getvalue()) - array.nbytes]


@given(dtype=DTYPES, shape=SHAPES, fortran=st.booleans())
def test_builds_what_numpy_writes_and_parses_it(dtype: np.dtype, shape: tuple[int, ...], fortran: bool) -> None:
    array = np.zeros(shape, dtype, "F" if fortran else "C")
    if array.dtype.itemsize == 0:
        with pytest.raises(_npy.DTypeError):
            _npy.build(array.dtype, array.shape, fortran, 64)
        return
    fortran = fortran and _npy.orders_differ(array.shape)
    head = _npy.build(array.dtype, array.shape, fortran, 64)
    # NumPy pads for alignment too, and beyond it for an axis that grows.
    by_numpy = saved(array)
    assert head[:8] == by_numpy[:8] and head[_text(head) :].rstrip() == by_numpy[_text(head) :].rstrip()
    page = _npy.build(array.dtype, array.shape, fortran, 4096)
    for bytes_ in (head, page):
        assert _npy.header_size(bytes_[:12]) == len(bytes_)
        header = _npy.parse(bytes_, len(bytes_))
        assert (header.dtype, header.shape, header.size, header.n) == (
            array.dtype,
            array.shape,
            len(bytes_),
            array.size,
        )
        assert header.fortran == fortran
    assert len(page) % 4096 == 0


def _text(head: bytes) -> int:
    return 10 if head[6] == 1 else 12


GOOD = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"


@given(st.binary(max_size=60), st.integers(0, len(GOOD)), st.integers(0, len(GOOD)))
@example(b"(3", 50, 55)
def test_never_anything_but_a_header_or_an_error(noise: bytes, start: int, stop: int) -> None:
    text = (GOOD[:start] + noise + GOOD[stop:]).ljust(117) + b"\n"
    head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    try:
        header = _npy.parse(head, len(head))
    except Error:
        return
    loaded = np.load(io.BytesIO(head + bytes(max(header.nbytes, 0) if header.nbytes < 1 << 20 else 0)))
    assert (loaded.dtype, loaded.shape) == (header.dtype, header.shape)


@given(st.binary(max_size=14))
def test_prefixes(prefix: bytes) -> None:
    try:
        assert 0 < _npy.header_size(prefix) <= _npy.MAX_HEADER
    except Error:
        pass


@given(st.lists(st.integers(0, 1 << 66), max_size=6), st.integers(1, 64))
def test_sizes_are_exact_or_refused(shape: list[int], itemsize: int) -> None:
    try:
        count = _npy.count_elements(tuple(shape), itemsize)
    except Error:
        product = itemsize
        for length in shape:
            product *= length or 1
        assert product > (1 << 63) - 1
        return
    assert count * itemsize < 1 << 63


@pytest.mark.parametrize("length", [118, 9_990, 10_000, 10_001])
def test_python_2_and_the_longest_header(length: int) -> None:
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3L, 4L), }".ljust(length - 1) + b"\n"
    head = b"\x93NUMPY\x01\x00" + length.to_bytes(2, "little") + text
    if length > _npy.MAX_HEADER:
        with pytest.raises(_npy.FormatError, match="10001"):
            _npy.header_size(head)
        return
    assert _npy.parse(head, _npy.header_size(head)).shape == (3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of headers that Python 2 wrote
        assert np.load(io.BytesIO(head + bytes(96))).shape == (3, 4)
