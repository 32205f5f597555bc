"""Cases of functions that make many elements one: over no, one or several axes, into a dst with those axes or without."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

import numpy as np
import truth
from case import Case
from operands import ALL, COMPLEX, FLOATS, INTEGERS, NUMBERS, POOL, REALS, Pools, Views, plain

CASES = 22  # of each function, dtype and dtype of the result

Exact = Callable[[list[Fraction], int], Fraction]


def exact_sum(x: list[Fraction], ddof: int) -> Fraction:
    return truth.exact_sum(x)


def exact_mean(x: list[Fraction], ddof: int) -> Fraction:
    return truth.exact_sum(x) / len(x)


def exact_var(x: list[Fraction], ddof: int) -> Fraction:
    mean = exact_mean(x, 0)
    return (
        truth.exact_sum((element - mean) ** 2 * mean.denominator**2 for element in x) / mean.denominator**2 / (len(x) - ddof)
    )


def exact_std(x: list[Fraction], ddof: int) -> Fraction:
    return truth.root(exact_var(x, ddof))


def exact_prod(x: list[Fraction], ddof: int) -> Fraction:
    return math.prod(x, start=Fraction(1))


class Function(NamedTuple):
    name: str  # in Go
    numpy: Callable[..., Any]
    dtypes: list[str]
    results: Callable[[str], list[str]] | None = None  # what a dtype may be reckoned in, where one can choose
    exact: Exact | None = None  # of floats
    agreement: str = "exact"
    kinds: tuple[str, ...] = ("tame", "wide")
    ddof: bool = False
    skip: bool = False  # NaN


def sums(dtype: str) -> list[str]:
    wider = {"i": "int64", "u": "uint64", "f": "float64", "c": "complex128"}[np.dtype(dtype).kind]
    return sorted({dtype, wider, "float64"} if dtype in INTEGERS else {dtype, wider})


def means(dtype: str) -> list[str]:
    return sorted({"float64", dtype} if dtype in FLOATS else {"complex128", dtype} if dtype in COMPLEX else {"float64"})


AS_NUMPY = ("Sum", "NaNSum", "Mean", "NaNMean")  # whose results are at least as close to the exact ones
ROWS = 32  # how many rows Go adds one after the other, as NumPy does any number of them; more are added pairwise

HARD = ("hard", "tame", "gaps")
GAPS = ("gaps", "tame")

RUNNING = {"CumSum": np.cumsum, "CumProd": np.cumprod, "NaNCumSum": np.nancumsum, "NaNCumProd": np.nancumprod}

FUNCTIONS = [
    Function("Sum", np.sum, NUMBERS, sums, exact_sum),
    Function("Prod", np.prod, NUMBERS, sums, exact_prod, kinds=("tame",)),
    Function("Mean", np.mean, NUMBERS, means, exact_mean),
    Function("Var", np.var, REALS, means, exact_var, ddof=True),
    Function("Std", np.std, REALS, means, exact_std, ddof=True),
    Function("Min", np.min, REALS, agreement="equal", kinds=HARD),
    Function("Max", np.max, REALS, agreement="equal", kinds=HARD),
    Function("ArgMin", np.argmin, REALS, kinds=HARD),
    Function("ArgMax", np.argmax, REALS, kinds=HARD),
    Function("Ptp", np.ptp, REALS, agreement="1 ulp", kinds=HARD),
    Function("AllTrue", np.all, ALL, kinds=HARD),
    Function("AnyTrue", np.any, ALL, kinds=HARD),
    Function("CountNonZero", np.count_nonzero, ALL, kinds=HARD),
    Function("NaNSum", np.nansum, FLOATS, means, exact_sum, kinds=GAPS, skip=True),
    Function("NaNProd", np.nanprod, FLOATS, means, exact_prod, kinds=GAPS, skip=True),
    Function("NaNMean", np.nanmean, FLOATS, means, exact_mean, kinds=GAPS, skip=True),
    Function("NaNVar", np.nanvar, FLOATS, means, exact_var, kinds=GAPS, ddof=True, skip=True),
    Function("NaNStd", np.nanstd, FLOATS, means, exact_std, kinds=GAPS, ddof=True, skip=True),
    Function("NaNMin", np.nanmin, FLOATS, agreement="equal", kinds=GAPS, skip=True),
    Function("NaNMax", np.nanmax, FLOATS, agreement="equal", kinds=GAPS, skip=True),
    Function("NaNArgMin", np.nanargmin, FLOATS, kinds=GAPS),
    Function("NaNArgMax", np.nanargmax, FLOATS, kinds=GAPS),
    Function("Median", np.median, REALS, agreement="1 ulp", kinds=GAPS),
    Function("NaNMedian", np.nanmedian, FLOATS, agreement="1 ulp", kinds=GAPS),
]


def cases(pools: Pools, views: Views) -> Iterator[Case]:
    for f in FUNCTIONS:
        for dtype in f.dtypes:
            random = Random(f"{f.name} {dtype}")
            for result in f.results(dtype) if f.results else [""]:
                for k in range(CASES):
                    case = Case(pools, random, f.name, dtype, f.agreement)
                    # A few are long enough for sums in parts.
                    view = (
                        plain(random.choice([(640,), (20, 32), (300, 2), (2, 300)]))
                        if k < 3
                        else random.choice(views.singles)[0]
                    )
                    case.operand(f"{dtype} {random.choice(f.kinds)}", view)
                    if result:
                        case.parameters["as"] = result
                    if made := reduced(case, f, random):
                        yield made
            yield wrong_axis(Case(pools, random, f.name, dtype, f.agreement), f, views, random)
    for name, numpy in RUNNING.items():
        for dtype in FLOATS if "NaN" in name else NUMBERS:
            random = Random(f"{name} {dtype}")
            for result in sums(dtype):
                for _ in range(CASES // 2):
                    yield cumulative(Case(pools, random, name, dtype), numpy, result, views, random)
    for dtype in NUMBERS:
        random = Random(f"Diff {dtype}")
        for _ in range(CASES):
            yield differences(Case(pools, random, "Diff", dtype, "1 ulp"), views, random)
    for dtype in REALS:
        random = Random(f"Histogram {dtype}")
        for _ in range(CASES // 2):
            yield histogram(Case(pools, random, "Histogram", dtype), views, random)
    for dtype in FLOATS:
        random = Random(f"Quantile {dtype}")
        for _ in range(CASES):
            yield quantile(Case(pools, random, "Quantile", dtype, "2 ulp"), views, random)


def reduced(case: Case, f: Function, random: Random) -> Case | None:
    a = case.array(0)
    options: dict[str, Any] = {}
    if random.random() < 0.75 and a.ndim > 0:
        axes = random.sample(range(a.ndim), 1 if "Arg" in f.name else random.randint(1, a.ndim))
        named = [axis - random.choice([0, a.ndim]) for axis in axes]
        case.parameters["axes"] = named
        options["axis"] = named[0] if "Arg" in f.name else tuple(named)
        if random.random() < 0.3 and a.size > 0:
            case.parameters["keepdims"] = options["keepdims"] = True
    if f.ddof and random.random() < 0.5:
        case.parameters["ddof"] = options["ddof"] = 1
    if "as" in case.parameters:
        options["dtype"] = case.parameters["as"]
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(f.numpy(a, **options))
    except ValueError:
        case.error = "shape"
        return case if 0 not in left(a.shape, options) else None  # Go: no elements have no least one
    if result.dtype.kind == "c" and not np.isfinite(result).all():
        return None  # parts of infinite products depend on the order of the factors
    if f.exact is not None and result.dtype.kind in "fc":
        case.agreement = "within"
        result, case.within = exactly(f, a, result, options)
    case.results = [result]
    if f.name in ("Median", "NaNMedian"):
        case.parameters["as"] = str(result.dtype)
    dst = plain(result.shape)
    if "axes" in case.parameters and dst.reach <= POOL and (random.random() < 0.3 or "keepdims" in case.parameters):
        case.into(dst, str(result.dtype))
    return case


def left(shape: tuple[int, ...], options: dict[str, Any]) -> tuple[int, ...]:
    """The shape of the result."""
    return np.sum(np.zeros(shape), axis=options.get("axis")).shape


def parts(a: np.ndarray) -> list[np.ndarray]:
    return [a.real, a.imag] if a.dtype.kind == "c" else [a]


def exactly(f: Function, a: np.ndarray, numpy_result: np.ndarray, options: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The result rounded once, and how far from it others may be."""
    assert f.exact is not None
    axes = options.get("axis", tuple(range(a.ndim)))
    axes = [axis % a.ndim for axis in axes]
    rest = [axis for axis in range(a.ndim) if axis not in axes]
    n = math.prod(a.shape[axis] for axis in axes)
    rows = a.transpose(rest + axes).reshape(numpy_result.size, n)
    result, within = np.array(numpy_result, order="C"), []
    values = result.reshape(-1)
    many = any(a.shape[axis] > ROWS and abs(a.strides[axis]) > a.itemsize for axis in axes)
    for i, row in enumerate(rows):
        if f.name == "Prod" and a.dtype.kind == "c":
            value, bound = complex_product(row, values[i])
            values[i] = value
            within += bound
            continue
        truths = []
        for elements, got in zip(parts(row), parts(values[i : i + 1]), strict=True):
            truth_of, bound = one(f, elements, got[0], options.get("ddof", 0))
            least = Fraction(0)
            if f.name == "Mean" and a.dtype.kind == "c":  # NumPy multiplies by a rounded 1/n, which can be lucky
                least = rounding(f.name, truth_of, elements.tolist())
            elif many:
                least = truth.ulp(truth_of)
            bound = [max(each, truth.above(least)) for each in bound]
            truths.append(truth_of)
            within += bound
        values[i] = truths[0] if len(truths) == 1 else complex(*truths)
    return result, np.array(within)


