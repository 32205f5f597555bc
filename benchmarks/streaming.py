"""The ends of streams of items, of each method: who sends them, and who receives them, in a worker each.

An item is an array of int64. Its second element is its number, negative for the last one, which receivers check. Its first is 0 for
those that do not count, else when it was sent (CLOCK_MONOTONIC, which all processes share, in ns), the last thing that a sender does
before it sends; or 1 where nobody asks when.
"""

import ctypes
import resource
import socket
import tracemalloc
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import cycle
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue
from time import monotonic_ns, sleep
from typing import Any, NamedTuple

import numpy as np

import samebytes as sb
from benchmarks.measure import Plan
from benchmarks.methods import WrongResult

SENT, NUMBER = 0, 1  # elements of an item
_LINE = 8  # elements that reach a CPU together

Report = dict[str, Any]
Send = Callable[[Sequence[int], Callable[[], int]], None]  # items of these numbers, and when they are sent


class Flow(NamedTuple):
    elements: int  # of an item
    slots: int  # of the ring, or as long as a queue may become
    batch: int  # items that are sent at once
    interval: float  # seconds between them, in which receivers fall asleep; 0 for as fast as they are received
    whole: bool  # whether all of an item is written and read
    cost: bool  # whether page faults and allocations are counted
    plan: Plan


class _Cost:
    """What this process's items cost from now on. tracemalloc was started long before: it needs memory of its own."""

    def __init__(self) -> None:
        tracemalloc.reset_peak()
        self._memory = tracemalloc.get_traced_memory()[0]
        self._faults = _faults()

    def of(self, items: int) -> Report:
        """The faults of each, the bytes that stay of each, and the most that were had at a time."""
        faults = _faults() - self._faults
        current, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return {
            "faults": faults / items,
            "allocations": None,
            "kept_bytes": (current - self._memory) / items,
            "most_bytes": most - self._memory,
        }


def _faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def send_items(conn: Connection, flow: Flow, send: Send) -> None:
    """Sends items as the flow says, and reports how many counted."""
    plan, number = flow.plan, 0

    def numbers() -> range:
        nonlocal number
        if flow.interval:
            sleep(flow.interval)
        number += flow.batch
        return range(number - flow.batch + 1, number + 1)

    if flow.cost:
        tracemalloc.start()
    begin = monotonic_ns()
    # Each slot is used twice at least before anything counts.
    while monotonic_ns() - begin < plan.warmup * 1e9 or number < 2 * flow.slots:
        send(numbers(), lambda: 0)
    stamp: Callable[[], int] = monotonic_ns if flow.interval else lambda: 1
    cost, before = _Cost() if flow.cost else None, number
    end = monotonic_ns() + int(plan.budget * 1e9)
    while True:
        sent: Sequence[int] = numbers()
        counted = number - before
        last = counted >= plan.most or (monotonic_ns() >= end and counted > flow.batch)
        send([*sent[:-1], -number] if last else sent, stamp)
        if last:
            break
    items = number - before
    conn.send({"items": items, "cost": cost.of(items) if cost else None})
    conn.recv()  # when all have been received


def receive_items(conn: Connection, flow: Flow, receive: Callable[[], Any]) -> None:
    """Receives all items, and reports the seconds from the first one that counts to the last, how many came after that first one, and
    the ns that each took, where it says when it was sent."""
    took: list[int] = []
    cost, number, first, began = None, 0, 0, 0
    if flow.cost:
        tracemalloc.start()
    while number >= 0:
        item = receive()
        now = monotonic_ns()
        sent, found = int(item[SENT]), int(item[NUMBER])
        if abs(found) != number + 1:
            raise WrongResult(f"expected item {number + 1}, found {abs(found)}")
        number = found
        if flow.whole:
            item[::_LINE].sum()
        if not sent:
            continue
        if flow.interval:
            took.append(now - sent)
        if not first:
            first, began = abs(number), monotonic_ns()
            cost = _Cost() if flow.cost else None
    items = abs(number) - first
    conn.send(
        {
            "seconds": (monotonic_ns() - began) / 1e9,
            "items": items,
            "took": took,
            "cost": cost.of(items) if cost else None,
        }
    )


