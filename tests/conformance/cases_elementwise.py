"""Cases of functions that work element by element, on operands that broadcast, into a dst that may be or overlap one."""

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

import numpy as np
import truth
from case import Case
from operands import COMPLEX, EVERY, FLOATS, INTEGERS, NUMBERS, POOL, REALS, Pools, Views, plain

INEXACT = FLOATS + COMPLEX
CASES = 26  # of each function and dtype


class Function(NamedTuple):
    name: str  # in Go
    numpy: Callable[..., np.ndarray]
    operands: int
    dtypes: list[str]
    agreement: str = "exact"
    second: str = ""  # what the second operand is drawn from, where not from what the first is
    kinds: tuple[str, ...] = ("hard", "tame")


def unary(name: str, numpy: Callable[..., np.ndarray], dtypes: list[str], agreement: str = "exact") -> Function:
    return Function(name, numpy, 1, dtypes, agreement)


def binary(
    name: str, numpy: Callable[..., np.ndarray], dtypes: list[str], agreement: str = "exact", second: str = ""
) -> Function:
    return Function(name, numpy, 2, dtypes, agreement, second)


FUNCTIONS = [
    binary("Add", np.add, NUMBERS, "1 ulp"),
    binary("Sub", np.subtract, NUMBERS, "1 ulp"),
    binary("Mul", np.multiply, NUMBERS, "1 ulp"),
    binary("Div", np.divide, INEXACT, "1 ulp"),
    binary("FloorDiv", np.floor_divide, REALS),
    binary("Mod", np.remainder, REALS),
    binary("Fmod", np.fmod, REALS),
    binary("Pow", np.power, INTEGERS, second="power"),
    binary("Pow", np.power, FLOATS, "2 ulp"),
    binary("Hypot", np.hypot, FLOATS, "2 ulp"),
    binary("Atan2", np.arctan2, FLOATS, "2 ulp"),
    binary("CopySign", np.copysign, FLOATS),
    unary("Neg", np.negative, NUMBERS),
    unary("Abs", np.abs, REALS),
    unary("Sign", np.sign, REALS),
    unary("Floor", np.floor, FLOATS),
    unary("Ceil", np.ceil, FLOATS),
    unary("RoundToEven", np.rint, FLOATS),
    unary("Trunc", np.trunc, FLOATS),
    unary("Sqrt", np.sqrt, INEXACT, "1 ulp"),
    unary("Square", np.square, NUMBERS, "1 ulp"),
    unary("Reciprocal", np.reciprocal, INEXACT, "1 ulp"),
    unary("Cbrt", np.cbrt, FLOATS, "2 ulp"),
    unary("Exp", np.exp, INEXACT, "2 ulp"),
    unary("Exp2", np.exp2, FLOATS, "2 ulp"),
    unary("Expm1", np.expm1, FLOATS, "2 ulp"),
    unary("Log", np.log, INEXACT, "2 ulp"),
    unary("Log2", np.log2, FLOATS, "2 ulp"),
    unary("Log10", np.log10, INEXACT, "2 ulp"),
    unary("Log1p", np.log1p, FLOATS, "2 ulp"),
    unary("Sin", np.sin, INEXACT, "2 ulp"),
    unary("Cos", np.cos, INEXACT, "2 ulp"),
    unary("Tan", np.tan, INEXACT, "2 ulp"),
    unary("Asin", np.arcsin, INEXACT, "2 ulp"),
    unary("Acos", np.arccos, INEXACT, "2 ulp"),
    unary("Atan", np.arctan, INEXACT, "2 ulp"),
    unary("Sinh", np.sinh, INEXACT, "2 ulp"),
    unary("Cosh", np.cosh, INEXACT, "2 ulp"),
    unary("Tanh", np.tanh, INEXACT, "2 ulp"),
    unary("Asinh", np.arcsinh, INEXACT, "2 ulp"),
    unary("Acosh", np.arccosh, INEXACT, "2 ulp"),
    unary("Atanh", np.arctanh, INEXACT, "2 ulp"),
    binary("Equal", np.equal, EVERY),
    binary("NotEqual", np.not_equal, EVERY),
    binary("Less", np.less, REALS),
    binary("LessEqual", np.less_equal, REALS),
    binary("Greater", np.greater, REALS),
    binary("GreaterEqual", np.greater_equal, REALS),
    binary("LogicalAnd", np.logical_and, ["bool"]),
    binary("LogicalOr", np.logical_or, ["bool"]),
    binary("LogicalXor", np.logical_xor, ["bool"]),
    unary("LogicalNot", np.logical_not, ["bool"]),
    binary("BitAnd", np.bitwise_and, INTEGERS),
    binary("BitOr", np.bitwise_or, INTEGERS),
    binary("BitXor", np.bitwise_xor, INTEGERS),
    unary("BitNot", np.bitwise_not, INTEGERS),
    binary("ShiftLeft", np.left_shift, INTEGERS, second="bits"),
    binary("ShiftRight", np.right_shift, INTEGERS, second="bits"),
    binary("Minimum", np.minimum, REALS, "equal"),
    binary("Maximum", np.maximum, REALS, "equal"),
    binary("FMin", np.fmin, REALS, "equal"),
    binary("FMax", np.fmax, REALS, "equal"),
    Function("Clip", np.clip, 3, REALS, "equal"),
    unary("IsNaN", np.isnan, INEXACT),
    unary("IsInf", np.isinf, INEXACT),
    unary("IsFinite", np.isfinite, INEXACT),
    unary("SignBit", np.signbit, FLOATS),
    unary("Conj", np.conjugate, COMPLEX),
    unary("AbsComplex", np.abs, COMPLEX, "2 ulp"),
    unary("Angle", np.angle, COMPLEX, "2 ulp"),
    Function("PowComplex", np.power, 2, COMPLEX, "2 ulp", kinds=("tame",)),
    unary("BitCount", np.bitwise_count, INTEGERS),
    binary("LogAddExp", np.logaddexp, FLOATS, "2 ulp"),
    binary("NextAfter", np.nextafter, FLOATS),
    binary("Heaviside", np.heaviside, FLOATS, "equal"),
    unary("Deg2Rad", np.deg2rad, FLOATS, "2 ulp"),
    unary("Rad2Deg", np.rad2deg, FLOATS, "2 ulp"),
    Function("FMA", truth.fma, 3, FLOATS, "1 ulp"),
    unary("Sinc", lambda a: np.sinc(a.astype("float64")).astype(a.dtype), FLOATS, "2 ulp"),
    # Functions of the caller's, and expressions: the same ones are in ndarray_elementwise_test.go.
    unary("Map", lambda a: np.where(a > 0, a, 0), REALS),
    binary("Apply2", np.less, REALS),
    Function("Eval", lambda a, b, c: np.where(a < b, (a + b) * c - a, c), 3, REALS),
    Function("EvalCond", lambda a, b, c: ((a < b) & ~(b < c)) | (a == c), 3, REALS),
    binary("IsClose", np.isclose, INEXACT, second="tame"),
]


