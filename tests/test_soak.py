"""Calls of a Go program by several Python programs, of which one or the other is killed now and then."""

import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import samebytes as sb
from conftest import Program

SOAK = bool(os.environ.get("SAMEBYTES_SOAK"))
CALLS = 500_000 if SOAK else 6_000
CLIENTS = 3
READERS = 4  # goroutines at most that a connection keeps when it has had more calls than at first
PAUSE = 2.0 if SOAK else 0.5  # seconds, the longest between two kills

# Makes that many calls, whose numbers begin with `first`, in several threads, says so now and then, and at the end whether it has
# anything left of them.
CLIENT = """
import random, threading, time
first, calls = {first}, {calls}
mutex, count, kinds = threading.Lock(), 0, dict.fromkeys(("result", "error", "died", "late"), 0)

def connected():
    while True:
        try:
            return sb.connect("worker", timeout=60)
        except sb.WorkerDiedError:
            pass  # it was just killed

def call(go, n, kind):
    if kind < 40:
        assert go.once(n) == n
    elif kind < 50:
        assert go.echo([n, {{"a": ["b", None]}}, 2.5]) == [n, {{"a": ["b", None]}}, 2.5]
    elif kind < 55:
        assert go.echo("x" * (10_000 + n % 10)) == "x" * (10_000 + n % 10)
    elif kind < 70:
        assert go.total(np.full(100, float(n))) == 100 * n
    elif kind < 80:
        a = sb.ones(100)
        go.scale(a, 2.0)
        assert a[99] == 2
    elif kind < 90:
        assert go.ones(100).sum() == 100
    elif kind < 95:
        assert go.once.future(n).result() == n
    elif kind < 98:
        try:
            go.fails(str(n))
        except sb.RemoteError as error:
            assert str(n) in str(error)
            return "error"
    else:
        try:
            go.wait(timeout=0.003)
        except sb.DeadlineError:
            return "late"
    return "result"

def work(k):
    global count
    go, chance = connected(), random.Random(first + k)
    for i in range(calls // 4):
        try:
            kind = call(go, first + 4 * i + k, chance.randrange(100))
        except sb.WorkerDiedError:
            kind = "died"
            go.close()
            go = connected()
        with mutex:
            kinds[kind] += 1
            count += 1
            if count % 100 == 0:
                say("made", count)
    go.close()

connected().close()
for thread in threading.enumerate()[1:]:
    thread.join()  # with it the last of the connection's descriptors goes
before = len(os.listdir("/proc/self/fd"))
threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
end = time.monotonic() + 30
while time.monotonic() < end and (threading.active_count() > 1 or len(os.listdir("/proc/self/fd")) > before):
    time.sleep(0.05)
say("end", sum(kinds.values()), threading.active_count(), len(os.listdir("/proc/self/fd")) - before, kinds)
"""


class Client:
    """One that makes so many calls. When it is killed another goes on."""

    def __init__(self, number: int, calls: int, start: Callable[[str], Program]) -> None:
        self.start, self.left, self.next = start, calls, number << 40
        self.program = self.started()
        self.ends: list[str] = []
        self.thread = threading.Thread(target=self.follow)
        self.thread.start()

    def started(self) -> Program:
        self.next += 1 << 30  # no number is given twice
        return self.start(CLIENT.format(first=self.next, calls=max(self.left, 4)))

    def follow(self) -> None:
        while not self.ends:
            made = 0
            while line := self.program.line():
                if line.startswith("end"):
                    self.ends.append(line)
                else:
                    made = int(line.split()[1])
            if not self.ends:
                code = self.program.process.wait()
                if code != -9:
                    self.ends.append(f"exit code {code}")
                self.left -= made
                self.program = self.started()


def test_calls_under_fire(server: str, python: Callable[[str], Program], segments: Path) -> None:
    def served() -> tuple[Program, int, int]:
        program = Program([server, "listen", "worker"])
        with sb.connect("worker", timeout=60) as go:
            go.ones(1)  # from then on it has the domain's file open
            return program, go.goroutines(), go.descriptors()

    program, goroutines, descriptors = served()
    clients = [Client(number, CALLS // CLIENTS, python) for number in range(CLIENTS)]
    kills = 0
    chance = random.Random(1)
    while any(client.thread.is_alive() for client in clients):
        time.sleep(chance.random() * PAUSE)
        kills += 1
        if chance.random() < 0.3:
            program.close()
            program, goroutines, descriptors = served()
        else:
            chance.choice(clients).program.process.kill()
    for client in clients:
        client.thread.join()
        print(kills, client.ends)
        words = client.ends[0].split()
        assert words[0] == "end" and words[2:4] == ["1", "0"], client.ends
    with sb.connect("worker", timeout=60) as go:
        end = time.monotonic() + 60
        goroutines += READERS
        while time.monotonic() < end and (go.goroutines() > goroutines or go.descriptors() > descriptors):
            time.sleep(0.05)
        assert go.goroutines() <= goroutines and go.descriptors() <= descriptors
    sb.gc()
    assert [found.name for found in sb.list()] == [], "the server lives, and has nothing left"
    program.say()
    assert program.process.wait(60) == 0
    program.close()
