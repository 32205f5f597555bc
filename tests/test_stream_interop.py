"""Streams that Go and Python share: each reads in place what the other publishes, and outlives it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb
from samebytes import _control

Start = Callable[..., Any]

WRITE = """
    s = sb.attach_stream("s")
    i = 0
    while i < {n}:
        with s.loans(min({batch}, {n} - i)) as frames:
            for frame in frames:
                i += 1
                frame[:] = ({writer} << 32) + i
    s.close()
"""


def done(program: Any) -> None:
    """Waits for a program's good end."""
    assert program.process.wait(60) == 0


def writer(language: str, number: int, n: int, batch: int, go: Start, python: Start) -> Any:
    """A program that publishes n items."""
    if language == "go":
        return go("publish", "s", number, n, batch)
    return python(WRITE.format(writer=number, n=n, batch=batch))


def read(reader: sb.Reader) -> dict[str, Any]:
    """What a reader reads to the end, as `peer consume` says it."""
    found: dict[str, Any] = {"numbers": [], "values": [], "missed": 0, "torn": 0}
    for item in reader:
        value = int(item[0])
        found["torn"] += not (item == value).all()
        found["numbers"].append(item.number)
        found["values"].append(value)
        found["missed"] += item.missed
    return found


def said(program: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(program.line())
    done(program)
    return found


@pytest.mark.parametrize("lossy", [False, True])
def test_both_make_the_same_file(lossy: bool, go: Start, segments: Path) -> None:
    done(go("stream", "go", 5, 3, *(["lossy"] if lossy else [])))
    sb.stream("python", 5, 3, "i8", lossy=lossy).close()
    a, b = ((segments / name).read_bytes() for name in ("go", "python"))
    tables = len(a) - 4096 - _control.SLOTS * (_control.PARTICIPANT.size + _control.BOXES_PER_SLOT * 64) - 5 * 64 - 64 * 128
    blocks = [x[-4096:-4040] + x[-4096 + 80 :] for x in (a, b)]  # without id and creation time
    assert len(a) == len(b) and a[: tables - 4096] == b[: tables - 4096] and blocks[0] == blocks[1]
    assert sb.attach_stream("go", "i8", 3).lossy is lossy


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("languages", [("go",), ("python",), ("go", "python")])
def test_all_readers_of_both_read_all(
    languages: tuple[str, ...], batch: int, go: Start, python: Start, segments: Path
) -> None:
    n = 2000
    s = sb.stream("s", 16, 20, "i8")
    reader, other = s.reader(), go("consume", "s", "oldest")
    assert other.line() == "reads"
    hold = sb.attach_stream("s")  # so that the stream does not end between two writers
    with hold.loan() as frame:
        frame[:] = 0
    writers = [writer(language, i + 1, n, batch, go, python) for i, language in enumerate(languages)]
    found: dict[str, Any] = {"numbers": [], "values": []}
    for item in reader:
        assert (item == item[0]).all()
        found["numbers"].append(item.number)
        found["values"].append(int(item[0]))
        if item.number == n * len(writers) + 1:
            break
    for program in writers:
        done(program)
    hold.close()
    theirs = said(other)
    assert (theirs["missed"], theirs["torn"]) == (0, 0)
    for each in (found, theirs):
        assert each["numbers"] == list(range(1, n * len(writers) + 2))
        for i in range(len(writers)):
            assert [v & 0xFFFFFFFF for v in each["values"] if v >> 32 == i + 1] == list(range(1, n + 1))


@pytest.mark.parametrize("language", ["go", "python"])
def test_lossy_readers_of_both_count_what_they_missed(language: str, go: Start, python: Start, segments: Path) -> None:
    n = 5000
    s = sb.stream("s", 8, 200, "i8", lossy=True)
    reader, other = s.reader(), go("consume", "s", "oldest")
    assert other.line() == "reads"
    program = writer(language, 1, n, 1, go, python)
    for each in (read(reader), said(other)):
        assert each["torn"] == 0
        assert each["numbers"] == sorted(set(each["numbers"])) and each["values"] == [(1 << 32) + i for i in each["numbers"]]
        assert len(each["numbers"]) + each["missed"] == each["numbers"][-1] == n
    done(program)


@pytest.mark.parametrize("language", ["go", "python"])
def test_groups_of_both_share_items(language: str, go: Start, python: Start, segments: Path) -> None:
    n = 3000
    s = sb.stream("s", 16, 4, "i8")
    reader, others = s.reader(group="g"), [go("consume", "s", "oldest", "g") for _ in range(2)]
    assert [other.line() for other in others] == ["reads"] * 2
    program = writer(language, 1, n, 3, go, python)
    found = [read(reader), *map(said, others)]
    assert sorted(number for each in found for number in each["numbers"]) == list(range(1, n + 1))
    assert all(each["torn"] == each["missed"] == 0 for each in found)
    done(program)


def test_the_item_of_a_killed_member_goes_to_the_other_language(go: Start, python: Start, segments: Path) -> None:
    s = sb.stream("s", 8, 4, "i8")
    member = s.reader(group="g")
    with s.loans(3):
        pass
    killed = go("item", "s", "g")
    assert killed.line() == "item 1"
    killed.kill()
    assert sorted(member.next(60).number for _ in range(2)) == [1, 2]
    member.release()
    killed = python("r = sb.attach_stream('s').reader(group='g'); say('item', r.next().number); input()")
    assert killed.line() == "item 3"
    other = go("item", "s", "g")  # which waits for it
    killed.kill()
    assert other.line() == "item 3"
    other.say()
    assert other.line() == "released"
    done(other)
    assert member.try_next() is None


def test_the_loans_and_readers_of_the_killed_hold_nobody_up(go: Start, python: Start, segments: Path) -> None:
    s = sb.stream("s", 4, 4, "i8")
    with s.loan():
        pass
    for start in (
        lambda: go("lend", "s"),
        lambda: go("item", "s"),
        lambda: python("s = sb.attach_stream('s'); l = s.loan(); l[:] = -1; say('lent'); input()"),
        lambda: python("s = sb.attach_stream('s'); r = s.reader(); say('item', r.next().number); input()"),
    ):
        program = start()
        assert program.line().split()[0] in ("lent", "item")
        program.kill()
        reader = s.reader("next")
        done(go("publish", "s", 1, 3, 1))
        for _ in range(3):
            assert reader.next(60)[0] >> 32 == 1
        reader.close()
    late = go("lend", "s")
    assert late.line() == "lent"
    reader = s.reader("next")
    late.say()
    item = reader.next(60)
    assert late.line() == f"published {item.number}" and (item == -1).all()
    done(late)


def test_a_slow_reader_of_one_holds_writers_of_the_other_up(go: Start, segments: Path) -> None:
    s = sb.stream("s", 4, 4, "i8", patience=0.05)
    slow = go("item", "s")
    with s.loans(4):
        pass
    assert slow.line() == "item 1"
    with pytest.raises(sb.FullError, match=r"a reader is at item 1 of 4 \(process \d+, go, peer\)"):
        s.loan()
    slow.say()
    assert slow.line() == "released"
    s.loan(60).publish()
