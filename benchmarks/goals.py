"""What a run must reach. A goal that is missed is shown and fails nothing: times are the machine's as much as the code's."""

from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]


def judge(rows: Mapping[str, list[Row]]) -> list[Row]:
    """The goals that the run has measured, each with what was measured and whether it was met."""
    return (
        (_of_all(rows) if "handover" in rows else [])
        + _npy(rows.get("npy", []))
        + _calls(rows.get("calls", []))
        + _streams(rows)
    )


def _of_all(rows: Mapping[str, list[Row]]) -> list[Row]:
    """The goals of what every run measures that is not of streams alone."""
    return (
        _handing_over(rows["handover"])
        + _opening(rows["access"], rows["fresh"])
        + _looping(rows.get("loops", []))
        + _importing(rows["imports"])
        + _waiting(rows)
        + _values(rows["values"])
    )


def _handing_over(handover: list[Row]) -> list[Row]:
    moved = {(row["method"], row["size"], row["one_cpu"]): row for row in handover}
    goals = []
    for size, one_cpu, least in (("1 MiB", True, 40), ("1 MiB", False, 40), ("1 GiB", False, 150)):
        if row := moved.get(("samebytes_python_go", size, one_cpu)):
            where = " (one CPU)" if one_cpu else ""
            goal = f"{size} from Python to Go and back{where}, beside pickle over a Pipe"
            times = row["faster_than_pickle"]
            most = moved["floor", size, False]["faster_than_pickle"]  # what handing over for nothing would reach
            goals.append(verdict(goal, f">= {least} x faster", f"{times:g} x (NumPy alone: {most:g} x)", times >= least))
    return goals


def _opening(access: list[Row], fresh: list[Row]) -> list[Row]:
    opened = {row["item"]: row for row in access}
    goals = []
    for item, goal, most in (
        ("attach", "Python: attach for the first time and read an element, beside mmap and np.frombuffer", 1.2),
        ("attach_warm", "Python: attach what was open before and read an element, beside mmap and np.frombuffer", 1.2),
        ("element", "Python: a[i], beside a NumPy view", 1.1),
        ("element2", "Python: a[i, j], beside a NumPy view", 1.1),
    ):
        goals.append(_times(goal, opened[item]["ratio"], most))
    again = opened["attach_again"]["median_s"] * 1e6
    goals.append(verdict("Python: attach again in the same process", "<= 3 µs", f"{again:.3g} µs", again <= 3))
    goals.append(_times("Go: At(i, j), beside gonum's Dense.At", opened["go_element"]["ratio"], 1.1))
    for item, goal, most in (("go_element", "Go: At(i, j)", 1.1), ("go_element3", "Go: At(i, j, k)", 2)):
        ns = opened[item]["median_s"] * 1e9
        goals.append(verdict(goal, f"<= {most} ns", f"{ns:.3g} ns", ns <= most))
    for item, what, most in (
        ("fresh", "create and fill {}, beside SharedMemory", 0.95),
        ("huge", "create and fill {} in huge pages, beside the heap", 1.2),
        ("recycled", "create a temporary array again and fill {}, beside the heap", 1.5),
    ):
        goals += [_times("Python: " + what.format(row["size"]), row["ratio"], most) for row in fresh if row["item"] == item]
    return goals


def _looping(rows: list[Row]) -> list[Row]:
    return [
        _times(f"Go: {row['label']}, beside the loop by hand", row["ratio"], 1.3) for row in rows if row["beside"] is not None
    ]


def _importing(rows: list[Row]) -> list[Row]:
    (ms,) = (row["median_s"] * 1e3 for row in rows if row["item"] == "samebytes")
    return [verdict("Python: import samebytes, after NumPy", "<= 50 ms", f"{ms:.3g} ms", ms <= 50)]


def _waiting(rows: Mapping[str, list[Row]]) -> list[Row]:
    woken = {row["item"]: row for row in rows["wake"]}
    locked = {row["item"]: row for row in rows["locks"]}
    goals = [
        _times(f"{goal}, publish to wait on one CPU, beside a futex in C", woken[item]["ratio"], most)
        for item, goal, most in (("go_go_one_cpu", "Go to Go", 1.2), ("go_python_one_cpu", "Go to Python", 1.3))
    ]
    for item, goal, most in (
        ("c_latch", "C: latch", 20),
        ("go_whole", "Go: lock and unlock the whole array", 60),
        ("go_box", "Go: lock and unlock a box", 100),
        ("whole", "Python: lock and unlock the whole array", 150),
        ("box", "Python: lock and unlock a box", 400),
    ):
        ns = locked[item]["median_s"] * 1e9
        goals.append(verdict(goal, f"<= {most} ns", f"{ns:.3g} ns", ns <= most))
    for row in rows["deaths"]:
        ms = row["p99_s"] * 1e3
        goal = f"{row['waiter']}: the lock of a killed holder, 99 of 100 times"
        goals.append(verdict(goal, "<= 15 ms", f"{ms:.3g} ms", ms <= 15))
    return goals


def _values(values: list[Row]) -> list[Row]:
    found = {row["item"]: row for row in values}
    return [
        _times(f"Python: {goal}, beside multiprocessing", found[item]["ratio"], most)
        for item, goal, most in (
            ("make", "create a large samebytes.mp.Array", 0.5),
            ("get", "samebytes.mp.Array, a[i] under the lock", 1.2),
            ("set", "samebytes.mp.Array, a[i] = x under the lock", 1.2),
        )
    ]