def cases(pools: Pools, views: Views) -> Iterator[Case]:
    for f in FUNCTIONS:
        for dtype in f.dtypes:
            random = Random(f"{f.name} {dtype}")
            for _ in range(CASES):
                yield ordinary(Case(pools, random, f.name, dtype, f.agreement), f, views, random)
            if "ulp" in f.agreement and dtype in FLOATS:
                for kind in ("hard", "spread", "unit"):
                    yield long(Case(pools, random, f.name, dtype, f.agreement), f, kind)
            if f.name == "Pow" and dtype in INTEGERS and dtype.startswith("i"):
                yield negative_power(Case(pools, random, f.name, dtype), random)
            yield wrong_dst(Case(pools, random, f.name, dtype, f.agreement), f, views, random)
            if f.operands > 1:
                yield apart(Case(pools, random, f.name, dtype, f.agreement), f, views, random)
    for dtype in REALS:
        for make, name in ((rounded, "Round"), (divided, "DivMod"), (scaled, "Ldexp")):
            random = Random(f"{name} {dtype}")
            for _ in range(CASES if name == "DivMod" or dtype in FLOATS else 0):
                yield make(Case(pools, random, name, dtype), views, random)


def scaled(case: Case, views: Views, random: Random) -> Case:
    """By powers of two, at times one for each element."""
    a = case.operand(f"{case.dtype} {random.choice(['hard', 'tame'])}", random.choice(views.singles)[0])
    shape = random.choice([a.shape, ()])
    case.given("exponents", np.array([random.randint(-160, 160) for _ in range(int(np.prod(shape)))], "int32").reshape(shape))
    with np.errstate(all="ignore"):
        case.results = [np.ldexp(*case.arrays())]
    return case


