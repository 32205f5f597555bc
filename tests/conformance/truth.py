"""What functions give when they round once, whatever the machine: mpmath for the elementwise ones, exact fractions for sums.

NumPy's own results of these depend on the vector instructions it finds, so that the corpus keeps the truth in their place.
"""

import functools
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

mpmath.mp.prec = 160  # bits: three times a float64's

Function = Callable[..., Any]


TRUTH: dict[str, Function] = {
    "Sqrt": mpmath.sqrt,
    "Cbrt": lambda x: -mpmath.cbrt(-x) if x < 0 else mpmath.cbrt(x),
    "Exp": mpmath.exp,
    "Exp2": lambda x: mpmath.power(2, x),
    "Expm1": mpmath.expm1,
    "Log": mpmath.log,
    "Log2": lambda x: mpmath.log(x) / mpmath.ln2,
    "Log10": lambda x: mpmath.log(x) / mpmath.ln10,
    "Log1p": mpmath.log1p,
    "Sin": mpmath.sin,
    "Cos": mpmath.cos,
    "Tan": mpmath.tan,
    "Asin": mpmath.asin,
    "Acos": mpmath.acos,
    "Atan": mpmath.atan,
    "Sinh": mpmath.sinh,
    "Cosh": mpmath.cosh,
    "Tanh": mpmath.tanh,
    "Asinh": mpmath.asinh,
    "Acosh": mpmath.acosh,
    "Atanh": mpmath.atanh,
    "Hypot": mpmath.hypot,
    "Atan2": mpmath.atan2,
    "Pow": mpmath.power,
    "PowComplex": mpmath.power,
    "AbsComplex": abs,
    "LogAddExp": lambda x, y: max(x, y) + mpmath.log1p(mpmath.exp(-abs(x - y))),
    "Sinc": lambda x: mpmath.sin(mpmath.pi * x) / (mpmath.pi * x),
    "Deg2Rad": mpmath.radians,
    "Rad2Deg": mpmath.degrees,
    "Angle": mpmath.arg,
    "Mul": lambda x, y: x * y,
    "Div": lambda x, y: x / y,
    "Reciprocal": lambda x: 1 / x,
    "Square": lambda x: x * x,
}


def rounded(value: Any, dtype: np.dtype) -> Any:
    """The nearest element of the dtype to a number of mpmath's."""
    with np.errstate(all="ignore"):
        if dtype.kind == "c":
            return dtype.type(complex(float(mpmath.re(value)), float(mpmath.im(value))))
        return dtype.type(float(value))


@functools.cache
def _truth(name: str, dtype: str, *operands: Any) -> Any:
    convert = mpmath.mpc if isinstance(operands[0], complex) else mpmath.mpf
    return rounded(TRUTH[name](*(convert(x) for x in operands)), np.dtype(dtype))


def elementwise(name: str, numpy_result: np.ndarray, operands: list[np.ndarray]) -> np.ndarray:
    """The truth in place of NumPy's result, wherever that is an ordinary number of ordinary numbers.

    Elsewhere (NaN, infinities, overflow, and zeros, whose sign counts) the C standard says what it is.
    """
    result = np.array(numpy_result, order="C")
    flat = result.reshape(-1)
    columns = [np.broadcast_to(x, result.shape).ravel().tolist() for x in operands]
    for i, elements in enumerate(zip(*columns, strict=True)):
        ordinary = np.isfinite(flat[i]) and all(np.isfinite(x) for x in elements)
        if ordinary and all(x.real != 0 and (x.imag != 0 or not isinstance(x, complex)) for x in elements):
            flat[i] = _truth(name, str(result.dtype), *elements)
    return result