def _npy(rows: list[Row]) -> list[Row]:
    took = {row["item"]: row["median_s"] for row in rows}
    goals = []
    for item, goal, beside, least in (
        ("write", "write a .npy file, beside bare write(2)", "write_floor", 0.95),
        ("write", "write a .npy file, beside np.save", "write_numpy", 1),
        ("read", "read a .npy file into a new array, beside np.load", "read_numpy", 1.2),
        ("big_endian", "read a big-endian .npy file, beside np.load and astype", "big_endian_numpy", 1),
        ("fortran", "read a .npy file in Fortran order into C order, beside NumPy", "fortran_numpy", 1),
        ("npz", "read a .npz archive's stored member, beside np.load", "npz_numpy", 1),
    ):
        if item in took and beside in took:
            times = took[beside] / took[item]
            goals.append(verdict(f"Go: {goal}", f">= {least} x as fast", f"{times:.3g} x", times >= least))
    for item, goal, most in (
        ("map", "map a .npy file and read an element", 25),
        ("parse", "parse a .npy header", 1),
        ("small", "read a .npy file of 1 KiB", 1.5),
    ):
        if item in took:
            us = took[item] * 1e6
            goals.append(verdict(f"Go: {goal}", f"<= {most} µs", f"{us:.3g} µs", us <= most))
    return goals


def _calls(rows: list[Row]) -> list[Row]:
    on_one_cpu = [row for row in rows if row["one_cpu"]]
    goals = []
    for method, goal, most in (("samebytes_go_python", "Go to Python", 2.5), ("samebytes_launched", "Python to Go", 3)):
        mine = sorted((row for row in on_one_cpu if row["method"] == method), key=lambda row: int(row["nbytes"]))
        goals += [
            _times(f"{goal}, an empty call on one CPU, beside a round trip of futexes in C", row["to_futex"], most)
            for row in mine
            if not row["nbytes"]
        ]
        arrays = [row for row in mine if row["nbytes"]]
        if len(arrays) > 1:
            small, large = arrays[0], arrays[-1]
            what = f"{goal}, a call with {large['size']} on one CPU, above the work, beside one with {small['size']}"
            goals.append(_times(what, large["above_s"] / small["above_s"], _FLAT))
    return goals


def _streams(rows: Mapping[str, list[Row]]) -> list[Row]:
    mine = [row for row in rows.get("stream_latency", []) if row["method"].startswith("samebytes")]
    alone = [row for row in mine if row["receivers"] == 1]
    goals = []
    for floor, beside in (
        ("to_futex", "half a round trip of futexes in C"),
        ("to_wake", "one wake in C after as long a sleep"),
    ):
        for one_cpu in (True, False):
            there = [row for row in alone if row["one_cpu"] == one_cpu]
            if there:
                where = " on one CPU" if one_cpu else ""
                worst = max(there, key=lambda row: float(row[floor]))
                least = min(float(row[floor]) for row in there)
                met = worst[floor] <= _WAKES
                measured = (
                    f"{least:.3g} to {worst[floor]:.3g} x ({worst['label'].removeprefix('samebytes, ')}, {worst['size']})"
                )
                goals.append(
                    verdict(f"Streams, an item to one who sleeps{where}, beside {beside}", f"<= {_WAKES} x", measured, met)
                )
    through = [row for row in rows.get("stream_throughput", []) if row["method"].startswith("samebytes")]
    for row in through:
        if row["method"] == "samebytes_go_go" and row["batch"] > 1 and row["receivers"] == 1:
            what = f"Streams, items of {row['size']} Go to Go, {row['batch']} at once"
            each = row["median_per_second"]
            goals.append(verdict(what, ">= 1,000,000 a second", f"{each:,} a second", each >= 1_000_000))
    for what, compared in (("latency", mine), ("throughput", through)):
        if found := [row for row in compared if row["iceoryx2"] is not None]:
            goals.append(_ahead(f"Streams, {what} beside iceoryx2 woken by events", found))
    for row in rows.get("stream_cost", []):
        if row["method"].startswith("samebytes"):
            if row["allocations"] is None:
                given, unit, few = row["kept_bytes"], "bytes that stay", float(_NO_OBJECT)
            else:
                given, unit, few = row["allocations"], "allocations", _NONE
            measured = f"{row['faults']:g} page faults, {given:g} {unit}"
            goal = f"{row['label'].replace('samebytes,', 'Streams,')}, an item of {row['size']}, whole: {row['side']}"
            goals.append(verdict(goal, "none of its own", measured, row["faults"] < _NONE and given < few))
    return goals


def _ahead(goal: str, rows: list[Row]) -> Row:
    behind = [row for row in rows if row["iceoryx2"] < 1]
    measured = f"ahead in {len(rows) - len(behind)} of {len(rows)} rows"
    if behind:
        worst = min(behind, key=lambda row: float(row["iceoryx2"]))
        name = worst["label"].removeprefix("samebytes, ")
        measured += f", least {worst['iceoryx2']:g} x ({name}, {worst['size']} to {worst['receivers']})"
    return verdict(goal, "ahead in all", measured, not behind)


# Of page faults and allocations of an item, which are at least 1 where it has any: the process has some of its own now and then.
_NONE = 0.5
# Of bytes that stay of an item, likewise: no object of Python takes less.
_NO_OBJECT = 16

# Wakes of a futex in C that an item may take.
_WAKES = 1.5


# That a cost does not grow: a copy would make it some hundred times as large. The rest is caches, which a large array has emptied.
_FLAT = 2


def _times(goal: str, ratio: float, most: float) -> Row:
    return verdict(goal, f"<= {most} x", f"{ratio:.3g} x", ratio <= most)


def verdict(goal: str, expected: str, measured: str, met: bool) -> Row:
    return {"goal": goal, "expected": expected, "measured": measured, "met": met}
