"""A case of the corpus, as make_ndarray.py describes it."""

import base64
import json
from random import Random
from typing import Any

import numpy as np
from operands import Pools, View, plain


def encoded(values: np.ndarray) -> str:
    """The elements in C order, each NaN the same: what its sign is depends on the machine."""
    if values.dtype.kind in "fc":
        part = np.ascontiguousarray(values).view(values.real.dtype)
        values = np.where(np.isnan(part), part.dtype.type(np.nan), part)
    return base64.b64encode(values.tobytes()).decode()


class Case:
    """A call in the making: first its operands, then what it gives."""

    def __init__(self, pools: Pools, random: Random, function: str, dtype: str, agreement: str = "exact") -> None:
        self._pools, self._random = pools, random
        self.function, self.dtype, self.agreement = function, dtype, agreement
        self.memory: list[tuple[str, int, int]] = []
        self.operands: list[tuple[int, View]] = []
        self.dst: tuple[int, View] | None = None
        self.parameters: dict[str, Any] = {}
        self.results: list[np.ndarray] = []
        self.within: np.ndarray | None = None
        self.error = ""

    def window(self, pool: str, length: int, start: int | None = None) -> int:
        """A memory of so many elements of a pool."""
        if start is None:
            start = self._random.randrange(len(self._pools[pool]) - length + 1)
        self.memory.append((pool, start, length))
        return len(self.memory) - 1

    def operand(self, pool: str, view: View) -> np.ndarray:
        """Another operand, in memory of its own."""
        self.operands.append((self.window(pool, view.reach), view))
        return self.array(len(self.operands) - 1)

    def given(self, name: str, values: np.ndarray) -> np.ndarray:
        """Another operand, of values that no pool has."""
        pool = f"{name} {len(self._pools.made)}"
        self._pools.add(pool, values.ravel())
        self.operands.append((self.window(pool, values.size, 0), plain(values.shape)))
        return self.array(len(self.operands) - 1)

    def into(self, view: View, dtype: str) -> np.ndarray:
        """Gives the call a dst in memory of its own."""
        self.dst = self.window(f"{dtype} tame", view.reach), view
        return self._array(self.dst)

    def overlap(self, k: int, view: View) -> None:
        """Lays dst over the memory of operand k, a few elements from it, where the pool goes on so far. Operand k is what it was."""
        slot, operand = self.operands[k]
        pool, start, _ = self.memory[slot]
        here, there = min(self._random.randrange(3), start), self._random.randrange(3)
        length = max(operand.reach + here, view.reach + there)
        if start - here + length <= len(self._pools[pool]):
            self.operands[k] = slot, operand._replace(offset=operand.offset + here)
            self.dst = slot, view._replace(offset=view.offset + there)
            self.memory[slot] = pool, start - here, length

    def array(self, k: int) -> np.ndarray:
        return self._array(self.operands[k])

    def _array(self, operand: tuple[int, View]) -> np.ndarray:
        slot, view = operand
        pool, start, length = self.memory[slot]
        return view.of(self._pools[pool][start : start + length].copy())

    def arrays(self) -> list[np.ndarray]:
        return [self.array(k) for k in range(len(self.operands))]

    def line(self) -> str:
        def laid(operand: tuple[int, View]) -> list[Any]:
            slot, view = operand
            return [slot, view.shape, view.strides, view.offset]

        fields: dict[str, Any] = {
            "function": self.function,
            "dtype": self.dtype,
            "agreement": self.agreement,
            "memory": self.memory,
            "operands": [laid(operand) for operand in self.operands],
        }
        if self.dst:
            fields["dst"] = laid(self.dst)
        if self.parameters:
            fields["parameters"] = self.parameters
        if self.error:
            fields["error"] = self.error
        else:
            fields["results"] = [[str(x.dtype), x.shape, encoded(x)] for x in map(np.asarray, self.results)]
        if self.within is not None:
            fields["within"] = encoded(self.within)
        return json.dumps(fields, separators=(",", ":"))
