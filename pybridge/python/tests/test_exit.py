"""Interpreters that end with arrays, locks and waiters alive: cleanly, at once, and without a word in Python's development mode."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import samebytes as sb

HEAD = """
import asyncio, atexit, builtins, os, sys, threading
import samebytes as sb

a = sb.attach("x")

def start(work, *args, daemon=True):
    threading.Thread(target=work, args=args, daemon=daemon).start()

def sleeps(thread):  # on a word that processes share: what the interpreter's own threads sleep on is private
    with open(f"/proc/self/task/{thread}/syscall") as file:
        call = file.read().split()
    return call[0] in ("202", "98") and not int(call[2], 16) & 128  # futex on amd64 and arm64, FUTEX_PRIVATE_FLAG

def asleep(n=1):
    while sum(map(sleeps, os.listdir("/proc/self/task"))) < n:
        os.sched_yield()
"""

PROGRAMS = {
    "everything alive": """
        b, c = a[1:], a.T
        lock, rows, box = a.lock, a.rlock, a[2:3].lock
        mutex, event = sb.Mutex.attach("mutex"), sb.Event.attach("event")
        changes, atomic, snapshot = a.changes(), a.atomic, a.snapshot()
    """,
    "alive until the very end": """
        sys.kept = builtins.kept = (a, a.lock, sb.Mutex.attach("mutex"), a.changes())
        kept = [a, a.lock[1]]
        kept.append(kept)  # a cycle
    """,
    "temporary and warm": """
        t = sb.create(None, 1000)
        sb.create("warm", 1000)
        sb.delete("warm")
        m = sb.Mutex.create(None)
    """,
    "locks held": """
        a.lock[0].acquire()
        a.rlock[1].acquire()
        sb.Mutex.attach("mutex").acquire()
        sb.Semaphore.attach("semaphore").acquire()
    """,
    "used while ending": """
        class Last:
            def __del__(self, a=a, lock=a.lock):
                with lock:
                    a[0] += 1
                    a.publish()
        atexit.register(lambda: a.lock.acquire(timeout=5) and a.lock.release())
        builtins.last = Last()
        last = Last()
    """,
    "guarded": """
        with sb.guard():
            a.sum()
        guard = sb.guard()
    """,
    "daemon waits for a version": "start(a.wait, a.version); asleep()",
    "daemon waits for a version with a timeout": "start(a.wait, a.version, 100); asleep()",
    "daemon follows changes": "start(lambda: list(a.changes())); asleep()",
    "daemon waits for a lock": "a.lock.acquire(); start(a.lock.acquire); asleep()",
    "daemon waits for a box": "a.lock[0].acquire(); start(a.rlock[0].acquire); asleep()",
    "daemon waits for a snapshot": "a.lock.acquire(); start(a.snapshot); asleep()",
    "daemon waits for a mutex": "m = sb.Mutex.attach('mutex'); m.acquire(); start(m.acquire); asleep()",
    "daemon waits for an event": "start(sb.Event.attach('event').wait); asleep()",
    "daemon waits for a semaphore": "s = sb.Semaphore.attach('semaphore'); s.acquire(); start(s.acquire); asleep()",
    "daemon waits for a condition": """
        def work(condition):
            with condition:
                condition.wait()
        start(work, sb.Condition.attach("condition"))
        asleep()
    """,
    "daemon waits at a barrier": "start(sb.Barrier.attach('barrier').wait); asleep()",
    "daemon waits for a counter": "start(sb.Counter.attach('counter').wait_for, bool); asleep()",
    "many daemons": """
        event = sb.Event.attach("event")
        for i in range(20):
            start(a.wait, a.version)
            start(event.wait)
        asleep(40)
    """,
    "a thread is woken after the main thread's end": """
        def publish():
            threading.main_thread().join()
            a.publish()
        start(a.wait, a.version, daemon=False)
        start(publish, daemon=False)
    """,
    "a thread gets the lock after the main thread's end": """
        b = sb.attach("x")
        def hold(held):
            with a.lock:
                held.set()
                threading.main_thread().join()
        def wait():
            with a.lock:
                a[0] = 1
        held = threading.Event()
        start(hold, held, daemon=False)
        held.wait()
        start(wait, daemon=False)
    """,
    "a waiting task is cancelled": """
        async def follow():
            async for version in a.changes():
                pass
        async def lock():
            async with a.lock:
                pass
        async def main():
            tasks = [asyncio.create_task(follow()), asyncio.create_task(lock())]
            await asyncio.sleep(0)
        a.lock.acquire()
        asyncio.run(main())
    """,
    "forked child ends as usual": """
        lock = a.lock[0]
        if os.fork() == 0:
            with lock:
                a[0] += 1
            a.publish()
            sys.exit()
        assert os.wait()[1] == 0
    """,
    "forked with a lock held": """
        lock = a.lock[0]
        lock.acquire()
        if os.fork() == 0:
            assert not lock.acquire(timeout=0.01)
            with a.lock[1]:
                a[1] += 1
            sys.exit()
        assert os.wait()[1] == 0
        lock.release()
    """,
    "forked child with daemons": """
        if os.fork() == 0:
            start(a.wait, a.version)
            a.lock.acquire()
            start(a.lock.acquire)
            asleep(2)
            sys.exit()
        assert os.wait()[1] == 0
    """,
}


@pytest.fixture
def objects(segments: Path) -> None:
    """What the programs attach."""
    sb.create("x", (4, 3), "int64")
    sb.Mutex.create("mutex")
    sb.Event.create("event")
    sb.Semaphore.create("semaphore", 1)
    sb.Condition.create("condition")
    sb.Barrier.create("barrier", 2)
    sb.Counter.create("counter")


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_exit_is_clean(program: str, objects: None) -> None:
    code = HEAD + textwrap.dedent(program)
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert {p.pid for info in sb.list() for p in info.participants if p.alive} <= {os.getpid()}
