"""What a run must reach. A goal that is missed is shown and fails nothing: times are the machine's as much as the code's."""

from typing import Any

Row = dict[str, Any]


def judge(handover: list[Row], access: list[Row]) -> list[Row]:
    """The goals that the run has measured, each with what was measured and whether it was met."""
    moved = {(row["method"], row["size"], row["one_cpu"]): row for row in handover}
    opened = {row["item"]: row for row in access}
    goals = []
    for size, one_cpu, least in (("1 MiB", True, 40), ("1 MiB", False, 40), ("1 GiB", False, 150)):
        if row := moved.get(("samebytes_python_go", size, one_cpu)):
            where = " (one CPU)" if one_cpu else ""
            goal = f"{size} from Python to Go and back{where}, beside pickle over a Pipe"
            times = row["faster_than_pickle"]
            most = moved["floor", size, False]["faster_than_pickle"]  # what handing over for nothing would reach
            goals.append(_goal(goal, f">= {least} x faster", f"{times:g} x (NumPy alone: {most:g} x)", times >= least))
    for item, goal, most in (
        ("attach", "Python: attach and read an element, beside mmap and np.frombuffer", 1.5),
        ("element", "Python: a[i], beside a NumPy view", 1.1),
        ("element2", "Python: a[i, j], beside a NumPy view", 1.1),
        ("go_element", "Go: At(i, j), beside gonum's Dense.At", 1.5),
    ):
        ratio = opened[item]["ratio"]
        goals.append(_goal(goal, f"<= {most} x", f"{ratio:.3g} x", ratio <= most))
    again = opened["attach_again"]["median_s"] * 1e6
    goals.append(_goal("Python: attach again in the same process", "<= 5 µs", f"{again:.3g} µs", again <= 5))
    return goals


def _goal(goal: str, expected: str, measured: str, met: bool) -> Row:
    return {"goal": goal, "expected": expected, "measured": measured, "met": met}