def one(f: Function, row: np.ndarray, got: Any, ddof: int) -> tuple[Any, list[float]]:
    """The element nearest to the exact result, and how far below and above it one may be."""
    assert f.exact is not None
    elements = [x for x in row.tolist() if not f.skip or x == x]
    if (
        not all(math.isfinite(x) for x in elements)
        or (len(elements) <= ddof and f.ddof)
        or (not elements and "Mean" in f.name)
    ):
        return got, [0.0, 0.0]
    exact = f.exact([Fraction(x) for x in elements], ddof)
    value, bounds = truth.bounded(got, exact, np.asarray(got).dtype)
    if f.name in AS_NUMPY:
        return value, bounds
    least = truth.above(rounding(f.name, value, elements))
    return value, [max(bound, least) for bound in bounds]


def rounding(name: str, value: Any, elements: list[float]) -> Fraction:
    """What may be lost whatever the order, as NumPy's depends on strides: it is as close at one order and not at another."""
    ulp = truth.ulp(value)
    if "Prod" in name:
        return ulp * len(elements)
    if "Var" in name or "Std" in name:  # of the mean, the distances from it, their squares, the sum of these
        return (2 + len(elements).bit_length()) * ulp
    last = truth.ulp(np.asarray(value).dtype.type(sum(map(abs, elements))))
    return last / len(elements) + ulp if "Mean" in name else last


