"""How programs share arrays with multiprocessing, each with samebytes.mp in its place and with Go on the same arrays and locks.

    python tests/mp_patterns.py PATTERN fork|spawn|forkserver PEER

test_mp_patterns.py runs them. PEER is the program of tests/peer.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing.managers import BaseManager, BaseProxy, public_methods
from typing import Any

import numpy as np

import samebytes as sb
from samebytes import mp

ROUNDS = 200

peer = ""  # the Go program


def go(*arguments: object) -> str:
    """What the Go program prints."""
    return subprocess.run(
        [peer, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True, timeout=60
    ).stdout


def elements(name: str, dtype: str) -> list[Any]:
    """The elements of an array, as Go sees them."""
    found: list[Any] = json.loads(go("describe", name, dtype))["elements"]
    return found


def run(context: Any, *works: tuple[Callable[..., object], tuple[Any, ...]]) -> None:
    """Does the works in processes of their own, at the same time."""
    processes = [context.Process(target=target, args=arguments) for target, arguments in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0


# Two processes, and Go, add to all elements under the array's lock.


def add_to_all(array: Any) -> None:
    for _ in range(ROUNDS):
        with array.get_lock():
            for i in range(len(array)):
                array[i] += 1


def increments(context: Any) -> None:
    array = context.Array("d", 10)
    with subprocess.Popen([peer, "increment", array.name, str(ROUNDS)]) as third:
        run(context, (add_to_all, (array,)), (add_to_all, (array,)))
    assert third.returncode == 0
    assert array[:] == [3 * ROUNDS] * 10


# Writers of disjoint slices need no lock.


def fill(array: Any, first: int, last: int) -> None:
    for i in range(first, last):
        array[i] = i * i


def disjoint_writers(context: Any) -> None:
    array = context.RawArray("q", 400)
    run(context, *[(fill, (array, n, n + 100)) for n in range(0, 400, 100)])
    assert array[:] == [i * i for i in range(400)] == elements(array.name, "int64")


# A pool whose initializer gives the array to each worker.

shared: Any = None


def take(array: Any) -> None:
    global shared
    shared = array


def square(i: int) -> float:
    with shared.get_lock():
        shared[i] = shared[i] ** 2
    return float(shared[i])


def pool_initializer(context: Any) -> None:
    array = context.Array("d", range(16))
    with context.Pool(3, take, (array,)) as pool:
        assert pool.map(square, range(16)) == [i**2 for i in range(16)] == array[:]
        go("scale", array.name, "float64", 2)
        assert pool.apply(square, (3,)) == 18**2
        pool.close()
        pool.join()


# A pool whose workers inherit globals.


def pool_globals(context: Any) -> None:
    global shared
    shared = context.Array("d", range(16))
    with context.Pool(3) as pool:
        assert pool.map(square, range(16)) == shared[:]
        pool.close()
        pool.join()
    assert elements(shared.name, "float64") == [i**2 for i in range(16)]


# NumPy over the object of ctypes, by slices that overlap, under the lock, and by others that do not, without.


def add_to_slice(array: Any, first: int, last: int, locked: bool) -> None:
    view = np.frombuffer(array.get_obj())[first:last]
    for _ in range(ROUNDS):
        if locked:
            with array.get_lock():
                view += 1
        else:
            view += 1


def frombuffer(context: Any) -> None:
    array = context.Array("d", 90)
    run(context, *[(add_to_slice, (array, n, n + 60, True)) for n in (0, 30)])
    expected = np.repeat([1.0, 2, 1], 30) * ROUNDS
    assert (np.frombuffer(array.get_obj()) == expected).all()
    run(context, *[(add_to_slice, (array, n, n + 30, False)) for n in (0, 30, 60)])
    assert (array.np == expected + ROUNDS).all() and (np.asarray(array) == array.np).all()
    assert elements(array.name, "float64") == (expected + ROUNDS).tolist()


# What a parent writes after the fork.


def watch(array: Any, ready: Any, go_on: Any) -> None:
    assert array[0] == 1
    ready.set()
    assert go_on.wait(60)
    assert array[:2] == [2, 6]  # the parent's, and Go's


def later_writes(context: Any) -> None:
    array, ready, go_on = context.RawArray("q", [1, 3]), context.Event(), context.Event()
    process = context.Process(target=watch, args=(array, ready, go_on))
    process.start()
    assert ready.wait(60)
    array[0] = 1
    go("scale", array.name, "int64", 2)
    go("event", go_on.name, "set")
    process.join()
    assert process.exitcode == 0


# A value and an array that a child changes.


def change(number: Any, array: Any) -> None:
    number.value = 3.1415927
    for i in range(len(array)):
        array[i] = -array[i]


def value_and_array(context: Any) -> None:
    number, array = context.Value("d", 0.0), context.Array("i", range(10))
    run(context, (change, (number, array)))
    assert number.value == 3.1415927 and array[:] == [-i for i in range(10)]
    assert elements(number.name, "float64") == [3.1415927] and elements(array.name, "int32") == array[:]


# An array that is an argument, a queue's message, and a pool's argument and result.


def double(array: Any) -> Any:
    np.asarray(array)[...] *= 2
    return array


def serve(requests: Any, replies: Any) -> None:
    for array in iter(requests.get, None):
        replies.put(double(array))


def arguments(context: Any) -> None:
    array = context.Array("d", [1, 2, 3])
    run(context, (double, (array,)))
    requests, replies = context.Queue(), context.Queue()
    server = context.Process(target=serve, args=(requests, replies))
    server.start()
    requests.put(array)
    again = replies.get(timeout=60)
    requests.put(None)
    server.join()
    with context.Pool(1) as pool:
        third = pool.apply(double, (array.get_obj(),))
        pool.close()
        pool.join()
    assert again.name == third.name == array.name and array[:] == again[:] == third[:] == [8, 16, 24]
    go("scale", array.name, "float64", 2)
    assert again[:] == [16, 32, 48]


# A manager with lists and dicts, a proxy of one's own, and a generator that stays in the server.


class Counter:
    def __init__(self) -> None:
        self._n = 0

    def add(self, array: Any) -> int:
        self._n += int(sum(array[:]))
        return self._n


def countdown(n: int) -> Iterator[int]:
    yield from range(n, 0, -1)


class GeneratorProxy(BaseProxy):
    _exposed_ = ("__next__",)

    def __iter__(self) -> "GeneratorProxy":
        return self

    def __next__(self) -> Any:
        return self._callmethod("__next__")


class Manager(BaseManager):
    pass


Manager.register("Counter", Counter, exposed=public_methods(Counter()))
Manager.register("countdown", countdown, proxytype=GeneratorProxy)


def use_manager(shared_list: Any, shared_dict: Any, array: Any, counter: Any) -> None:
    shared_list.append(array)
    shared_dict["array"] = array
    shared_dict["sum"] = counter.add(array)
    with array.get_lock():
        array[0] += 1


def manager(context: Any) -> None:
    array = context.Array("q", [1, 2, 3])
    with context.Manager() as standard, Manager(ctx=context) as own:
        shared_list, shared_dict, counter = standard.list(), standard.dict(), own.Counter()
        run(context, (use_manager, (shared_list, shared_dict, array, counter)))
        assert shared_dict["sum"] == 6 and array[0] == 2
        go("scale", array.name, "int64", 10)
        assert shared_dict["array"][:] == shared_list[0][:] == [20, 20, 30]  # handles, not copies
        assert counter.add(array) == 76
        assert list(own.countdown(3)) == [3, 2, 1]


# Every sync object, used by Go.


def locks(context: Any) -> None:
    lock, total = context.Lock(), context.RawArray("q", 3)
    with subprocess.Popen([peer, "mutex", lock.name, total.name, str(ROUNDS)]) as other:
        for _ in range(ROUNDS):
            with lock:
                total[0] += 1
    assert other.returncode == 0 and total[0] == 2 * ROUNDS
    semaphore, inside = context.Semaphore(2), context.RawArray("q", 3)
    go("semaphore", semaphore.name, inside.name, 3)
    assert semaphore.get_value() == 2
    condition, turns = context.Condition(), context.RawArray("q", 1)
    with subprocess.Popen([peer, "condition", condition.name, turns.name, "50"]) as other:
        for _ in range(50):
            with condition:
                assert condition.wait_for(lambda: turns[0] % 2 == 0, 60)
                turns[0] += 1
                condition.notify()
    assert other.returncode == 0 and turns[0] == 100
    barrier = context.Barrier(2)
    with subprocess.Popen([peer, "barrier", barrier.name, "5"], stdout=subprocess.PIPE, text=True) as other:
        assert [barrier.wait() for _ in range(5)] == [1 - int(line) for line in other.stdout or ()]
    event = context.Event()
    go("event", event.name, "set")
    assert event.is_set()
    for held, kind in ((lock, "mutex"), (context.RLock(), "rlock"), (condition, "condition"), (semaphore, "semaphore")):
        with subprocess.Popen(
            [peer, "keep", kind, held.name, "1" if kind != "semaphore" else "2"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdout and other.stdout.readline() == "held\n" and not held.acquire(False)
            other.kill()
        if kind == "semaphore":
            assert held.acquire(timeout=60)
            continue
        try:
            held.acquire()
            raise AssertionError("nobody said that Go died")
        except sb.OwnerDiedError:
            with held.recover() as died:
                assert died


if __name__ == "__main__":
    pattern, method, peer = sys.argv[1:]
    globals()[pattern](mp.get_context(method))
