"""The segments that are measured: named so that a run can be told from others, and deleted however it ends."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
from numpy.typing import DTypeLike

import samebytes as sb


def new_name() -> str:
    return f"benchmark-{os.getpid()}-{secrets.token_hex(4)}"


def path_of(name: str) -> str:
    return os.path.join(os.environ.get("SAMEBYTES_DIR") or "/dev/shm", name)


@contextmanager
def deleted(name: str) -> Iterator[None]:
    """What has that name at the end is deleted."""
    try:
        yield
    finally:
        with suppress(sb.NotExistError):  # gone already, or interrupted before it was made
            sb.delete(name)


@contextmanager
def made(shape: int | tuple[int, ...], dtype: DTypeLike = np.float64) -> Iterator[tuple[str, sb.ndarray]]:
    """A new array and its name."""
    name = new_name()
    with deleted(name):
        yield name, sb.create(name, shape, dtype)
