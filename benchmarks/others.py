"""Other ways to call a function in another process, which calls are compared with: the ends of each.

A function that serves runs in one worker, one that asks in another, so that the threads which some libraries start and keep are on
the turn's CPU, and gone after it. Who asks sends the seconds of its calls over its pipe: of empty ones where there are no elements,
else of those that double an array. What Python does not have itself is imported where it is used.
"""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from benchmarks.measure import Plan, repeat
from benchmarks.methods import SMALLEST, doubled_once
from benchmarks.worker import Array

# The packages that must be installed for a method, with what they are called in a sentence.
PACKAGES = {"zeromq": ("zmq", "ZeroMQ"), "grpc": ("grpc", "gRPC"), "ray": ("ray", "Ray")}

_UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
_CALL = "/Benchmark/double"


def missing() -> list[str]:
    """The methods whose packages are not installed."""
    return [method for method, (module, _) in PACKAGES.items() if find_spec(module) is None]


def serve_socket(conn: Connection, path: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        conn.send(None)
        client, _ = listener.accept()
        with client:
            while message := client.recv(8):
                client.sendall(message)


def serve_pickled(conn: Connection) -> None:
    """Answers an empty call."""
    conn.send(None)
    while True:
        conn.send(conn.recv())


def serve_zeromq(conn: Connection, path: str) -> None:
    zmq = import_module("zmq")
    with zmq.Context() as context, context.socket(zmq.REP) as replies:
        replies.bind(f"ipc://{path}")
        conn.send(None)
        while True:
            replies.send(_doubled(replies.recv(copy=False).buffer), copy=False)


def ask_zeromq(conn: Connection, path: str, elements: int, plan: Plan) -> None:
    zmq = import_module("zmq")
    with zmq.Context() as context, context.socket(zmq.REQ) as requests:
        requests.connect(f"ipc://{path}")

        def call(a: Array | None) -> Array:
            requests.send(b"" if a is None else a, copy=False)
            return np.frombuffer(requests.recv(copy=False).buffer)

        _ask(conn, elements, plan, call)


def serve_grpc(conn: Connection, path: str) -> None:
    grpc = import_module("grpc")

    def double(message: bytes, context: object) -> bytes:
        return bytes(_doubled(message))

    server = grpc.server(ThreadPoolExecutor(1), options=_UNLIMITED)
    service, function = _CALL[1:].split("/")
    methods = {function: grpc.unary_unary_rpc_method_handler(double)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, methods)])
    server.add_insecure_port(f"unix:{path}")
    server.start()
    conn.send(None)
    server.wait_for_termination()


def ask_grpc(conn: Connection, path: str, elements: int, plan: Plan) -> None:
    grpc = import_module("grpc")
    with grpc.insecure_channel(f"unix:{path}", options=_UNLIMITED) as channel:
        call = channel.unary_unary(_CALL)
        _ask(conn, elements, plan, lambda a: np.frombuffer(call(b"" if a is None else a.tobytes())))


def ask_ray(conn: Connection, elements: int, plan: Plan) -> None:
    """Starts Ray, which starts the process that is asked."""
    ray = import_module("ray")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        called = ray.remote(_Called).remote()
        _ask(conn, elements, plan, lambda a: ray.get(called.nothing.remote() if a is None else called.double.remote(a)))
    finally:
        ray.shutdown()


class _Called:
    def nothing(self) -> None:
        """An empty call."""

    def double(self, a: Array) -> Array:
        return a * 2  # what came is read-only


def _doubled(message: Any) -> Any:
    """The answer to the bytes of an array, or to nothing."""
    return np.multiply(np.frombuffer(message), 2).data if len(message) else b""


def _ask(conn: Connection, elements: int, plan: Plan, call: Callable[[Array | None], Any]) -> None:
    if elements:
        a = np.full(elements, SMALLEST)
        seconds = repeat(plan, lambda: call(a), doubled_once)
    else:
        seconds = repeat(plan, lambda: call(None), lambda result, last: None)
    conn.send(None)
    conn.send(seconds)
