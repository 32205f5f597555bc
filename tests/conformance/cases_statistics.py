"""Cases of weighted means, quantiles by all methods, histograms, traces and norms, and of the pictures that comparisons give of
whole arrays."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random

import numpy as np
import truth
from case import Case
from operands import COMPLEX, EVERY, FLOATS, INTEGERS, NUMBERS, REALS, TIMES, Pools, Views, layout_of

CASES = 6  # of each function and dtype
METHODS = (  # as Go numbers them
    "linear lower higher midpoint nearest inverted_cdf averaged_inverted_cdf closest_observation interpolated_inverted_cdf "
    "hazen weibull median_unbiased normal_unbiased"
).split()
EDGES = [-300.0, -9.5, -4.0, -1.0, 0.0, 0.5, 2.0, 7.0, 200.0]

Maker = Callable[[Case, Views, Random], None]


def cases(pools: Pools, views: Views) -> Iterator[Case]:
    for name, (make, dtypes) in FUNCTIONS.items():
        for dtype in dtypes:
            random = Random(f"{name} {dtype}")
            for _ in range(CASES):
                case = Case(pools, random, name, dtype)
                make(case, views, random)
                yield case


def average(case: Case, views: Views, random: Random) -> None:
    view = random.choice([view for view, _ in views.singles if view.reach])
    a = case.operand(f"{case.dtype} tame", view)
    shape = random.choice([view.shape, view.shape[-1:], ()])
    weights = case.given("weights", np.array([random.randint(1, 9) / 2 for _ in range(int(np.prod(shape)))]).reshape(shape))
    axes = [random.randrange(a.ndim)] if a.ndim and random.random() < 0.7 else list(range(a.ndim))
    if len(axes) < a.ndim:
        case.parameters["axes"] = axes
    case.parameters["as"] = as_ = random.choice(sorted({"float64", case.dtype if case.dtype in FLOATS else "float64"}))
    spread = np.broadcast_to(weights, a.shape)
    result = np.average(a.astype("float64"), tuple(axes) if a.ndim else None, spread).astype(as_)
    case.agreement, case.results = "within", [result]
    rest = [axis for axis in range(a.ndim) if axis not in axes]
    rows, counts = (x.transpose(rest + axes).reshape(result.size, -1) for x in (a, spread))
    flat, within = result.reshape(-1), []
    for i, (row, count) in enumerate(zip(rows.tolist(), counts.tolist(), strict=True)):
        products = [Fraction(x) * Fraction(n) for x, n in zip(row, count, strict=True)]
        total = sum(map(Fraction, count))
        flat[i] = truth.nearest(sum(products) / total, result.dtype)
        lost = sum(map(abs, products)) / total * Fraction(float(np.finfo("float64").eps)) * (len(row).bit_length() + 3)
        within.append(truth.above(lost + truth.ulp(flat[i])))
    case.results, case.within = [flat.reshape(result.shape)], np.array(within)


def quantile(case: Case, views: Views, random: Random) -> None:
    """One or several, of float64s: of float32, NumPy rounds the distance between neighbours."""
    a = case.operand(
        f"{case.dtype} {random.choice(['tame', 'gaps'])}", random.choice([v for v, _ in views.singles if v.reach])
    )
    q = [random.choice([0.0, 0.25, 0.5, 0.75, 1.0, random.random()]) for _ in range(random.randint(1, 3))]
    method = random.choice(METHODS)
    case.parameters |= {"q": q, "method": METHODS.index(method), "as": "float64"}
    axes = random.sample(range(a.ndim), random.randint(1, a.ndim)) if a.ndim and random.random() < 0.7 else None
    if axes:
        case.parameters["axes"] = axes
    if len(q) == 1:
        case.parameters["one"] = True
    function = np.nanquantile if case.function == "NaNQuantile" else np.quantile
    case.agreement = "2 ulp"
    case.results = [
        np.asarray(function(a.astype("float64"), q if len(q) > 1 else q[0], axis=axes and tuple(axes), method=method))
    ]


def edges_of(case: Case, random: Random) -> np.ndarray:
    return case.given("edges", np.array(sorted(random.sample(EDGES, random.randint(2, 6)))))


def weighted_histogram(case: Case, views: Views, random: Random) -> None:
    """By weights whose sums are exact."""
    a = case.operand(f"{case.dtype} {random.choice(['tame', 'gaps', 'hard'])}", random.choice(views.singles)[0])
    edges = edges_of(case, random)
    weights = case.given("weights", np.array([random.randint(-9, 9) / 4 for _ in range(a.size)]).reshape(a.shape))
    case.agreement, case.results = "equal", [np.histogram(a.ravel(), edges, weights=weights.ravel())[0]]


def density(case: Case, views: Views, random: Random) -> None:
    edges = edges_of(case, random)
    counts = case.given(f"{case.dtype} counts", np.array([random.randint(0, 99) for _ in edges[1:]], case.dtype))
    case.agreement = "1 ulp"
    with np.errstate(all="ignore"):
        case.results = [counts / np.diff(edges) / counts.sum(dtype="float64")]


def histogram_edges(case: Case, views: Views, random: Random) -> None:
    a = case.operand(f"{case.dtype} {random.choice(['tame', 'gaps'])}", random.choice(views.singles)[0])
    case.parameters["bins"] = random.choice([0, 1, 2, 3, 10, 10])
    case.agreement = "1 ulp"
    try:
        case.results = [np.histogram_bin_edges(a.astype("float64"), case.parameters["bins"])]
    except ValueError:
        case.error = "value"


def trace(case: Case, views: Views, random: Random) -> None:
    shape = random.randint(0, 6), random.randint(0, 6)
    if random.random() < 0.1:
        shape = (3,) if random.random() < 0.5 else (2, 2, 2)
    a = case.operand(f"{case.dtype} tame", layout_of(shape, random))
    if a.ndim != 2:
        case.error = "shape"
        return
    case.results = [np.trace(a, dtype=case.dtype)]
    if case.dtype not in INTEGERS:
        eps = float(np.finfo(case.dtype).eps)
        case.agreement, case.within = (
            "within",
            np.array([7 * eps * float(np.abs(np.diagonal(a)).sum())] * (1 + (a.dtype.kind == "c"))),
        )


def norm(case: Case, views: Views, random: Random) -> None:
    """The exact one; magnitudes of complex64 too, as Go's is a float64."""
    a = case.operand(f"{case.dtype} {random.choice(['tame', 'wide'])}", random.choice(views.singles)[0])
    parts = [Fraction(x) for x in [*a.real.ravel().tolist(), *a.imag.ravel().tolist()]]
    value = np.float64(truth.nearest(truth.root(sum((x * x for x in parts), Fraction(0))), np.dtype("float64")))
    case.results = [np.asarray(value)]
    case.agreement, case.within = "within", np.array([float(truth.ulp(value)) * (3 + len(parts).bit_length())])