def rounded(case: Case, views: Views, random: Random) -> Case:
    view = random.choice(views.singles)[0]
    decimals = random.randint(-2, 3)
    case.parameters["decimals"] = decimals
    case.results = [np.round(case.operand(f"{case.dtype} {random.choice(['hard', 'tame'])}", view), decimals)]
    return case


def divided(case: Case, views: Views, random: Random) -> Case:
    for view in random.choice(views.pairs)[:2]:
        case.operand(f"{case.dtype} {random.choice(['hard', 'tame'])}", view)
    with np.errstate(all="ignore"):
        case.results = list(np.divmod(*case.arrays()))
    return case


def pool(f: Function, k: int, dtype: str, random: Random) -> str:
    if dtype in COMPLEX and "ulp" in f.agreement:  # what becomes of NaN and infinities, libraries do not agree on
        return f"{dtype} tame"
    return f"{dtype} {f.second if k == 1 and f.second else random.choice(f.kinds)}"


def drawn(case: Case, f: Function, views: Views, random: Random) -> None:
    """Gives the case operands, and a dst as it may be."""
    chosen = random.choice([views.singles, views.pairs, views.triples][f.operands - 1])
    for k, view in enumerate(chosen[:-1]):
        case.operand(pool(f, k, case.dtype, random), view)
    dst = chosen[-1]
    result = result_of(case, f)
    first = case.operands[0][1]
    way = random.random()
    if way < 0.2:
        case.into(dst, str(result.dtype))
    elif way < 0.3 and first.shape == dst.shape and first.distinct() and str(result.dtype) == case.dtype:
        case.dst = case.operands[0]
    elif way < 0.5 and dst.reach > 0 and str(result.dtype) == case.dtype:
        case.overlap(0, dst)


def result_of(case: Case, f: Function) -> np.ndarray:
    operands = case.arrays()
    with np.errstate(all="ignore"):
        result = f.numpy(*operands)
    inexact = np.asarray(result).dtype.kind in "fc"
    if "ulp" in f.agreement and inexact and f.name in truth.TRUTH:
        return truth.elementwise(f.name, result, operands)
    return np.asarray(result)


def ordinary(case: Case, f: Function, views: Views, random: Random) -> Case:
    drawn(case, f, views, random)
    return finished(case, f)


def finished(case: Case, f: Function) -> Case:
    """The case, its operands being chosen, with what it gives."""
    result = result_of(case, f)
    case.results = [result]
    if f.name in truth.BOUNDS:
        case.agreement, case.within = "within", truth.bounds(f.name, result, case.arrays())
    elif "ulp" in f.agreement and result.dtype.kind == "c":
        case.agreement = "4 ulp"  # of its magnitude; the formulas for * and / alone may be 3 off
    return case


def long(case: Case, f: Function, kind: str) -> Case:
    """A whole pool, which is longer than any block of a kernel."""
    for k in range(f.operands):
        case.operand(f"{case.dtype} {kind if k == 0 else 'tame'}", plain((POOL,)))
    return finished(case, f)


def wrong_dst(case: Case, f: Function, views: Views, random: Random) -> Case:
    """A dst of another shape than the result."""
    view = random.choice(views.singles)[0]
    for k in range(f.operands):
        case.operand(pool(f, k, case.dtype, random), view)
    other = plain((*view.shape, 2))
    case.into(other, str(result_of(case, f).dtype))
    case.error = "shape"
    return case


def apart(case: Case, f: Function, views: Views, random: Random) -> Case:
    """Operands that don't broadcast."""
    first, second = views.apart(random)
    for k, view in enumerate([first, second, second][: f.operands]):
        case.operand(pool(f, k, case.dtype, random), view)
    try:
        f.numpy(*case.arrays())
    except ValueError:
        case.error = "shape"
        return case
    raise AssertionError(f"{f.name}: NumPy broadcasts {first.shape} and {second.shape}")


def negative_power(case: Case, random: Random) -> Case:
    """Of integers, which would be fractions."""
    case.operand(f"{case.dtype} tame", plain((9,)))
    case.given(f"{case.dtype} exponents", np.array([2, 1, 0, -1, 3, 4, 5, 6, 7], case.dtype))
    try:
        np.power(*case.arrays())
    except ValueError:
        case.error = "value"
        return case
    raise AssertionError("NumPy took a negative exponent")
