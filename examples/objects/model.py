"""What the program of docs/howto/objects.md uses."""

from collections.abc import Callable, Iterator


class Model:
    """Its loss gets less."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def fit(self, epochs: int) -> Iterator[float]:
        """The losses of the epochs."""
        for epoch in range(epochs):
            yield self.rate**epoch


def minimum(f: Callable[[float], float], low: float, high: float) -> float:
    """Where f is least, by golden sections."""
    ratio = (5**0.5 - 1) / 2
    while high - low > 1e-6:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if f(left) < f(right) else (left, high)
    return low
