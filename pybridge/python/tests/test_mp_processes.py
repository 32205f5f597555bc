"""samebytes.mp as a module: its names and contexts, what it costs, and what is left when processes end."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb
from samebytes import mp

Start = Callable[[str], Any]

METHODS = ["fork", "spawn", "forkserver"]
STRICT = [
    "-X",
    "dev",
    "-W",
    "error",
    "-W",
    "ignore:This process:DeprecationWarning",
]  # of forking with threads: Python 3.12


def run(code: str, tmp_path: Path, *arguments: str) -> str:
    """Runs a program of its own under strict rules, which must say nothing but its output, and returns that."""
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(code))
    done = subprocess.run([sys.executable, *STRICT, str(program), *arguments], capture_output=True, text=True, timeout=250)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_name() -> None:
    assert set(multiprocessing.__all__) <= set(mp.__all__)
    assert all(hasattr(mp, name) for name in mp.__all__) and mp.__all__ == sorted(mp.__all__)
    public = {name for name in dir(multiprocessing) if not name.startswith("_")}
    assert all(hasattr(mp, name) for name in public)
    for name in mp.synchronize.__all__ + mp.sharedctypes.__all__:
        assert getattr(mp.synchronize, name, None) or getattr(mp.sharedctypes, name)
    for name in ("synchronize", "sharedctypes"):
        standard = getattr(__import__(f"multiprocessing.{name}"), name)
        assert set(standard.__all__) <= set(dir(getattr(mp, name)))
    assert mp.pool.ThreadPool and mp.connection.wait and mp.shared_memory.SharedMemory and mp.SUBDEBUG
    for name in ("nothing", "__nothing__"):
        with pytest.raises(AttributeError, match="nothing"):
            getattr(mp, name)


def test_contexts() -> None:
    assert mp.get_context().get_start_method() == multiprocessing.get_start_method()
    for method in METHODS:
        context, standard = mp.get_context(method), multiprocessing.get_context(method)
        assert context.get_start_method() == method and context.get_context() is context
        assert context.get_context("spawn") is mp.get_context("spawn")
        assert isinstance(context, type(standard)) and context.Process is standard.Process
        assert {name for name in dir(standard) if name[0] != "_"} <= set(dir(context))
        with pytest.raises(ValueError):
            context.set_start_method("fork")
    with pytest.raises(ValueError, match="nonsense"):
        mp.get_context("nonsense")
    assert mp.Process is multiprocessing.Process and mp.get_all_start_methods() == multiprocessing.get_all_start_methods()


def test_the_start_method_is_multiprocessings(segments: Path, tmp_path: Path) -> None:
    code = """
        import multiprocessing
        from samebytes import mp
        if __name__ == "__main__":
            mp.set_start_method("spawn")
            assert multiprocessing.get_start_method() == mp.get_start_method() == "spawn"
            assert type(mp.get_context()).__name__ == "SpawnContext"
            multiprocessing.set_start_method("forkserver", force=True)
            assert type(mp.get_context()).__name__ == "ForkServerContext"
            try:
                mp.set_start_method("fork")
            except RuntimeError as error:
                print(error)
    """
    assert run(code, tmp_path) == "context has already been set\n"


def test_importing_samebytes_does_not_import_multiprocessing() -> None:
    code = "import sys, samebytes; print([m for m in sys.modules if 'multiprocessing' in m or 'ctypes' in m or m == 'samebytes.mp'])"
    bare = "import sys, numpy; print([m for m in sys.modules if 'multiprocessing' in m or 'ctypes' in m])"
    found, numpys = (subprocess.check_output([sys.executable, "-c", c], text=True) for c in (code, bare))
    assert found == numpys


CYCLES = """
    import os, sys
    import samebytes as sb
    from samebytes import mp

    sb.warm(0)  # keeps no mapping that nobody uses

    def state():
        with open("/proc/self/maps") as maps:
            return len(os.listdir("/proc/self/fd")), sum("segments" in line for line in maps)

    def use(made):
        for lock in made[:4]:
            with lock:
                pass
        event, barrier, value, array, raw = made[4:]
        event.set()
        barrier.wait()
        value.value += 1
        array[1] += value.value
        raw[0] = array[1]
        return state()

    def make(context, names):
        Array, RawArray = context.Array, context.RawArray
        made = [context.Lock(name=names[0]), context.RLock(name=names[1]), context.Condition(name=names[2])]
        made += [context.BoundedSemaphore(1, name=names[3]), context.Event(name=names[4]), context.Barrier(1, name=names[5])]
        made += [context.Value("i", 1, name=names[6]), Array("q", 3, name=names[7], capacity=4), RawArray("d", 2, name=names[8])]
        return made

    def cycle(pool, context, names):
        made = make(context, names)
        theirs = pool.apply(use, (made,))
        assert made[4].is_set() and made[8][0] == 2 and made[3].get_value() == 1
        for name in filter(None, names):
            sb.delete(name)
        return theirs

    def main(method, cycles):
        context = mp.get_context(method)
        named, unnamed = [f"name-{i}" for i in range(9)], [None] * 9
        with context.Pool(1) as pool:
            for names in (named, unnamed, unnamed):
                theirs = cycle(pool, context, names)
            mine = state()
            for i in range(cycles // 9):
                now = cycle(pool, context, unnamed if i % 2 else named)
            assert now == theirs and state() == mine, (theirs, now, mine, state())
            pool.close()
            pool.join()
        print(os.listdir(os.environ["SAMEBYTES_DIR"]))

    if __name__ == "__main__":
        main(sys.argv[1], int(sys.argv[2]))
"""


@pytest.mark.parametrize("method", METHODS)
def test_ten_thousand_cycles_leak_nothing(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="segments-", dir="/dev/shm") as directory:  # a disk would take minutes
        monkeypatch.setenv("SAMEBYTES_DIR", directory)
        assert run(CYCLES, tmp_path, method, "10000") == "['.samebytes']\n"  # the directory's own


@pytest.mark.parametrize("method", METHODS)
def test_an_argument_stays_until_the_child_has_it(method: str, segments: Path, tmp_path: Path) -> None:
    code = """
        import sys, time
        from samebytes import mp
        def work(value, array, lock, done):
            with lock:
                array[0] = value.value
            done.value = array[0]
        if __name__ == "__main__":
            context = mp.get_context(sys.argv[1])
            done = context.Value("i", 0)
            arguments = (context.Value("i", 5), context.RawArray("i", 3), context.Lock(), done)
            process = context.Process(target=work, args=arguments)
            process.start()
            del arguments  # which the process has let go of too
            process.join()
            print(done.value)
    """
    assert run(code, tmp_path, method) == "5\n" and sb.list() == []


@pytest.mark.parametrize("method", METHODS)
def test_children_that_end_last_leave_nothing(method: str, segments: Path, tmp_path: Path) -> None:
    code = """
        import os, sys
        from samebytes import mp
        mine = None
        def names():
            return [name for name in os.listdir(os.environ["SAMEBYTES_DIR"]) if name != ".samebytes"]  # the directory's own
        def work(go, lock, array):
            global mine
            mine = mp.Array("i", 3)
            with lock, array.get_lock(), mine:
                array[0] += 1
            go.recv()
        if __name__ == "__main__":
            context = mp.get_context(sys.argv[1])
            lock, array = context.Lock(), context.Array("i", 3)
            pipes = [context.Pipe() for _ in range(2)]
            processes = [context.Process(target=work, args=(theirs, lock, array)) for _, theirs in pipes]
            for process in processes:
                process.start()
            while array[0] < 2:
                os.sched_yield()
            del lock, array
            assert len(names()) == 4
            for ours, _ in pipes:
                ours.send(None)
            for process in processes:
                process.join()
            del process, processes
            print(names())
    """
    assert run(code, tmp_path, method) == "[]\n"


@pytest.mark.parametrize("method", METHODS)
def test_a_childs_permits_at_its_end(method: str, segments: Path, tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        from samebytes import mp
        def work(semaphore, killed):
            semaphore.acquire()
            if killed:
                os.kill(os.getpid(), signal.SIGKILL)
        if __name__ == "__main__":
            context = mp.get_context(sys.argv[1])
            semaphore = context.Semaphore(3)
            for killed in (False, True, False):
                process = context.Process(target=work, args=(semaphore, killed))
                process.start()
                process.join()
            print(semaphore.get_value())
    """
    assert run(code, tmp_path, method) == "1\n"


@pytest.mark.parametrize("method", METHODS)
def test_executors_and_standard_queues_take_the_contexts(method: str, segments: Path, tmp_path: Path) -> None:
    code = """
        import multiprocessing.queues, sys
        from concurrent.futures import ProcessPoolExecutor
        from samebytes import mp
        def double(array):
            array[0] *= 2
            return array
        def put(queue):
            for i in range(100):
                queue.put(i)
        if __name__ == "__main__":
            context = mp.get_context(sys.argv[1])
            array = context.Array("i", [3])
            with ProcessPoolExecutor(2, mp_context=context) as executor:
                assert executor.submit(double, array).result()[0] == 6 == array[0]
                assert list(executor.map(abs, range(-50, 0))) == list(range(50, 0, -1))
            queue = multiprocessing.queues.JoinableQueue(5, ctx=context)  # whose semaphores are of samebytes
            process = context.Process(target=put, args=(queue,))
            process.start()
            assert [queue.get(timeout=60) for _ in range(100)] == list(range(100))
            for _ in range(100):
                queue.task_done()
            queue.join()
            process.join()
            assert not queue.full() and queue.qsize() == 0
            queue.close()
            queue.join_thread()
            print("done")
    """
    assert run(code, tmp_path, method) == "done\n" and sb.list() == []


def test_a_lock_that_is_dropped_while_held(segments: Path) -> None:
    for make in (mp.Lock, mp.RLock, mp.Condition, lambda **name: mp.Value("i", **name)):
        make(name="x").acquire()
        with pytest.raises(sb.OwnerDiedError):
            mp.attach("x").acquire()
        sb.delete("x")


def test_the_interpreter_ends_with_waiters(segments: Path, tmp_path: Path) -> None:
    code = """
        import threading
        from samebytes import mp
        locks = [mp.Lock(), mp.RLock(), mp.Semaphore(0), mp.BoundedSemaphore(1), mp.Value("i"), mp.Array("i", 3)]
        event, barrier, condition = mp.Event(), mp.Barrier(3), mp.Condition()
        for lock in locks:
            lock.acquire(timeout=0.01)
        def wait():
            with condition:
                condition.wait()
        for work in [lock.acquire for lock in locks] + [event.wait, barrier.wait, wait]:
            threading.Thread(target=work, daemon=True).start()
        while barrier.n_waiting == 0 or " 1)>" not in repr(condition):
            pass
        print("ends")
    """
    assert run(code, tmp_path) == "ends\n"
    sb.gc()  # what the waiting threads still held
    assert sb.list() == []


def test_cycles_of_references_at_the_end(segments: Path, tmp_path: Path) -> None:
    code = """
        from samebytes import mp
        class Node: pass
        a, b = Node(), Node()
        a.b, b.a, a.lock, b.array, a.sem = b, a, mp.Lock(name="x"), mp.Array("i", 3, name="y"), mp.Semaphore(name="z")
        a.sem.acquire()
        print("ends")
    """
    assert run(code, tmp_path) == "ends\n"
    assert mp.attach("z").get_value() == 0
    for name in "xyz":
        sb.delete(name)
    assert os.listdir(segments) == []