def fma(*operands: np.ndarray) -> np.ndarray:
    """The nearest elements to a * b + c."""
    a, b, c = np.broadcast_arrays(*operands)
    result = np.array(a * b + c)
    for ix in np.ndindex(result.shape):
        x, y, z = (each[ix].item() for each in (a, b, c))
        if math.isfinite(x) and math.isfinite(y) and math.isfinite(z):
            exact = Fraction(x) * Fraction(y) + Fraction(z)
            if exact:
                result[ix] = nearest(exact, result.dtype)
        elif (
            not (math.isnan(x) or math.isnan(y) or math.isnan(z)) and math.isinf(z) and math.isfinite(x) and math.isfinite(y)
        ):
            result[ix] = z  # however large x * y is
    return result


Exact = Callable[[list[Fraction]], Fraction]


# Functions whose formula, which is NumPy's too, loses more than the last digits: in ulps, of which number.
BOUNDS: dict[str, Callable[[Any, Any, Any], tuple[Any, Any]]] = {
    "LogAddExp": lambda result, x, y: (2, max(abs(result), abs(max(x, y)), 1.0)),  # max(x, y) and log1p may cancel
    "Sinc": lambda result, x: (2, 1.0),  # πx is rounded
    "PowComplex": lambda result, x, y: (
        4 * (1 + abs(y * mpmath.log(x))),
        abs(result),
    ),  # exp multiplies the logarithm's error
}


def bounds(name: str, result: np.ndarray, operands: list[np.ndarray]) -> np.ndarray:
    """How far each part of each element may be from the result."""
    parts = 2 if result.dtype.kind == "c" else 1
    within = []
    columns = [np.broadcast_to(x, result.shape).ravel().tolist() for x in operands]
    for got, *elements in zip(result.ravel().tolist(), *columns, strict=True):
        bound = 0.0
        if all(np.isfinite([got, *elements])) and (got != 0 or name == "Sinc"):
            count, of = BOUNDS[name](got, *elements)
            bound = float(count) * float(np.spacing(result.real.dtype.type(of)))
        within += [bound] * parts
    return np.array(within)


def exact_sum(elements: Iterable[Fraction]) -> Fraction:
    """Their sum, over their one common denominator: all are multiples of a power of two."""
    elements = list(elements)
    scale = max((x.denominator for x in elements), default=1)
    return Fraction(sum(x.numerator * (scale // x.denominator) for x in elements), scale)


def nearest(value: Fraction, dtype: np.dtype) -> Any:
    """The nearest element of the dtype; of float32, of those next to the nearest float64."""
    try:
        number = value.numerator / value.denominator  # which Python rounds correctly
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    with np.errstate(all="ignore"):
        return dtype.type(number)


def above(value: Fraction) -> float:
    """A float64 that is not less."""
    try:
        number = value.numerator / value.denominator
    except OverflowError:
        return math.inf
    return number if Fraction(number) >= value else math.nextafter(number, math.inf)


def below(value: Fraction) -> float:
    """A float64 that is not more, of a number that is not negative."""
    return -above(-value)


def root(value: Fraction) -> Fraction:
    """The square root, to 160 bits."""
    if value == 0:
        return value
    shift = 2 * (200 + abs(value.numerator.bit_length() - value.denominator.bit_length()))
    return Fraction(math.isqrt((value.numerator << shift) // value.denominator), 1 << (shift // 2))


def ulp(value: Any) -> Fraction:
    """The distance from a float to the next one away from zero."""
    x = abs(value)
    return Fraction(float(np.spacing(x))) if np.isfinite(x) else Fraction(0)


def bounded(numpy_result: Any, exact: Fraction, dtype: np.dtype) -> tuple[Any, list[float]]:
    """The nearest element to an exact result, and how far below and above it others are no farther from that than NumPy's."""
    truth = nearest(exact, dtype)
    if not np.isfinite(numpy_result) or not np.isfinite(truth):
        return numpy_result, [0.0, 0.0]
    off = Fraction(float(truth)) - exact
    distance = abs(Fraction(float(numpy_result)) - exact)
    return truth, [max(below(distance + off), 0.0), max(below(distance - off), 0.0)]