def send_samebytes(conn: Connection, flow: Flow, name: str) -> None:
    stream = sb.attach_stream(name)

    def send(numbers: Sequence[int], sent: Callable[[], int]) -> None:
        item = stream.loan()
        if flow.whole:
            item[:] = 0
        item[NUMBER] = numbers[0]
        item[SENT] = sent()
        item.publish()

    def send_batch(numbers: Sequence[int], sent: Callable[[], int]) -> None:
        items = stream.loans(len(numbers))
        for item, number in zip(items, numbers, strict=True):
            item[NUMBER] = number
            item[SENT] = sent()
        items.publish()

    conn.send(None)
    send_items(conn, flow, send if flow.batch == 1 else send_batch)


def receive_samebytes(conn: Connection, flow: Flow, name: str) -> None:
    reader = sb.attach_stream(name).reader()
    conn.send(None)
    receive_items(conn, flow, reader.next)


def _filled(a: Any, flow: Flow, number: int, sent: Callable[[], int]) -> Any:
    """An item's array, written as its number says."""
    if flow.whole:
        a[:] = 0
    a[NUMBER] = number
    a[SENT] = sent()
    return a


def send_queue(conn: Connection, flow: Flow, queues: "Sequence[Queue[Any]]") -> None:
    arrays = _arrays(flow)

    def send(numbers: Sequence[int], sent: Callable[[], int]) -> None:
        a = _filled(next(arrays), flow, numbers[0], sent)
        for queue in queues:
            queue.put(a)

    conn.send(None)
    send_items(conn, flow, send)


def _arrays(flow: Flow) -> Any:
    """Arrays one after the other, none of them again before it has been sent: queues have room for less."""
    return cycle([np.ones(flow.elements, np.int64) for _ in range(2 * flow.slots + 8)])


def receive_queue(conn: Connection, flow: Flow, queue: "Queue[Any]") -> None:
    conn.send(None)
    receive_items(conn, flow, queue.get)


def send_socket(conn: Connection, flow: Flow, paths: Sequence[str]) -> None:
    receivers = [socket.socket(socket.AF_UNIX) for _ in paths]
    for receiver, path in zip(receivers, paths, strict=True):
        receiver.connect(path)
    a = np.ones(flow.elements, np.int64)

    def send(numbers: Sequence[int], sent: Callable[[], int]) -> None:
        if flow.whole:
            a[:] = 0
        a[NUMBER] = numbers[0]
        a[SENT] = sent()
        for receiver in receivers:
            receiver.sendall(a.data)

    conn.send(None)
    send_items(conn, flow, send)


def receive_socket(conn: Connection, flow: Flow, path: str) -> None:
    a = np.empty(flow.elements, np.int64)
    memory = a.data.cast("B")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        conn.send(None)
        sender, _ = listener.accept()

    def receive() -> Any:
        had = 0
        while had < len(memory):
            n = sender.recv_into(memory[had:], 0, socket.MSG_WAITALL)
            if not n:
                raise EOFError
            had += n
        return a

    receive_items(conn, flow, receive)


_SMALL = 65536  # bytes below which ZeroMQ copies sooner than it shares


def send_zeromq(conn: Connection, flow: Flow, path: str, receivers: int) -> None:
    zmq = import_module("zmq")
    with zmq.Context() as context, context.socket(zmq.XPUB) as publisher:
        publisher.set(zmq.XPUB_NODROP, 1)
        publisher.set(zmq.XPUB_VERBOSE, 1)  # so that each subscription is heard of
        publisher.set(zmq.SNDHWM, flow.slots)
        publisher.bind(f"ipc://{path}")
        for _ in range(receivers):
            publisher.recv()
        arrays, copy = _arrays(flow), flow.elements * 8 < _SMALL

        def send(numbers: Sequence[int], sent: Callable[[], int]) -> None:
            a = _filled(next(arrays), flow, numbers[0], sent)
            publisher.send(a, copy=copy)

        conn.send(None)
        send_items(conn, flow, send)