def complex_product(row: np.ndarray, got: Any) -> tuple[Any, list[float]]:
    """As far as 2 ulp of the magnitude for each factor."""
    re, im = Fraction(1), Fraction(0)
    for x in row.tolist():
        a, b = Fraction(x.real), Fraction(x.imag)
        re, im = re * a - im * b, re * b + im * a
    part = np.asarray(got).real.dtype
    value = complex(truth.nearest(re, part), truth.nearest(im, part))
    if not np.isfinite(value) or not np.isfinite(got):
        return got, [0.0] * 4
    bound = float(np.spacing(part.type(abs(value)))) * 2 * max(len(row), 1)
    return value, [bound] * 4


def wrong_axis(case: Case, f: Function, views: Views, random: Random) -> Case:
    view = random.choice(views.singles)[0]
    a = case.operand(f"{case.dtype} tame", view)
    if f.results:
        case.parameters["as"] = f.results(case.dtype)[0]
    elif "Median" in f.name:
        case.parameters["as"] = "float64"
    case.parameters["axes"] = random.choice(
        [[a.ndim], [-a.ndim - 1]] if "Arg" in f.name or a.ndim == 0 else [[a.ndim], [-a.ndim - 1], [0, 0], [0, -a.ndim]]
    )
    case.error = "shape"
    return case


