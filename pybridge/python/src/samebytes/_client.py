"""Calls of another program's functions over one connection, by many threads at once.

Whoever waits for an answer reads the ring itself if nobody else does: it leads, and hands the others theirs. So an answer comes to the
thread that waits for it without going through another. Who leads and has its answer makes one of the others lead. As long as somebody
waits, somebody leads; nobody reads where nobody waits, and the ring keeps what comes.

Futures wait by a thread that is started for the first of them, which is one of those that may lead. Another thread waits for the end of
the socket, which is that of the other program: it stops the rings, who leads finds that out, and so one after the other.

Ctrl-C raises an exception in the main thread, which may lead, so that all others wait for it. It comes when the interpreter has made a
call, or enters a function, and not between two assignments. So what must not be torn apart here is assignments, with one call of C's
behind them; what is received is kept until it is handed on, and handing it on twice does no harm.
"""

import heapq
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

import numpy as np

from samebytes import _calls, _link
from samebytes._array import ndarray
from samebytes._errors import BrokenError, ClosedError, Error, WorkerDiedError
from samebytes._timeout import Deadline

_SLICE = 10_000_000  # ns: who waits for room to send looks so often whether there is something to read
_TICK = 20_000_000  # ns: as often it is looked whether futures are late


class _Call:
    """A call under way; or the place among those that may lead of a thread that has none."""

    __slots__ = ("answer", "copies", "deadline", "future", "given", "given_up", "id", "leads", "turn")

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.id = 0
        self.deadline = deadline
        self.answer: tuple[int, bytes] | None = None  # its kind and payload
        self.copies: list[ndarray] = []
        self.given: list[np.ndarray[Any, Any]] = []
        self.future: _Future | None = None
        self.given_up = False
        self.leads = False
        self.turn = threading.Lock()  # released when it has its answer, or is to lead
        self.turn.acquire()

    def wake(self) -> None:
        try:
            self.turn.release()
        except RuntimeError:
            pass  # it is awake

    def left(self) -> int:
        """Nanoseconds that are left, negative for no end. Raises DeadlineError."""
        return -1 if self.deadline is None else self.deadline.left()

    def sleep(self, most: int) -> None:
        """Waits to be woken, so many nanoseconds at most, negative for ever."""
        self.turn.acquire(timeout=-1 if most < 0 else most / 1e9)


