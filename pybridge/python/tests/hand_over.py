"""Temporary arrays given to workers and back, in a program of its own: ``python hand_over.py SCENARIO START_METHOD``.

test_flight.py runs it. It fails unless everything arrives and nothing is left.
"""

import atexit
import concurrent.futures
import multiprocessing as mp
import os
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from joblib.externals.loky import get_reusable_executor

import samebytes as sb


def names() -> list[str]:
    """The segments that there are."""
    return sorted(name for name in os.listdir(os.environ["SAMEBYTES_DIR"]) if name != ".samebytes")


def until_none_is_left() -> None:
    """Waits for the workers to let go of what they have sent, which they do when it is received already."""
    end = time.monotonic() + 60
    while names():
        assert time.monotonic() < end, names()
        os.sched_yield()


def made(value: float) -> sb.ndarray:
    """A temporary array that nobody else has."""
    a = sb.create(None, (2, 3))
    a[:] = value
    return a


def put(queue: Any, value: float) -> None:
    queue.put(made(value))


def double(a: sb.ndarray) -> Any:
    """A new temporary array: its worker lets it go before it is received."""
    assert isinstance(a, sb.ndarray) and a.name is not None, type(a)
    b = sb.create(None, a.shape)
    b[:] = 2 * np.asarray(a)
    return b


def increment(a: sb.ndarray) -> Any:
    """In place, and the same elements back."""
    assert isinstance(a, sb.ndarray) and a.name is not None, type(a)
    a += 1
    return a[..., ::-1]


kept: list[Any] = []


def keep(a: sb.ndarray) -> float:
    """Until the worker ends, whatever its end."""
    kept.append(a)
    kept.append(made(7))
    return float(a.sum())


def ended(context: Any) -> None:
    """Results are in the queue when their worker is gone, and nobody else has them."""
    queue = context.Queue()
    workers = [context.Process(target=put, args=(queue, i)) for i in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(names()) == 3
    assert sorted(queue.get(timeout=60).sum() for _ in workers) == [0, 6, 12]


def get(queue: Any, there: Any, began: Any) -> None:
    """When whoever put it in is at its end."""
    there.set()
    began.wait(60)
    assert queue.get(timeout=60).sum() == 30


def ending(context: Any) -> None:
    """The first process gives an array away, and ends: its queue's thread sends it then, and a child gets it."""
    queue, there, began = context.Queue(), context.Event(), context.Event()
    context.Process(target=get, args=(queue, there, began)).start()
    there.wait(60)
    atexit.register(began.set)
    queue.put(made(5))


def cycles(context: Any) -> None:
    """A worker makes, receives and deletes many, and has nothing left."""
    with context.Pool(1) as workers:
        assert workers.apply(cycle, (sb.ones(3),)) == 3
        workers.close()  # where it would be killed, which may be before it has let go
        workers.join()


def cycle(a: sb.ndarray) -> float:
    def counted() -> tuple[int, int]:
        return len(os.listdir("/proc/self/fd")), Path("/proc/self/maps").read_text().count(os.environ["SAMEBYTES_DIR"])

    before = None
    for i in range(10_000):
        b = sb.create("cycle" if i % 2 else None, 16)
        got = pickle.loads(pickle.dumps(b[3:]))
        got[0] = i
        assert b[3] == i
        if i % 2:
            sb.delete("cycle")
        del b, got
        before = before or counted()
    assert counted() == before, (counted(), before)
    return float(a.sum())


def pool(context: Any) -> None:
    """Arguments and results that their senders have let go."""
    queue = context.Queue()
    for i in range(5):
        queue.put(made(i))
    with context.Pool(2) as workers:
        results = [workers.apply_async(double, (made(i),)) for i in range(5)]
        assert [result.get(60).sum() for result in results] == [0, 12, 24, 36, 48]
        del results
        assert [queue.get(timeout=60).sum() for _ in range(5)] == [0, 6, 12, 18, 24]
        until_none_is_left()
        assert workers.map(keep, [made(1), made(2)]) == [6, 12]
        assert len(names()) == 4
        workers.close()
        workers.join()


def split(context: Any) -> None:
    """Views of one array, to a pool and back."""
    a = sb.create("x", (8, 4))
    with context.Pool(2) as workers:
        parts = workers.map(increment, np.array_split(a, 8))
    assert (a == 1).all()
    for i, part in enumerate(parts):
        assert part.name == "x"
        part[0, 0] = i
    assert a[:, 3].tolist() == list(range(8))
    sb.delete("x")


def argument(context: Any) -> None:
    """An array of the parent's, by argument: what each writes the other sees."""
    for a in (sb.create("x", (4, 3)), made(0)):
        workers = [context.Process(target=increment, args=(a[i:],)) for i in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
            assert worker.exitcode == 0
        assert (a[1:] == 2).all() and (a[0] == 1).all()
    sb.delete("x")


def futures(context: Any) -> None:
    a = made(1)
    with concurrent.futures.ProcessPoolExecutor(2, context) as workers:
        parts = list(workers.map(increment, [a[:1], a[1:]]))
        assert (a == 2).all() and parts[0].name == a.name
        name = a.name
        del a
        assert names() == [name]
        doubled = list(workers.map(double, parts))
        del parts
    assert [d.sum() for d in doubled] == [12, 12]


def loky(context: Any) -> None:
    a = sb.create("x", (4, 1 << 17))  # rows larger than what joblib would write to files of its own
    with joblib.parallel_config("loky", n_jobs=2):
        parts = joblib.Parallel()(joblib.delayed(increment)(row) for row in a)
        doubled = joblib.Parallel()(joblib.delayed(double)(row[:8]) for row in a)
    assert (a == 1).all() and all(part.name == "x" for part in parts)
    assert [d.sum() for d in doubled] == [16] * 4
    get_reusable_executor().shutdown(wait=True)  # whose workers hold their last results until they have another task
    sb.delete("x")


if __name__ == "__main__":
    scenarios = {f.__name__: f for f in (ended, ending, cycles, pool, split, argument, futures, loky)}
    scenarios[sys.argv[1]](mp.get_context(sys.argv[2]))
    assert sys.argv[1] == "ending" or names() == [], names()