def receive_zeromq(conn: Connection, flow: Flow, path: str) -> None:
    zmq = import_module("zmq")
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.set(zmq.RCVHWM, flow.slots)
        subscriber.subscribe(b"")
        subscriber.connect(f"ipc://{path}")
        conn.send(None)
        receive_items(conn, flow, lambda: np.frombuffer(subscriber.recv(copy=False).buffer, np.int64))


class Place(NamedTuple):
    """Where iceoryx2 keeps what is its own."""

    prefix: str  # of names in /dev/shm
    root: str  # a directory


def _iceoryx2(place: Place, flow: Flow) -> tuple[Any, Any, Any, Any]:
    """The package, a node, and its services for items and for events."""
    iox2 = import_module("iceoryx2")
    iox2.set_log_level(iox2.LogLevel.Error)
    config = iox2.config.default()
    config.global_cfg.prefix = iox2.FileName.new(place.prefix)
    config.global_cfg.root_path = iox2.Path.new(place.root)
    builder = iox2.NodeBuilder.new().config(config).signal_handling_mode(iox2.SignalHandlingMode.Disabled)
    node = builder.create(iox2.ServiceType.Ipc)
    name = iox2.ServiceName.new("items")
    items = node.service_builder(name).publish_subscribe(iox2.Slice[ctypes.c_int64]).enable_safe_overflow(False)
    items = items.subscriber_max_buffer_size(flow.slots).history_size(0).open_or_create()
    return iox2, node, items, node.service_builder(name).event().open_or_create()


def send_iceoryx2(conn: Connection, flow: Flow, place: Place, events: bool) -> None:
    iox2, _node, items, woken = _iceoryx2(place, flow)
    builder = items.publisher_builder().initial_max_slice_len(flow.elements)
    publisher = builder.backpressure_strategy(iox2.BackpressureStrategy.RetryUntilDelivered).create()
    notifier = woken.notifier_builder().create()
    head, whole = ctypes.c_int64 * 2, ctypes.c_int64 * flow.elements

    def send(numbers: Sequence[int], sent: Callable[[], int]) -> None:
        for number in numbers:
            sample = publisher.loan_slice_uninit(flow.elements)
            if flow.whole:
                np.ctypeslib.as_array(whole.from_address(sample.payload_ptr))[:] = 0
            item = head.from_address(sample.payload_ptr)
            item[NUMBER] = number
            item[SENT] = sent()
            sample.assume_init().send()
        if events:
            notifier.notify()

    conn.send(None)
    conn.recv()
    send_items(conn, flow, send)
    publisher.delete()
    notifier.delete()


def receive_iceoryx2(conn: Connection, flow: Flow, place: Place, events: bool) -> None:
    iox2, _node, items, woken = _iceoryx2(place, flow)
    subscriber = items.subscriber_builder().buffer_size(flow.slots).create()
    listener = woken.listener_builder().create()
    head, whole = ctypes.c_int64 * 2, ctypes.c_int64 * flow.elements
    held: Any = None
    longest = iox2.Duration.from_millis(100)  # untimed, a run with four receivers once never ended

    def receive() -> Any:
        nonlocal held
        if held is not None:
            held.delete()
        while (held := subscriber.receive()) is None:
            if events:
                listener.timed_wait(longest)
        at = held.payload_ptr
        return np.ctypeslib.as_array(whole.from_address(at)) if flow.whole else head.from_address(at)

    conn.send(None)
    conn.recv()
    subscriber.has_samples()  # which connects it
    conn.send(None)
    receive_items(conn, flow, receive)
    held.delete()
    subscriber.delete()
    listener.delete()