class _Future(Future[Any]):
    """A call's. To cancel it gives the call up."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        super().__init__()
        self._give_up = give_up

    def cancel(self) -> bool:
        if self.cancelled():
            return True
        if not super().cancel():
            return False
        self.set_running_or_notify_cancel()  # tells who waits for several
        self._give_up()
        return True


class Client:
    """One connection. Many threads may use it."""

    def __init__(self, sock: socket.socket, memory: int, died: Callable[[], Error]) -> None:
        """Take a socket and the descriptor of the memory, when both sides have introduced themselves.

        `died` says what to raise when the other program has ended.
        """
        self._link = _link.Link(sock, memory, first=True)
        self._died = died
        self._pid = os.getpid()
        self._cause: Error | None = None  # why the connection has ended
        self._telling = threading.Lock()  # held by who sends frames
        self._untold = bytearray()  # those for which the socket had no room
        self._sending = threading.Lock()  # held by who sends a message
        self._last = 0  # number of a call
        self._calls: dict[int, _Call] = {}  # under way
        # Held for a moment, for what follows. The garbage collector may end the connection in a thread that holds it.
        self._mutex = threading.RLock()
        self._led = False
        self._followers: dict[_Call, None] = {}  # in the order in which they are to lead
        self._inbox: deque[bytes | None] = deque()  # read, and not handed on: of who leads
        self._futures: set[_Call] = set()
        self._late: list[tuple[int, int, _Call]] = []  # a heap of when those are, and their number
        self._answered: deque[_Call] = deque()
        self._completer: _Call | None = None
        _clients.add(self)
        threading.Thread(target=self._watch, name="samebytes-watch", daemon=True).start()

    def call(self, name: str, args: tuple[Any, ...], timeout: float | None) -> Any:
        """What the function returns."""
        self._check()
        call = _Call(None if timeout is None else Deadline(timeout, f"call {name}"))
        try:
            self._send(call, name, args)
            self._wait(call)
            return _result(call)
        except BaseException:
            self._give_up(call)
            raise

    def future(self, name: str, args: tuple[Any, ...], timeout: float | None) -> Future[Any]:
        """A future of what the function returns."""
        self._check()
        call = _Call(None if timeout is None else Deadline(timeout, f"call {name}"))
        call.future = _Future(lambda: self._give_up(call))
        completer = self._started_completer()
        self._futures.add(call)
        try:
            self._send(call, name, args)
        except BaseException:
            self._give_up(call)
            raise
        if call.deadline is not None and call.deadline.end is not None:
            with self._mutex:
                heapq.heappush(self._late, (call.deadline.end, call.id, call))
        completer.wake()
        return call.future

    def end(self, cause: Error) -> None:
        """End the connection: calls under way, and later ones, raise the cause. Of several the first counts."""
        if os.getpid() != self._pid:
            return  # the parent goes on
        with self._mutex:
            if self._cause is not None:
                return
            self._cause = cause
        self._link.stop()
        with suppress(OSError):
            self._link.sock.shutdown(socket.SHUT_RDWR)  # which ends the thread that reads it, and it is closed there
        if self._completer is not None:
            self._completer.wake()

    @property
    def ended(self) -> bool:
        return self._cause is not None

    def forked(self) -> None:
        """In a child: leave the connection to the parent, whose death would not be seen as long as the child has the socket."""
        self._cause = _of_parent()
        self._mutex = threading.RLock()  # who has the parent's does not exist here
        self._link.sock.close()

    def _check(self) -> None:
        if self._cause is not None:
            raise self._error()
        if os.getpid() != self._pid:  # also of a child that C code has forked
            raise _of_parent()

    def _error(self) -> Error:
        """The cause, as a new error for each who raises it."""
        cause = self._cause or ClosedError("closed")
        return type(cause)(*cause.args)

    def _send(self, call: _Call, name: str, args: tuple[Any, ...]) -> None:
        payload = _calls.encode_call(name, args, call.copies, call.given)
        left = call.left()
        mine: list[bool] = []
        try:
            mine.extend(map(self._sending.acquire, (True,), (-1 if left < 0 else left / 1e9,)))
            if not mine[0]:
                call.left()
            self._last = call.id = self._last + 1  # in the order in which they are sent, as the other side expects
            message = self._link.fitting(_link.CALL, call.id, payload, call.copies)
            self._calls[call.id] = call
            patience = 0
            while not self._link.out.send(message, patience):
                if self._cause is not None:
                    raise self._error()
                left = call.left()
                patience = _SLICE if left < 0 else min(left, _SLICE)
                self._read_if_nobody_does()
        except ValueError as error:
            if isinstance(error, Error):
                raise
            self.end(BrokenError(str(error)))
            raise self._error() from None
        finally:
            if mine and mine[0]:
                self._sending.release()

    def _wait(self, call: _Call) -> None:
        """Returns when the call has its answer."""
        try:
            while call.answer is None:
                left = call.left()
                if not self._leads(call):
                    call.sleep(left)
                elif not self._read(left) and call.answer is None:
                    raise self._error()
        finally:
            try:
                self._leave(call)
            except BaseException:
                self._leave(call)
                raise

    def _leads(self, call: _Call) -> bool:
        """Whether it is the call's turn to read. If not, it is woken when it is."""
        with self._mutex:
            if not call.leads and self._led:
                self._followers[call] = None
            else:
                self._led = call.leads = True
            return call.leads

    def _leave(self, call: _Call) -> None:
        """Makes another lead, if this one does."""
        with self._mutex:
            self._followers.pop(call, None)
            if not call.leads:
                return
            heir = next((other for other in self._followers if other.answer is None), None)
            if heir is None:
                self._led = call.leads = False
                return
            heir.leads, call.leads = True, False
            try:
                heir.turn.release()
            except RuntimeError:
                pass  # it is awake

    def _read(self, timeout: int) -> bool:
        """Hands the next message on, waiting for it so many nanoseconds; False where none comes any more. For who leads."""
        ended = self._cause is not None  # all that was sent is in the ring by then
        try:
            if not self._inbox:  # else somebody was interrupted
                self._inbox.extend(map(self._link.into.receive, (timeout,)))
        except ValueError as error:
            self.end(BrokenError(str(error)))
        finally:
            came = True
            while self._inbox:
                message = self._inbox[0]
                if message is None:
                    came = False
                else:
                    self._hand_on(message)
                self._inbox.popleft()
        return came or not ended

    def _read_if_nobody_does(self) -> None:
        """Reads what has come: the other side may wait for room to answer before it takes what is sent."""
        place = _Call()
        try:
            if self._leads(place):
                self._read(0)
        finally:
            try:
                self._leave(place)
            except BaseException:
                self._leave(place)
                raise

    def _hand_on(self, message: bytes) -> None:
        try:
            kind, id, payload = _link.parse(message)
            if kind not in (_link.RESULT, _link.ERROR):
                raise BrokenError(f"expected an answer, found a message of kind {kind}")
        except Error as error:
            self.end(error)
            return
        call = self._calls.get(id)
        if call is None:
            if kind == _link.RESULT:
                _calls.drop(payload)
            return
        call.answer = kind, payload
        if call.future is None:
            try:
                call.turn.release()
            except RuntimeError:
                pass  # it is awake
        else:
            self._answered.append(call)
            if self._completer is not None:
                self._completer.wake()
        self._calls.pop(id, None)
        if call.given_up:  # meanwhile
            _calls.drop(payload)

    def _give_up(self, call: _Call) -> None:
        """Forgets a call. Its answer is dropped when it comes."""
        call.given_up = True
        pending = self._calls.pop(call.id, None)
        self._futures.discard(call)
        _calls.take_back(call.copies)
        _calls.take_back(call.given)
        if call.answer is not None:
            _calls.drop(call.answer[1])
        elif pending is not None and self._cause is None:
            self._tell(_link.frame(cancel=call.id))

    def _tell(self, frame: bytes) -> None:
        """Sends a frame, or as much as there is room for: the rest is sent later."""
        with self._telling, suppress(OSError):
            self._untold += frame
            del self._untold[: self._link.sock.send(self._untold, socket.MSG_DONTWAIT)]
        if self._untold and frame:
            self._started_completer().wake()

    def _started_completer(self) -> _Call:
        with self._mutex:
            if self._completer is None:
                self._completer = _Call()
                threading.Thread(
                    target=self._complete, args=(self._completer,), name="samebytes-futures", daemon=True
                ).start()
            return self._completer

    def _complete(self, place: _Call) -> None:
        """Gives futures their results, and sends frames that there was no room for, until the connection ends."""
        while True:
            while self._answered:
                _settle(self._answered.popleft(), self._futures)
            self._give_up_late()
            if self._untold:
                self._tell(b"")
            if not self._futures:
                self._leave(place)
                if self._cause is not None:
                    return
                place.sleep(_TICK if self._untold else -1)
            elif not self._leads(place):
                place.sleep(_TICK)
            else:
                going = self._read(_TICK)
                self._leave(place)  # before results are given, whose callbacks may call
                if not going:
                    self._fail_all()

    def _give_up_late(self) -> None:
        while self._late:
            with self._mutex:
                end, _, call = self._late[0]
                if call in self._futures and time.monotonic_ns() < end:
                    return
                heapq.heappop(self._late)
            if call in self._futures and call.deadline is not None:
                self._fail(call, call.deadline.error())

    def _fail(self, call: _Call, error: Error) -> None:
        self._give_up(call)
        if call.future is not None:
            with suppress(InvalidStateError):  # it was cancelled
                call.future.set_exception(error)

    def _fail_all(self) -> None:
        while self._answered:
            _settle(self._answered.popleft(), self._futures)
        for call in list(self._futures):
            self._fail(call, self._error())

    def _watch(self) -> None:
        """Reads frames until the other program ends the connection, or itself."""
        cause: Error | None = None
        with self._link.sock as sock, suppress(OSError):
            try:
                while cause is None:
                    frame, fd = _link.read_frame(sock)
                    if fd is not None:
                        os.close(fd)
                    if frame is None:
                        break
                    if isinstance(said := frame.get("error"), dict):
                        cause = WorkerDiedError(
                            f"the other program has ended the connection: {said.get('type')}: {said.get('message')}"
                        )
            except Error as error:
                cause = error
            except OSError:
                pass  # it has ended
            if self._cause is None:
                self.end(cause or self._died())


def _result(call: _Call) -> Any:
    _calls.take_back(call.copies)
    call.given.clear()  # who answers has opened them
    assert call.answer is not None
    kind, payload = call.answer
    if kind == _link.ERROR:
        raise _calls.error_of(payload)
    return _calls.decode(payload)


def _settle(call: _Call, futures: set[_Call]) -> None:
    """Gives a future what was answered."""
    futures.discard(call)
    future = call.future
    assert future is not None
    if call.given_up:
        return
    try:
        result = _result(call)
    except BaseException as error:
        with suppress(InvalidStateError):  # it was cancelled
            future.set_exception(error)
    else:
        with suppress(InvalidStateError):
            future.set_result(result)


def _of_parent() -> Error:
    return ClosedError("the connection is that of the process which this one was forked from: open another")


_clients: "weakref.WeakSet[Client]" = weakref.WeakSet()


def _after_fork() -> None:
    for client in list(_clients):
        client.forked()


os.register_at_fork(after_in_child=_after_fork)
