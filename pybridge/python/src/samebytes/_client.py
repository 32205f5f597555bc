"""Calls to and from another program over one connection, by many threads at once.

Whoever waits for an answer reads the ring itself if nobody else does: it leads, and hands the others theirs. So an answer comes to the
thread that waits for it without going through another. Who leads and has its answer makes one of the others lead. As long as somebody
waits, somebody leads; nobody reads where nobody waits, and the ring keeps what comes.

Futures wait by a thread that is started for the first of them, or for whatever else is told or read while nobody waits; it is one of those
that may lead. Another thread waits for the end of
the socket, which is that of the other program: it stops the rings, who leads finds that out, and so one after the other.

Who leads hands calls from the other program on like answers, to the threads that `_served` says. While the other program may call, some
thread leads always: the one of the futures, where nobody waits, and in a worker the main thread.

Ctrl-C raises an exception in the main thread, which may lead, so that all others wait for it. It comes when the interpreter has made a
call, or enters a function, and neither between two assignments nor within a call of C's. So what is received goes into the inbox by the one
call that receives it, and each message stays there until it is handed on, once:

- an item or a call by the one call that moves it from the inbox to where it goes on;
- an answer by an assignment, which may be repeated;
- other things by an assignment that also notes what is done.

Before that whoever leads next begins anew, with what stands in the inbox by then: an item that is opened stands there instead of its message,
since opening it takes its arrays from who has sent them. After it somebody may not have been woken: so who is interrupted wakes all.
"""

import heapq
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

from samebytes import _calls, _link, _proxy
from samebytes._array import ndarray
from samebytes._errors import BrokenError, ClosedError, Error, WorkerDiedError
from samebytes._pending import Call, CallFuture
from samebytes._served import ITEMS_AHEAD, LOST, NONE, OPENED, VALUE, Failed, Items, Served, here
from samebytes._timeout import Deadline, earlier

_SLICE = 10_000_000  # ns: who waits for room to send looks so often whether there is something to read
_TICK = 20_000_000  # ns: as often it is looked whether futures are late
_REST = 100_000_000  # ns: as often, without futures, whether there is something to tell


Target = str | tuple[int, str]  # a function's name; or an object's number, and the method's name

_RESULT, _CALL = _link.RESULT, _link.CALL  # which each call needs
_PLAIN_HEAD = _link.CALL_HEAD.pack(0, 0)  # of a call that is nested in none, for a value


