"""Rings: messages arrive as they were sent, and another process may write anything into the memory."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samebytes import _core

NSLOTS, SLOT_SIZE, WORDS = 4, 64, 128
MOST = SLOT_SIZE - 4 - 9  # bytes of a message behind its length, kind and number
AT = 128  # where the words begin, which others are before and behind
SIZE = AT + WORDS + NSLOTS * SLOT_SIZE + 128
GUARD = 0xA5


class Memory:
    """A file that a ring is in, with guards around."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("ring")
        os.ftruncate(self.fd, SIZE)
        self.clear()
        self.mapping = _core.Mapping(self.fd, SIZE, True)

    def clear(self) -> None:
        os.pwrite(self.fd, bytes([GUARD]) * SIZE, 0)
        os.pwrite(self.fd, bytes(WORDS + NSLOTS * SLOT_SIZE), AT)

    def ring(self, sends: bool) -> Any:
        return _core.Ring(self.mapping, AT, AT + WORDS, NSLOTS, SLOT_SIZE, sends)


@pytest.fixture
def memory() -> Iterator[Memory]:
    made = Memory()
    yield made
    os.close(made.fd)


def test_messages_arrive_in_order(memory: Memory) -> None:
    sender, receiver = memory.ring(True), memory.ring(False)
    messages = [(i % 256, i << 40, os.urandom(i % (MOST + 1))) for i in range(5000)]
    thread = threading.Thread(target=lambda: [sender.send(*message, -1) for message in messages])
    thread.start()
    assert [receiver.receive(-1) for _ in messages] == messages
    thread.join()


def test_stop(memory: Memory) -> None:
    sender, receiver = memory.ring(True), memory.ring(False)
    assert sender.send(1, 2, b"sent before", 0)
    receiver.stop(False)
    assert receiver.receive(-1) == (1, 2, b"sent before") and receiver.receive(-1) is None
    sender.stop(False)
    assert sender.send(1, 2, b"x", -1) is False
    memory.clear()
    with pytest.raises(ValueError, match=f"at most {MOST} bytes"):
        memory.ring(True).send(1, 2, bytes(MOST + 1), 0)


WORD = st.sampled_from([0, 8, 64, 72])
NUMBER = st.integers(0, 2**64 - 1) | st.integers(0, 9) | st.integers(2**64 - 9, 2**64 - 1)
STEPS = st.lists(
    st.tuples(st.just("send"), st.integers(0, MOST))
    | st.tuples(st.just("receive"))
    | st.tuples(st.just("word"), WORD, NUMBER)
    | st.tuples(st.just("slot"), st.integers(0, NSLOTS - 1), st.integers(0, 2**32 - 1) | st.integers(0, 70)),
    max_size=30,
)


@given(STEPS)
@settings(deadline=None, max_examples=20_000 if os.environ.get("SAMEBYTES_SOAK") else 500)
def test_a_hostile_peer(steps: list[tuple[Any, ...]]) -> None:
    memory = Memory()
    try:
        sender, receiver = memory.ring(True), memory.ring(False)
        for step, *values in steps:
            try:
                if step == "send":
                    sender.send(0, 0, bytes(values[0]), 0)
                elif step == "receive":
                    message = receiver.receive(0)
                    assert message is None or len(message[2]) <= MOST
                    assert message is None or GUARD not in message[2]
                elif step == "word":
                    os.pwrite(memory.fd, values[1].to_bytes(8, "little"), AT + values[0])
                else:
                    os.pwrite(memory.fd, values[1].to_bytes(4, "little"), AT + WORDS + values[0] * SLOT_SIZE)
            except ValueError as error:
                assert "a ring that both sides keep" in str(error)
        content = os.pread(memory.fd, SIZE, 0)
        assert content[:AT] == bytes([GUARD]) * AT and content[-128:] == bytes([GUARD]) * 128
    finally:
        os.close(memory.fd)