def alike(case: Case, views: Views, random: Random) -> None:
    """An array and one that is the same, nearly, or not."""
    view = random.choice(views.singles)[0]
    a = case.operand(f"{case.dtype} {random.choice(['tame', 'gaps', 'hard'])}", view)
    b = np.array(a, order="C")
    way = random.random()
    if b.size and way < 0.3:
        b.reshape(-1)[random.randrange(b.size)] = case._pools[f"{case.dtype} tame"][random.randrange(600)]
    elif case.dtype in FLOATS + COMPLEX and way < 0.6:
        with np.errstate(all="ignore"):
            b = b * b.dtype.type(1 + random.choice([1e-7, 1e-5, 1e-4]))
    elif b.ndim and way < 0.7:
        b = b[:-1]
    case.given(f"{case.dtype} other", np.asarray(b))
    first, second = case.arrays()
    if case.function == "AllClose":
        try:
            case.results = [np.asarray(np.allclose(first, second))]
        except ValueError:
            case.error = "shape"
    else:
        nan = case.function == "ArrayEqualNaN"
        case.results = [np.asarray(np.array_equal(first, second, equal_nan=nan))]


def castable(case: Case, views: Views, random: Random) -> None:
    """Converted where every value stays."""
    a = case.operand(f"{case.dtype} hard", random.choice(views.singles)[0])
    case.parameters["to"] = to = random.choice([dtype for dtype in EVERY if dtype not in TIMES])
    if np.can_cast(case.dtype, to, "safe"):
        case.results = [a.astype(to)]
    else:
        case.error = "dtype"


FUNCTIONS: dict[str, tuple[Maker, list[str]]] = {
    "Average": (average, REALS),
    "Quantile": (quantile, REALS),
    "NaNQuantile": (quantile, FLOATS),
    "HistogramWeighted": (weighted_histogram, REALS),
    "HistogramDensity": (density, REALS),
    "HistogramEdges": (histogram_edges, REALS),
    "Trace": (trace, NUMBERS),
    "Norm": (norm, FLOATS + COMPLEX),
    "AllClose": (alike, FLOATS + COMPLEX),
    "ArrayEqual": (alike, EVERY),
    "ArrayEqualNaN": (alike, EVERY),
    "ConvertSafe": (castable, [dtype for dtype in EVERY if dtype not in TIMES]),
}
