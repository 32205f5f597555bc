"""The functions that the Go program of the benchmarks calls."""

import time
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]


def nothing() -> None:
    """An empty call."""


def double(a: Array) -> None:
    """Doubles every element in place."""
    np.multiply(a, 2, out=a)


def there_and_back(a: Array) -> float:
    """Doubles every element, halves it again, and returns how many seconds halving took."""
    np.multiply(a, 2, out=a)
    start = time.perf_counter()
    np.multiply(a, 0.5, out=a)
    return time.perf_counter() - start
