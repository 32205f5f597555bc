"""A worker: the process that a Go program has started to call functions of a module in it."""

import importlib
import os
import platform
import runpy
import signal
import socket
import sys
import threading
from collections.abc import Callable
from importlib import metadata
from types import FrameType, SimpleNamespace
from typing import Any

from samebytes import _calls, _link

_SAID = 50_000  # characters of an error's message and trace that fit a frame, however JSON writes them
_CONTROL = 3  # the descriptor of the socket, as the Go program has put it


class Interrupted(BaseException):
    """The caller has given the call up. Like KeyboardInterrupt it is no Exception, so that it ends what catches those."""


def main() -> None:
    """Serve until the Go program ends."""
    os.set_inheritable(_CONTROL, False)
    control = socket.socket(fileno=_CONTROL)
    frame, fd = _link.read_frame(control)
    if frame is None or fd is None:
        sys.exit(1)  # it has ended before it began
    link = _link.Link(control, fd)
    try:
        _link.check_domain(frame.get("domain"))
        functions = _load(control, frame["start"])
    except BaseException as error:  # also what is no Exception: the caller is to know of all
        said = _calls.described(error, 1)
        _link.send_frame(control, error={field: text[:_SAID] for field, text in said.items()})
        sys.exit(1)
    worker = _Worker(link, functions)
    signal.signal(signal.SIGUSR1, worker.interrupted)
    threading.Thread(target=worker.listen, name="samebytes control", daemon=True).start()
    os.register_at_fork(after_in_child=worker.forked)
    _link.send_frame(control, ready=True, language=_versions())
    worker.serve()


def _load(control: socket.socket, start: dict[str, Any]) -> Any:
    """The module whose functions are served."""
    sys.path.insert(0, "")  # as python -m has it
    if "module" in start:
        _link.send_frame(control, stage=f"import {start['module']}")
        module: Any = importlib.import_module(start["module"])
    else:
        _link.send_frame(control, stage=f"run {start['file']}")
        sys.path[0] = os.path.dirname(os.path.abspath(start["file"]))
        module = SimpleNamespace(**runpy.run_path(start["file"], run_name="__worker__"))
    if "init" in start:
        _link.send_frame(control, stage=f"call {start['init']}")
        _calls.find(module, start["init"])(start["number"])
    return module


def _versions() -> str:
    return f"python {platform.python_version()}, numpy {metadata.version('numpy')}, samebytes {metadata.version('samebytes')}"


class _Worker:
    """Runs calls on the main thread, one after the other; calls that Go makes while one waits for Go run within it."""

    def __init__(self, link: _link.Link, functions: Any) -> None:
        self._link, self._functions = link, functions
        self._found: dict[str, Callable[..., Any]] = {}
        self._running: list[int] = []  # the calls under way, the innermost last
        self._cancelled: set[int] = set()
        self._pid = os.getpid()

    def serve(self) -> None:
        while (message := self._link.receive()) is not None:
            kind, id, payload = message
            if kind == _link.CALL:
                self._call(id, payload)

    def _call(self, id: int, payload: bytes) -> None:
        self._running.append(id)
        try:
            try:
                if id in self._cancelled:
                    raise Interrupted
                name, args, kwargs = _calls.decode(payload)
                result = self._function(name)(*args, **kwargs)
                answer = _link.RESULT, id, _calls.encode(result)
            finally:
                self._running.pop()
                self._cancelled.discard(id)
        except BaseException as error:  # SystemExit and Interrupted too: the worker serves the next call
            answer = _link.ERROR, id, _calls.encode(list(_calls.described(error, 2).values()))
        if os.getpid() != self._pid:
            os._exit(0)  # a child that a function has forked and that returned: the answer is its parent's to give
        self._link.send(*answer)

    def _function(self, name: str) -> Callable[..., Any]:
        function = self._found.get(name)
        if function is None:
            function = self._found[name] = _calls.find(self._functions, name)
        return function

    def listen(self) -> None:
        """Read frames until the Go program ends, and then end at once, whatever runs."""
        while True:
            try:
                frame, _ = _link.read_frame(self._link.sock)
            except OSError:
                frame = None
            if frame is None:
                os._exit(0)
            if "cancel" in frame:
                self._cancelled.add(frame["cancel"])
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def interrupted(self, signum: int, frame: FrameType | None) -> None:
        if self._running and self._running[-1] in self._cancelled:
            self._cancelled.discard(self._running[-1])
            raise Interrupted

    def forked(self) -> None:
        """In a child: leave the connection to the parent."""
        self._link.sock.close()