def cumulative(case: Case, numpy: Callable[..., Any], result: str, views: Views, random: Random) -> Case:
    view = random.choice([view for view, _ in views.singles if view.shape])
    kinds = GAPS if "NaN" in case.function else ("tame",) if "Prod" in case.function else ("tame", "wide")
    a = case.operand(f"{case.dtype} {random.choice(kinds)}", view)
    axis = random.randrange(-a.ndim, a.ndim)
    case.parameters |= {"as": result, "axis": axis}
    with np.errstate(all="ignore"):
        case.results = [numpy(a, axis, result)]
    if np.dtype(result).kind in "fc":
        case.agreement = "within"
        case.results[0], case.within = cumulated(case.function, a, case.results[0], axis)
    return case


def cumulated(name: str, a: np.ndarray, got: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Each prefix, exactly."""
    axis %= a.ndim
    result, width = np.array(got, order="C"), 4 if got.dtype.kind == "c" else 2
    within = np.zeros((*got.shape, width))
    product = "Prod" in name
    f = Function("Prod" if product else "Sum", np.sum, [], None, exact_prod if product else exact_sum, skip="NaN" in name)
    for ix in np.ndindex(got.shape):
        row = a[(*ix[:axis], slice(0, ix[axis] + 1), *ix[axis + 1 :])]
        if f.name == "Prod" and a.dtype.kind == "c":
            result[ix], within[ix] = complex_product(row, got[ix])
            continue
        pieces = [
            one(f, elements, part[()], 0) for elements, part in zip(parts(row), parts(np.asarray(got[ix])), strict=True)
        ]
        result[ix] = pieces[0][0] if width == 2 else complex(*(value for value, _ in pieces))
        within[ix] = [bound for _, bounds in pieces for bound in bounds]
    return result, within.reshape(-1)


def differences(case: Case, views: Views, random: Random) -> Case:
    view = random.choice([v for v, _ in views.singles if v.shape])
    a = case.operand(f"{case.dtype} {random.choice(['hard', 'tame'])}", view)
    axis, n = random.randrange(-a.ndim, a.ndim), random.choice([1, 1, 1, 2, 3])
    case.parameters |= {"axis": axis, "n": n}
    with np.errstate(all="ignore"):
        case.results = [np.diff(a, n, axis)]
    return case


def quantile(case: Case, views: Views, random: Random) -> Case:
    view = random.choice([v for v, _ in views.singles if v.reach])
    a = case.operand(f"{case.dtype} {random.choice(['tame', 'gaps'])}", view)
    q = [random.choice([0.0, 0.25, 0.5, 0.75, 1.0, random.random()]) for _ in range(random.randint(1, 3))]
    case.parameters["q"] = q
    axes = random.sample(range(a.ndim), random.randint(1, a.ndim)) if a.ndim and random.random() < 0.8 else None
    if axes:
        case.parameters["axes"] = axes
    with np.errstate(all="ignore"):
        # As float64: of float32, NumPy rounds the distance between neighbours.
        case.results = [np.quantile(a.astype("float64"), q, axis=tuple(axes) if axes else None)]
    case.parameters["as"] = str(case.results[0].dtype)
    return case


def histogram(case: Case, views: Views, random: Random) -> Case:
    a = case.operand(f"{case.dtype} {random.choice(['tame', 'gaps', 'hard'])}", random.choice(views.singles)[0])
    edges = sorted(
        random.choice([-300.0, -9.5, -4.0, -1.0, 0.0, 0.5, 2.0, 7.0, 7.0, 200.0]) for _ in range(random.randint(2, 6))
    )
    case.given("edges", np.array(edges))
    case.results = [np.histogram(a, edges)[0]]
    return case
