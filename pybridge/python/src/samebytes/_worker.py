"""A worker: the process that a Go program has started to call functions of a module in it."""

import importlib
import os
import platform
import runpy
import signal
import socket
import sys
import threading
import time
from importlib import metadata
from types import FrameType, SimpleNamespace
from typing import Any

from samebytes import _calls, _client, _connect, _link, _pending, _served
from samebytes._errors import ClosedError, Error, WorkerDiedError
from samebytes._served import here

_PAUSES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.3)  # seconds between the signals that interrupt a call
# Modules that make, open, give away and let go segments. What interrupts waits while they run, which they do without waiting: between
# two of their steps a segment may be nobody's. And weakref, whose callbacks Python lets raise nothing, no more than __del__.
_WHOLE = frozenset(
    f"samebytes.{name}"
    for name in ("_calls", "_creation", "_flight", "_handle", "_recycle", "_segment", "_temporary", "_wire")
) | {"weakref"}
_SAID = 50_000  # characters of an error's message and trace that fit a frame, however JSON writes them
_CONTROL = 3  # the descriptor of the socket, as the Go program has put it


def main() -> None:
    """Serve until the Go program ends."""
    os.set_inheritable(_CONTROL, False)
    control = socket.socket(fileno=_CONTROL)
    frame, fd = _link.read_frame(control)
    if frame is None or fd is None:
        sys.exit(1)  # it has ended before it began
    link = _link.Link(control, fd)
    worker = _Worker(link, frame.get("types", []))
    worker.offer(frame.get("functions", []))
    signal.signal(signal.SIGUSR1, worker.interrupted)
    try:
        _link.check_domain(frame.get("domain"))
        worker.serve_functions(_load(control, frame["start"]))
    except BaseException as error:  # also what is no Exception: the caller is to know of all
        said = _calls.described(error, 1)
        _link.send_frame(control, error={field: text[:_SAID] for field, text in said.items()})
        sys.exit(1)
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


class _Worker(_client.Client):
    """Runs calls on the main thread, one after the other; calls that are nested in one of this program's run in the thread that waits for it."""

    def __init__(self, link: _link.Link, types: list[dict[str, Any]]) -> None:
        self._main = _pending.Call()
        self._is_child = False
        self._shielded = False  # while an answer is made and sent, which may have arrays under way: what interrupts waits
        super().__init__(link, lambda: ClosedError("the Go program has ended"), None, types, "the Go program")
        self._server = self._main

    def offer(self, functions: list[dict[str, Any]]) -> None:
        """What `samebytes.caller` returns."""
        remote = _connect.Remote(_connect.Caller(self), functions)
        self.remote = lambda: remote
        _client.of_worker = self

    def serve_functions(self, functions: Any) -> None:
        """Has Go call the functions of a module."""
        self._functions = functions

    def serve(self) -> None:
        place, leader, incoming = self._main, self._leader, self._incoming
        while True:
            while incoming:
                self._leave(place)
                self._run(incoming.popleft())
            if leader.get(0) is not place and not self._leads(place):
                place.sleep(-1)
            elif not self._read(-1) and not incoming:
                return

    def _encoded(self, value: Any) -> bytes:
        self._shielded = True  # until it is sent
        try:
            return super()._encoded(value)
        except BaseException:
            self._shielded = False
            raise

    def _answer(self, id: int, kind: int, payload: bytes) -> None:
        if self._is_child:
            os._exit(0)  # a child that a function has forked and that returned: the answer is its parent's to give
        self._shielded = True
        try:
            with self._sending:  # as _transmit does, for messages that fit
                sent = len(payload) <= self._most and self._put(kind, id, payload, 0)
            if not sent:
                self._transmit(kind, payload, None, id)
        except (ClosedError, WorkerDiedError):
            pass  # nobody waits for it
        finally:
            self._shielded = False
        if self._cancelled:
            self._check_interrupted()

    def _ended_by(self, error: BaseException) -> None:
        """Whatever a function raises, the worker serves the next call. Only who has given up a call gives up those nested in it."""
        if isinstance(error, _served.Interrupted) and here.running:
            raise error

    def listen(self) -> None:
        """The main thread reads when it has no call."""

    def cancel(self, id: int) -> None:
        super().cancel(id)
        for pause in _PAUSES:  # a signal that comes just before a system call does not end it
            if id not in self._cancelled or id not in self._taken:
                break
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            time.sleep(pause)

    def interrupted(self, signum: int, frame: FrameType | None) -> None:
        """In the main thread, when a call was given up. A signal that comes too early is sent again."""
        if self._shielded:
            return  # _answer looks
        if _is_whole(frame):
            # Signals find a function that makes many arrays nearly always here, where it lets other threads run: they would wait for ever.
            if sys.getprofile() is None:
                sys.setprofile(self._interrupt_soon)
            return
        self._check_interrupted()

    def _interrupt_soon(self, frame: FrameType, event: str, arg: Any) -> None:
        """Called whenever a function is called or returns, until none runs that is to be whole."""
        if not self._cancelled:
            sys.setprofile(None)
        elif not self._shielded and not _is_whole(frame):
            sys.setprofile(None)
            self._check_interrupted()

    def _other_ended(self, cause: Error | None) -> None:
        os._exit(0)  # whatever runs

    def forked(self) -> None:
        """In a child: leave the connection to the parent."""
        super().forked()
        self._is_child = True
        _client.of_worker = None


def _is_whole(frame: FrameType | None) -> bool:
    """Whether the frame, or one that it was called from, is of what is not to be interrupted."""
    while frame is not None:
        if frame.f_globals.get("__name__") in _WHOLE or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False
