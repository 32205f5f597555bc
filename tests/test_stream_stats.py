"""What Python says of how a stream goes is what Go says, and what is so."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

import samebytes as sb
from conftest import Program


def of_go(command: str, name: str) -> sb.StreamStats:
    """What Go says, as Python's own would be."""
    (info,) = json.loads(subprocess.check_output([command, "stat", "--json", name]))
    said = info["stream"]
    assert set(said) == set(sb.StreamStats.__dataclass_fields__)
    said["waited"] /= 1e9  # Go has nanoseconds there
    ports = tuple(sb.Port(**port) for port in said.pop("ports"))
    return sb.StreamStats(**said, ports=ports)


def publish(s: sb.Stream, n: int) -> None:
    for _ in range(n):
        with s.loan(timeout=60) as frame:
            frame[:] = 7


@pytest.mark.parametrize("lossy", [False, True])
def test_both_say_the_same(lossy: bool, command: str, python: Callable[[str], Program], segments: Path) -> None:
    s = sb.stream("s", slots=8, shape=3, lossy=lossy)
    assert s.stats() == sb.stat("s").stream == of_go(command, "s")
    reader, members = s.reader(window=2), [s.reader(group="both") for _ in range(2)]
    publish(s, 6)
    for r in (reader, reader, reader, members[0], members[1]):
        r.next()
    others = python("""
        s = sb.attach_stream("s")
        reader = s.reader("latest")
        reader.next()
        with s.loan() as frame:
            frame[:] = 7
        on_loan = s.loan()
        say(s.stats().on_loan)
        input()
    """)
    assert others.line() == "1"
    if lossy:
        publish(s, 20)
        reader.next()
    else:
        with pytest.raises(TimeoutError):
            for _ in range(20):
                publish_one = s.loan(timeout=0.001)
                publish_one.publish()
    for _ in range(2):
        stats = s.stats()
        assert asdict(stats) == asdict(sb.stat("s").stream)  # type: ignore[arg-type]
        assert asdict(stats) == pytest.approx(asdict(of_go(command, "s")), rel=1e-9)
        if others.process.poll() is None:
            assert all(port.alive for port in stats.ports)
            others.kill()
    by_role: dict[str, list[sb.Port]] = {}
    for port in stats.ports:
        by_role.setdefault(port.role, []).append(port)
    assert [port.alive for port in by_role["reader"] + by_role["writer"]] == [True, False, True, False]
    assert [(p.group, p.row, p.alive) for p in by_role["group"]] == [("both", -1, True)]
    assert [(p.group, p.items, p.in_hand) for p in by_role["member"]] == [("both", 1, 1), ("both", 1, 1)]
    mine = by_role["reader"][0]
    assert (mine.items, mine.in_hand) == ((4, 1) if lossy else (3, 2))
    assert mine.lag == stats.items - (reader._port.number)
    assert (mine.missed > 0) == lossy == stats.lossy and mine.missed == reader.missed
    assert (stats.waits > 0, stats.waited > 0) == (not lossy, not lossy)
    assert stats.on_loan == 1 and stats.slots == 8 and stats.rate > 0
    text = subprocess.check_output([command, "stat", "s"], text=True)
    assert text.count(", dead") == 3  # the process, its reader and its writer


def test_the_end(command: str, segments: Path) -> None:
    s = sb.stream("s", slots=4, shape=3)
    publish(s, 2)
    s.close()
    with pytest.raises(sb.ClosedError):
        s.stats()
    stats = sb.stat("s").stream
    assert stats is not None and stats.ended and stats.items == 2 and stats.ports == ()
    assert asdict(stats) == pytest.approx(asdict(of_go(command, "s")))
    a = sb.create("a", 3)
    assert sb.stat("a").stream is None and a.shape == (3,)


def test_rows_that_are_damaged(command: str, segments: Path) -> None:
    """Whatever is in the tables, both describe them."""
    s = sb.stream("s", slots=4, shape=3)
    reader, member = s.reader(), s.reader(group="g")
    publish(s, 3)
    reader.next()
    member.next()
    path = segments / "s"
    whole = path.read_bytes()
    control = s._ring.control
    begin, end = control.control_offset + control.slots * 120, control.control_offset + control.block_size - 4096
    with path.open("r+b") as file:
        for at in range(begin, end, 4):
            if whole[at : at + 4] != bytes(4):
                file.seek(at)
                file.write(b"\xff" * 4)
                file.flush()
                sb.stat("s")
                s.stats()
                subprocess.run([command, "stat", "s"], check=True, stdout=subprocess.DEVNULL)
                file.seek(at)
                file.write(whole[at : at + 4])
                file.flush()