class Client(Served):
    """One connection. Many threads may use it."""

    def __init__(
        self,
        link: _link.Link,
        died: Callable[[], Error],
        served: Any = None,
        types: Sequence[Mapping[str, Any]] = (),
        label: str = "",
    ) -> None:
        """Take a link, when both sides have introduced themselves.

        `died` says what to raise when the other program has ended, `served` has the functions that it may call, `types` are those of its
        objects.
        """
        self.server: str | None = None  # the name by which others connect to the other program
        self.remote: Callable[[], Any] = lambda: None  # that by which this program calls the other
        self._link = link
        self._died = died
        self.label = label
        self.objects = _proxy.Objects(self, types)
        self._encode = _calls.encoder(self.objects.pack).encode
        self._decode = _calls.decoder(self.objects.open).decode
        super().__init__(served)
        self._pid = os.getpid()
        self._cause: Error | None = None  # why the connection has ended
        self._telling = threading.Lock()  # held by who sends frames
        self._untold = bytearray()  # those for which the socket had no room
        self._sending = threading.Lock()  # held by who sends a message
        self._last = 0  # number of a call
        self._calls: dict[int, Call] = {}  # under way
        # Held for a moment, for what follows. The garbage collector may end the connection in a thread that holds it.
        self._mutex = threading.RLock()
        self._handed: Any = None  # the message that was handed on last, which may be in the inbox yet
        self._leader: dict[int, Call] = {}  # who leads, as 0: to set it where there is none is one step for all threads
        self._followers: dict[Call, None] = {}  # who waits, in the order in which they are to lead
        self._receive, self._put, self._most = link.into.receive, link.out.send, link.most
        self._futures: set[Call] = set()
        self._ending: set[int] = set()  # calls that were given up, and have no answer yet
        self._late: list[tuple[int, int, Call]] = []  # a heap of when those are, and their number
        self._answered: deque[Call] = deque()
        self._completer: Call | None = None
        self._completing: threading.Thread | None = None
        _clients.add(self)
        threading.Thread(target=self._watch, name="samebytes-watch", daemon=True).start()
        if served is not None:
            self.listen()

    def call(self, target: Target, args: tuple[Any, ...], timeout: float | None, uses: Any = None) -> Any:
        """What the function returns: one of that name, or of an object's number and the method's name.

        It is called as long as something lives that it uses, and that the arguments do not have.
        """
        if self._cause is not None:
            raise self._error()
        call = Call()
        if timeout is not None:
            call.deadline = Deadline(timeout, f"call {_name_of(target)}")
        try:
            self._send(call, target, args)
            self._wait(call)
            return self._result(call)
        except BaseException:
            self._give_up(call)
            raise

    def items(self, target: Target, args: tuple[Any, ...], timeout: float | None, uses: Any = None) -> Items:
        """The items that the function returns, each within the timeout."""
        self._check()
        self.prepare()
        call = Call()
        call.uses, call.items = uses, deque()
        try:
            self._send(call, target, args, ITEMS_AHEAD)
        except BaseException:
            self._give_up(call)
            raise
        return Items(self, call, _name_of(target), timeout)

    def future(self, target: Target, args: tuple[Any, ...], timeout: float | None, uses: Any = None) -> Future[Any]:
        """A future of what the function returns. It is under way as long as it may use something that the arguments do not have."""
        self._check()
        call = Call()
        if timeout is not None:
            call.deadline = Deadline(timeout, f"call {_name_of(target)}")
        call.uses = uses, args
        call.future = CallFuture(lambda: self._give_up(call))
        completer = self._started_completer()
        self._futures.add(call)
        try:
            self._check()  # once more: else nobody may settle it
            self._send(call, target, args)
        except BaseException:
            self._give_up(call)
            raise
        if call.deadline is not None and call.deadline.end is not None:
            with self._mutex:
                heapq.heappush(self._late, (call.deadline.end, call.id, call))
        completer.wake()
        return call.future

    def item_future(self, call: Call) -> Future[Any]:
        """A future that is done as soon as an item of a call, its answer or the connection's end is there to be taken."""
        call.future = future = Future[Any]()
        completer = self._started_completer()
        self._futures.add(call)
        self._settle_item(call)  # what came before there was a future told nobody
        completer.wake()
        return future

    def end_item_future(self, call: Call) -> None:
        """From now on the call's items are waited for as any call's."""
        call.future = None
        self._futures.discard(call)

    def end(self, cause: Error) -> None:
        """End the connection: calls under way, and later ones, raise the cause. Of several the first counts."""
        if self.is_of_parent:
            return  # it goes on
        with self._mutex:
            if self._cause is not None:
                return
            self._cause = cause
        # An answer that nobody here has read is dropped by who has sent it; both must not.
        self._link.stop(leave=isinstance(cause, ClosedError))
        with suppress(OSError):
            self._link.sock.shutdown(socket.SHUT_RDWR)  # which ends the thread that reads it, and it is closed there
        if self._completer is not None:
            self._completer.wake()

    def join(self) -> None:
        """Wait a moment, when the connection has ended, for the thread of futures, which may hold what it has just read."""
        thread = self._completing
        if thread is not None and thread is not threading.current_thread() and not self.is_of_parent:
            thread.join(1)

    @property
    def ended(self) -> bool:
        return self._cause is not None

    @property
    def is_of_parent(self) -> bool:
        """Whether this process is a child of the one that has the connection."""
        return os.getpid() != self._pid

    def forked(self) -> None:
        """In a child: leave the connection to the parent, whose death would not be seen as long as the child has the socket."""
        self._cause = _of_parent()
        self._mutex = threading.RLock()  # who has the parent's does not exist here
        self._link.sock.close()

    def _check(self) -> None:
        if self._cause is not None:
            raise self._error()
        if self.is_of_parent:  # of a child that C code has forked
            self.forked()
            raise self._error()

    def _error(self) -> Error:
        """The cause, as a new error for each who raises it."""
        cause = self._cause or ClosedError("closed")
        return type(cause)(*cause.args)

    def _send(self, call: Call, target: Target, args: tuple[Any, ...], wants: int = VALUE) -> None:
        payload = _calls.encode_plain_call(self._encode, target, args)
        if payload is None:
            call.copies, call.given = [], []
            payload = _calls.encode_call(self._encode, target, args, call.copies, call.given)
        running = here.running
        parent = running[-1][1] if running and running[-1][0] is self else 0
        if running:
            call.deadline = earlier(call.deadline, here.deadline)
        if self._released:
            self._tell_released()
        head = _link.CALL_HEAD.pack(parent, wants) if parent or wants else _PLAIN_HEAD
        self._transmit(_link.CALL, head + payload, call)

    def _transmit(self, kind: int, payload: bytes, call: Call | None = None, id: int = 0) -> None:
        """Sends a message; one with a call gets its number."""
        if call is None or call.deadline is None:
            with self._sending:
                self._transmit_alone(kind, payload, call, id)
            return
        mine: list[bool] = []
        try:
            left = call.left()
            mine.extend(map(self._sending.acquire, (True,), (-1 if left < 0 else left / 1e9,)))
            if not mine[0]:
                call.left()
            self._transmit_alone(kind, payload, call, id)
        finally:
            if mine and mine[0]:
                self._sending.release()

    def _transmit_alone(self, kind: int, payload: bytes, call: Call | None, id: int) -> None:
        """Sends a message, for who may send."""
        if call is not None:
            self._last = call.id = id = self._last + 1  # in the order in which they are sent, as the other side expects
            self._calls[id] = call
        try:
            if len(payload) > self._most:
                made: list[ndarray] = []
                if call is not None:
                    call.copies = made = list(call.copies)
                kind, id, payload = self._link.elsewhere(kind, id, payload, made)
            patience = 0
            while not self._put(kind, id, payload, patience):
                if self._cause is not None:
                    raise self._error()
                left = -1 if call is None else call.left()
                patience = _SLICE if left < 0 else min(left, _SLICE)
                self._read_if_nobody_does()
        except ValueError as error:
            if isinstance(error, Error):
                raise
            if self.is_of_parent:  # of a child that C code has forked
                self.forked()
                raise self._error() from None
            self.end(BrokenError(str(error)))
            raise self._error() from None

    def _wait(self, call: Call) -> None:
        """Returns when the call has its answer, or an item. Runs the calls that are nested in it."""
        try:
            while call.nested or (call.answer is None and not call.items):
                if call.nested:
                    self._leave(call)
                    outer, here.deadline = here.deadline, earlier(here.deadline, call.deadline)
                    try:
                        self._run(call.nested.popleft())
                    finally:
                        here.deadline = outer
                    continue
                if self._cancelled:
                    self._check_interrupted()
                left = -1 if call.deadline is None else call.left()
                if not self._leads(call):
                    call.sleep(left)
                elif not self._read(left) and call.answer is None and not call.nested and not call.items:
                    raise self._error()
        finally:
            try:
                self._leave(call)
            except BaseException:
                self._leave(call)
                raise

    def _leads(self, call: Call) -> bool:
        """Whether it is the call's turn to read. If not, it is woken when it may be."""
        if self._leader.setdefault(0, call) is call:
            return True
        self._followers[call] = None
        return self._leader.setdefault(0, call) is call  # who led until now may not have seen that this one follows

    def _leave(self, call: Call) -> None:
        """Lets another lead, if this one does or was to."""
        if self._followers:
            self._followers.pop(call, None)
        if self._leader.get(0) is call:
            del self._leader[0]
        if self._followers and not self._leader:
            for other in list(self._followers):
                if other.answer is None:
                    other.wake()
                    return

    def _read(self, timeout: int) -> bool:
        """Hands the next message on, waiting for it so many nanoseconds; False where none comes any more. For who leads."""
        ended = self._cause is not None  # all that was sent is in the ring by then
        inbox = self._inbox
        try:
            if not inbox:  # else somebody was interrupted
                inbox.extend(map(self._receive, (timeout,)))
        except ValueError as error:
            self.end(BrokenError(str(error)))
        finally:
            came = True
            try:
                while inbox:
                    message = inbox[0]
                    if message is None:
                        came = False
                        inbox.popleft()
                    else:
                        self._hand_on(message)
            except BaseException:
                self._wake_all()
                raise
        return came or not ended

    def _read_if_nobody_does(self) -> None:
        """Reads what has come: the other side may wait for room to answer before it takes what is sent."""
        place = Call()
        try:
            if self._leads(place):
                self._read(0)
        finally:
            try:
                self._leave(place)
            except BaseException:
                self._leave(place)
                raise

    def _hand_on(self, message: _link.Message) -> None:
        """Hands on what the inbox begins with, and takes it from there."""
        kind, id, payload = message
        if kind == _CALL:
            self._hand_on_call(message)
            return
        if kind != _RESULT:
            try:
                if kind >= _link.ELSEWHERE:
                    self._inbox[0] = message = _link.fetched(message)  # at once: it can be fetched once
                    kind, id, payload = message
                if kind not in (_RESULT, _link.ERROR):
                    self._hand_on_other(message)
                    return
            except _link.LostError as lost:
                self._hand_on_lost(lost)
                return
            except Error as error:
                self.end(error)
                self._inbox.clear()
                return
        call = self._calls.get(id)
        if call is None:
            unwanted = kind == _RESULT and message is not self._handed
            self._ending.discard(id)
            self._inbox.popleft()
            if unwanted:
                _calls.drop(payload, self._decode)
            return
        call.answer = kind, payload
        if call.future is None:
            call.wake()
        else:
            self._settle_soon(call)
        self._handed = message
        self._calls.pop(id, None)
        self._inbox.popleft()
        if call.given_up:  # meanwhile
            self._drop_answer(call)

    def _drop_answer(self, call: Call) -> None:
        """Lets go what is in an answer that nobody wants. Several threads may find that out, and one of them does it."""
        answer = vars(call).pop("answer", None)
        if answer is not None:
            _calls.drop(answer[1], self._decode)

    def _hand_on_lost(self, lost: _link.LostError) -> None:
        """Has a call fail whose long message is not to be had: the caller gets the cause."""
        if lost.kind == _link.ITEM:
            self._inbox[0] = OPENED, lost.id, Failed(lost.cause)
        else:
            payload = _calls.encode([type(lost.cause).__name__, str(lost.cause), ""])
            self._inbox[0] = LOST if lost.kind == _CALL else _link.ERROR, lost.id, payload
        self._hand_on(self._inbox[0])

    def _give_up(self, call: Call) -> None:
        """Forgets a call. Its answer is dropped when it comes."""
        call.given_up = True
        pending = self._calls.pop(call.id, None)
        self._futures.discard(call)
        self._take_back(call)
        if call.answer is not None:
            self._drop_answer(call)
        elif pending is not None and self._cause is None:
            self._ending.add(call.id)
            self._tell(_link.frame(cancel=call.id))
            self._started_completer().wake()

    def _tell(self, frame: bytes) -> None:
        """Sends a frame, or as much as there is room for: the rest is sent later."""
        with self._telling, suppress(OSError):
            self._untold += frame
            del self._untold[: self._link.sock.send(self._untold, socket.MSG_DONTWAIT)]
        if self._untold and frame:
            self._started_completer().wake()

    def _started_completer(self) -> Call:
        with self._mutex:
            if self._completer is None:
                self._completer = Call()
                thread = threading.Thread(
                    target=self._complete, args=(self._completer,), name="samebytes-futures", daemon=True
                )
                thread.start()
                self._completing = thread
            return self._completer

    def _complete(self, place: Call) -> None:
        """Gives futures their results, and sends frames that there was no room for, until the connection ends."""
        while True:
            while self._answered:
                self._settle(self._answered.popleft())
            self._give_up_late()
            if self._untold:
                self._tell(b"")
            while self._abandoned:
                self.give_up_items(self._abandoned.popleft())
            if self._released:
                self._tell_released()
            ended = self._cause is not None  # looked at first: a future that is added later finds it
            if not self._futures and not self._listens and not self._ending:
                self._leave(place)
                if ended:
                    return
                place.sleep(_TICK if self._untold else -1)
            elif not self._leads(place):
                place.sleep(_TICK if self._futures or self._untold else -1)
            else:
                going = self._read(_TICK if self._futures else _REST)
                self._leave(place)  # before results are given, whose callbacks may call
                if not going:
                    self._fail_all()
                    self._listens = False
                    self._ending.clear()

    def _give_up_late(self) -> None:
        while self._late:
            with self._mutex:
                end, _, call = self._late[0]
                if call in self._futures and time.monotonic_ns() < end:
                    return
                heapq.heappop(self._late)
            if call in self._futures and call.deadline is not None:
                self._fail(call, call.deadline.error())

    def _fail(self, call: Call, error: Error) -> None:
        future = call.future
        self._give_up(call)
        if future is not None:
            with suppress(InvalidStateError):  # it was cancelled
                future.set_exception(error)

    def _fail_all(self) -> None:
        while self._answered:
            self._settle(self._answered.popleft())
        for call in list(self._futures):
            if isinstance(call.future, CallFuture):
                self._fail(call, self._error())
            else:  # an item is awaited: who does so finds what has come, and then the end
                self._futures.discard(call)
                self._settle_item(call)

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
                    if isinstance(id := frame.get("cancel"), int):
                        self.cancel(id)
                    if isinstance(said := frame.get("error"), dict):
                        cause = WorkerDiedError(
                            f"the other program has ended the connection: {said.get('type')}: {said.get('message')}"
                        )
            except Error as error:
                cause = error
            except OSError:
                pass  # it has ended
            self._other_ended(cause)

    def _other_ended(self, cause: Error | None) -> None:
        if self._cause is None:
            self.end(cause or self._died())

    def _take_back(self, call: Call) -> None:
        copies, given = call.copies, call.given
        call.copies = call.given = ()
        _calls.take_back(copies)
        _calls.take_back(given)

    def _result(self, call: Call) -> Any:
        call.given = ()  # who answers has opened them
        assert call.answer is not None
        kind, payload = call.answer
        if not call.copies and payload == NONE:
            return None
        try:
            if kind == _link.ERROR:
                raise _calls.error_of(payload)
            return self._decode(payload)
        finally:
            self._take_back(call)  # not before: the function may have returned one of them

    def _wake(self, call: Call) -> None:
        if call.future is None:
            call.wake()
        else:
            self._settle_soon(call)

    def _settle_soon(self, call: Call) -> None:
        """Has the thread of futures see to a call's."""
        self._answered.append(call)
        if self._completer is not None:
            self._completer.wake()

    def _settle_item(self, call: Call) -> None:
        """Tells who awaits an item of a call if there is something to take, and runs the calls that are nested in it."""
        while call.nested:
            self._incoming.append(call.nested.popleft())
            self._run_elsewhere()
        future = call.future
        if future is not None and (call.items or call.answer is not None or self._cause is not None):
            with suppress(InvalidStateError):  # it was told, or does not wait any more
                future.set_result(None)

    def _settle(self, call: Call) -> None:
        """Gives a future what was answered."""
        future = call.future
        if not isinstance(future, CallFuture):
            self._settle_item(call)
            return
        if call.given_up or call.answer is None or future.done():
            return
        self._futures.discard(call)
        try:
            result = self._result(call)
        except BaseException as error:
            with suppress(InvalidStateError):  # it was cancelled
                future.set_exception(error)
        else:
            with suppress(InvalidStateError):
                future.set_result(result)


def _name_of(target: Target) -> str:
    return target if isinstance(target, str) else target[1]


def _of_parent() -> Error:
    return ClosedError("the connection is that of the process which this one was forked from: open another")


of_worker: Client | None = None  # in a worker: the connection to who has started it

_clients: "weakref.WeakSet[Client]" = weakref.WeakSet()


def _after_fork() -> None:
    for client in list(_clients):
        client.forked()


os.register_at_fork(after_in_child=_after_fork)
