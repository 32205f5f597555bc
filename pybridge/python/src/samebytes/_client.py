"""Calls to and from another program over one connection, by many threads at once.

Whoever waits for an answer reads the ring itself if nobody else does: it leads, and hands the others theirs. So an answer comes to the
thread that waits for it without going through another. Who leads and has its answer makes one of the others lead. As long as somebody
waits, somebody leads; nobody reads where nobody waits, and the ring keeps what comes.

Futures wait by a thread that is started for the first of them, which is one of those that may lead. Another thread waits for the end of
the socket, which is that of the other program: it stops the rings, who leads finds that out, and so one after the other.

A call from the other program that is nested in one of this program's, because the function that was called calls back, is run by the thread
that waits for that. Others are run by the thread that serves: in a worker the main thread, elsewhere one for each. Who leads hands
them on like answers. While the other program may call, some thread leads always: the one of the futures, where nobody waits.

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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, NamedTuple, Self

import numpy as np

from samebytes import _calls, _link, _proxy
from samebytes._array import ndarray
from samebytes._errors import BrokenError, ClosedError, DTypeError, Error, FullError, NotExistError, WorkerDiedError
from samebytes._timeout import Deadline

_SLICE = 10_000_000  # ns: who waits for room to send looks so often whether there is something to read
_TICK = 20_000_000  # ns: as often it is looked whether futures are late
_REST = 100_000_000  # ns: as often, without futures, whether there is something to tell


Target = str | tuple[int, str]  # a function's name; or an object's number, and the method's name


_NOTHING: list[Any] = []  # never added to


class _Call:
    """A call under way; or the place among those that may lead of a thread that has none."""

    # What most calls leave as it is.
    id = 0
    deadline: Deadline | None = None
    answer: tuple[int, bytes] | None = None  # its kind and payload
    made: list[ndarray] = _NOTHING  # temporary arrays that it carries: copies,
    given: list[np.ndarray[Any, Any]] = _NOTHING  # and the caller's own
    future: "_Future | None" = None
    given_up = False
    items: "deque[bytes] | tuple[()]" = ()  # of one that returns items: those not taken yet
    nested: "deque[_Incoming] | tuple[()]" = ()  # calls from the other side to run while waiting for this one
    room = 0  # for items of a call from the other side
    uses: Any = None  # what is to live as long as it is under way
    turn: Any = None  # a lock, once somebody may wait: released when there is something to do for who waits

    def wake(self) -> None:
        turn = self.turn
        if turn is not None:
            try:
                turn.release()
            except RuntimeError:
                pass  # it is awake

    def left(self) -> int:
        """Nanoseconds that are left, negative for no end. Raises DeadlineError."""
        return -1 if self.deadline is None else self.deadline.left()

    def sleep(self, most: int) -> None:
        """Waits to be woken, so many nanoseconds at most, negative for ever. The first time it returns at once.

        For what came before there was a lock to be released is to be looked for once more.
        """
        if self.turn is None:
            turn = threading.Lock()
            turn.acquire()
            self.turn = turn
        else:
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


class Interrupted(BaseException):
    """The caller has given a call up. Like KeyboardInterrupt it is no Exception, so that it ends what catches those."""

    def __init__(self, id: int) -> None:
        super().__init__()
        self.id = id


class _Failed(NamedTuple):
    """An item that could not be opened."""

    error: Error


_Incoming = tuple[int, int, bytes]  # a call from the other program: its number, what the caller wants, and its value


class _Here(threading.local):
    """The calls from other programs that this thread runs, the innermost last."""

    def __init__(self) -> None:
        self.running: list[tuple[Client, int]] = []


here = _Here()

_NONE = _calls.encode(None)
_PLAIN_HEAD = _link.CALL_HEAD.pack(0, 0)  # of a call that is nested in none, for a value
_VALUE, _OBJECT = 0, -1  # what callers want; or, positive, to be sent items, of which they have room for so many
ITEMS_AHEAD = 16
_MAX_NESTED = 64  # calls that wait for one another: each has some ten frames of the thousand that Python allows


class Client:
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
        self.remote: Callable[[], Any] = lambda: None  # that by which this program calls the other
        self._link = link
        self._died = died
        self.label = label
        self._functions = served
        self._found: dict[str, Callable[..., Any]] = {}
        self.objects = _proxy.Objects(self, types)
        self._encode = _calls.encoder(self.objects.pack).encode
        self._decode = _calls.decoder(self.objects.open).decode
        self._incoming: deque[_Incoming] = deque()  # calls that are nested in none of this side's
        self._server: _Call | None = None  # the place of the thread that runs them; None: each has its own
        self._taken: set[int] = set()  # the numbers of calls from the other side that wait or run
        self._seen = 0  # the number of the latest
        self._cancelled: set[int] = set()  # those to be given up
        self._streams: dict[int, _Call] = {}  # those that send items
        self._released: deque[tuple[int, int]] = deque()  # objects that this side has let go, and how often
        self._pid = os.getpid()
        self._cause: Error | None = None  # why the connection has ended
        self._telling = threading.Lock()  # held by who sends frames
        self._untold = bytearray()  # those for which the socket had no room
        self._sending = threading.Lock()  # held by who sends a message
        self._last = 0  # number of a call
        self._calls: dict[int, _Call] = {}  # under way
        # Held for a moment, for what follows. The garbage collector may end the connection in a thread that holds it.
        self._mutex = threading.RLock()
        self._leader: dict[int, _Call] = {}  # who leads, as 0: to set it where there is none is one step for all threads
        self._followers: dict[_Call, None] = {}  # who waits, in the order in which they are to lead
        self._receive, self._put = link.into.receive, link.out.send
        self._inbox: deque[_link.Message | None] = deque()  # read, and not handed on: of who leads
        self._futures: set[_Call] = set()
        self._late: list[tuple[int, int, _Call]] = []  # a heap of when those are, and their number
        self._answered: deque[_Call] = deque()
        self._completer: _Call | None = None
        self._abandoned: deque[_Call] = deque()  # calls of items that nobody takes any more
        self._listens = False  # whether the other program may call while nobody waits
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
        call = _Call()
        if timeout is not None:
            call.deadline = Deadline(timeout, f"call {_name_of(target)}")
        try:
            self._send(call, target, args)
            self._wait(call)
            return self._result(call)
        except BaseException:
            self._give_up(call)
            raise

    def items(self, target: Target, args: tuple[Any, ...], timeout: float | None, uses: Any = None) -> "Items":
        """The items that the function returns, each within the timeout."""
        self._check()
        self.prepare()
        call = _Call()
        call.uses = uses
        try:
            self._send(call, target, args, ITEMS_AHEAD)
        except BaseException:
            self._give_up(call)
            raise
        return Items(self, call, _name_of(target), timeout)

    def future(self, target: Target, args: tuple[Any, ...], timeout: float | None, uses: Any = None) -> Future[Any]:
        """A future of what the function returns. It is under way as long as it may use something that the arguments do not have."""
        self._check()
        call = _Call()
        if timeout is not None:
            call.deadline = Deadline(timeout, f"call {_name_of(target)}")
        call.uses = uses, args
        call.future = _Future(lambda: self._give_up(call))
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
        if os.getpid() != self._pid:  # of a child that C code has forked
            self.forked()
            raise self._error()

    def _error(self) -> Error:
        """The cause, as a new error for each who raises it."""
        cause = self._cause or ClosedError("closed")
        return type(cause)(*cause.args)

    def _send(self, call: _Call, target: Target, args: tuple[Any, ...], wants: int = _VALUE) -> None:
        payload = _calls.encode_call(self._encode, target, args, call)
        running = here.running
        parent = running[-1][1] if running and running[-1][0] is self else 0
        if self._released:
            self._tell_released()
        head = _link.CALL_HEAD.pack(parent, wants) if parent or wants else _PLAIN_HEAD
        self._transmit(_link.CALL, head + payload, call)

    def _transmit(self, kind: int, payload: bytes, call: _Call | None = None, id: int = 0) -> None:
        """Sends a message; one with a call gets its number."""
        if call is None or call.deadline is None:
            with self._sending:
                self._transmit_alone(kind, payload, call, id)
            return
        mine: list[bool] = []
        try:
            mine.extend(map(self._sending.acquire, (True,), (call.left() / 1e9,)))
            if not mine[0]:
                call.left()
            self._transmit_alone(kind, payload, call, id)
        finally:
            if mine and mine[0]:
                self._sending.release()

    def _transmit_alone(self, kind: int, payload: bytes, call: _Call | None, id: int) -> None:
        """Sends a message, for who may send."""
        if call is not None:
            self._last = call.id = id = self._last + 1  # in the order in which they are sent, as the other side expects
            self._calls[id] = call
        try:
            if len(payload) > self._link.most:
                made: list[ndarray] = []
                if call is not None:
                    call.made = made = call.made or made
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
            if os.getpid() != self._pid:  # of a child that C code has forked
                self.forked()
                raise self._error() from None
            self.end(BrokenError(str(error)))
            raise self._error() from None

    def _wait(self, call: _Call) -> None:
        """Returns when the call has its answer, or an item. Runs the calls that are nested in it."""
        try:
            while call.nested or (call.answer is None and not call.items):
                if call.nested:
                    self._leave(call)
                    self._run(call.nested.popleft())
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

    def _check_interrupted(self) -> None:
        """Raises Interrupted in a thread that runs a call which was given up."""
        for of, id in here.running:
            if of is self and id in self._cancelled:
                self._cancelled.discard(id)  # once
                raise Interrupted(id)

    def next_item(self, call: _Call) -> Any:
        """The next item of a call. Raises StopIteration at the end."""
        self._wait(call)
        if call.items:
            item = call.items.popleft()
            if isinstance(item, _Failed):
                raise item.error
            return item
        self._result(call)
        raise StopIteration

    def more(self, call: _Call, n: int) -> None:
        """Says that there is room for so many more items."""
        if call.answer is None:
            self._transmit(_link.NEXT, self._encode(n), id=call.id)

    def give_up(self, call: _Call) -> None:
        """Ends a call that returns items."""
        self._give_up(call)
        call.items = ()

    def _leads(self, call: _Call) -> bool:
        """Whether it is the call's turn to read. If not, it is woken when it may be."""
        if self._leader.setdefault(0, call) is call:
            return True
        self._followers[call] = None
        return self._leader.setdefault(0, call) is call  # who led until now may not have seen that this one follows

    def _leave(self, call: _Call) -> None:
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
            while inbox:
                message = inbox[0]
                if message is None:
                    came = False
                else:
                    self._hand_on(message)
                inbox.popleft()
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

    def _hand_on(self, message: _link.Message) -> None:
        kind, id, payload = message
        if kind != _link.RESULT:
            try:
                kind, id, payload = _link.fetched(message)
                if kind not in (_link.RESULT, _link.ERROR):
                    self._hand_on_other(kind, id, payload)
                    return
            except Error as error:
                self.end(error)
                return
        call = self._calls.get(id)
        if call is None:
            if kind == _link.RESULT:
                _calls.drop(payload, self._decode)
            return
        call.answer = kind, payload
        if call.future is None:
            call.wake()
        else:
            self._answered.append(call)
            if self._completer is not None:
                self._completer.wake()
        self._calls.pop(id, None)
        if call.given_up:  # meanwhile
            _calls.drop(payload, self._decode)

    def _hand_on_other(self, kind: int, id: int, payload: bytes) -> None:
        """Of what is no answer."""
        if kind == _link.ITEM:
            call = self._calls.get(id)
            if call is None or call.given_up:
                _calls.drop(payload, self._decode)
            else:
                call.given = _NOTHING  # they were opened
                call.items = call.items or deque()
                call.items.append(self._opened(payload))  # at once: if this process is killed, arrays go with it
                call.wake()
        elif kind == _link.NEXT:
            room = self._decode(payload)
            if not isinstance(room, int) or room < 0:
                raise BrokenError(f"expected room for more items, found {room!r:.80}")
            stream = self._streams.get(id)
            if stream is not None:
                stream.room += room
                stream.wake()
        elif kind == _link.RELEASE:
            self.objects.released(self._decode(payload))
        elif kind == _link.CALL and len(payload) >= _link.CALL_HEAD.size:
            parent, wants = _link.CALL_HEAD.unpack_from(payload)
            if id <= self._seen:
                return  # who handed it on was interrupted thereafter
            incoming = id, wants, payload[_link.CALL_HEAD.size :]
            self._taken.add(id)
            outer = self._calls.get(parent) if parent else None
            self._seen = id
            if outer is not None and outer.future is None:
                outer.nested = outer.nested or deque()
                outer.nested.append(incoming)
                outer.wake()
            elif self._server is not None:
                self._incoming.append(incoming)
                self._server.wake()
            else:
                threading.Thread(target=self._run, args=(incoming,), name="samebytes-call", daemon=True).start()
        else:
            raise BrokenError(f"expected an answer or a call, found a message of kind {kind} and {len(payload)} bytes")

    def _opened(self, payload: bytes) -> Any:
        try:
            return self._decode(payload)
        except Error as error:
            return _Failed(error)

    def _run(self, call: _Incoming) -> None:
        """Runs a call from the other program, and answers it."""
        id, wants, value = call
        running = here.running
        running.append((self, id))
        ends: BaseException | None = None
        try:
            try:
                if self._cancelled and id in self._cancelled:
                    _calls.drop(value, self._decode)
                    raise Interrupted(id)
                if len(running) > _MAX_NESTED:
                    raise FullError(f"calls wait for one another more than {_MAX_NESTED} deep")
                target, args, *named = self._decode(value)
                function = self._function(target)
                result = function(*args, **named[0]) if named else function(*args)
                if wants > 0:
                    self._send_items(call, result)
                    result = None
                elif wants == _OBJECT:
                    result = _proxy.lend(result)
                kind, answer = _link.RESULT, _NONE if result is None else self._encode(result)
                del target, args, named, result
            finally:
                running.pop()
                self._taken.discard(id)
                if self._cancelled:
                    self._cancelled.discard(id)
        except BaseException as error:  # SystemExit and Interrupted too
            kind, answer = _link.ERROR, _calls.encode(list(_calls.described(error, 2).values()))
            if isinstance(error, Interrupted) and error.id != id:
                ends = error  # a call that this one is nested in
            elif not isinstance(error, (Exception, Interrupted)):
                ends = error
        self._answer(id, kind, answer)
        if ends is not None:
            self._ended_by(ends)

    def _answer(self, id: int, kind: int, payload: bytes) -> None:
        try:
            self._transmit(kind, payload, id=id)
        except (ClosedError, WorkerDiedError):
            pass  # nobody waits for it

    def _ended_by(self, error: BaseException) -> None:
        """After a function was ended by what is to end more than it, as KeyboardInterrupt."""
        if here.running or threading.current_thread() is threading.main_thread():
            raise error

    def _send_items(self, call: _Incoming, result: Any) -> None:
        """Sends the items that a function has returned, as there is room for them."""
        if isinstance(result, (str, bytes, bytearray, dict)) or not hasattr(result, "__iter__"):
            raise DTypeError(
                f"expected a function that returns items, as generators do, found a result of {type(result).__name__}"
            )
        id, wants, _ = call
        place = self._streams[id] = _Call()
        place.room = wants
        items = iter(result)
        try:
            for item in items:
                self._wait_for_room(place)
                place.room -= 1
                self._answer(id, _link.ITEM, self._encode(item))
        finally:
            del self._streams[id]
            close = getattr(items, "close", None)
            if close is not None:
                close()

    def _wait_for_room(self, place: _Call) -> None:
        try:
            while place.room <= 0:
                if self._cancelled:
                    self._check_interrupted()
                if not self._leads(place):
                    place.sleep(-1)
                elif not self._read(-1):
                    raise self._error()
        finally:
            try:
                self._leave(place)
            except BaseException:
                self._leave(place)
                raise

    def _function(self, target: Any) -> Callable[..., Any]:
        """What a call calls."""
        if type(target) is not str:
            return self.objects.method(*target)
        function = self._found.get(target)
        if function is None:
            if self._functions is None:
                raise NotExistError("this program serves no functions")
            function = self._found[target] = _calls.find(self._functions, target)
        return function

    def cancel(self, id: int) -> None:
        """Give up a call from the other program: what waits in it for the other program raises, and what has not begun does not begin."""
        if id in self._taken or id > self._seen:
            self._cancelled.add(id)
            for call in list(self._calls.values()):
                call.wake()
            for stream in list(self._streams.values()):
                stream.wake()

    def listen(self) -> None:
        """From now on the other program may call at any time: some thread is to read."""
        self._listens = True
        self._started_completer().wake()

    def let_go(self, number: int, count: int) -> None:
        """One of the other program's objects is not used here any more. The garbage collector may call this, in any thread at any moment."""
        self._released.append((number, count))
        if self._completer is not None:
            self._completer.wake()

    def retain(self, number: int) -> None:
        """One of the other program's objects is in a message that is about to be sent: it does not matter when it is let go here."""
        self._transmit(_link.RELEASE, self._encode([[number, -1]]))

    def let_items_go(self, call: _Call) -> None:
        """As `let_go`, of a call that returns items."""
        self._abandoned.append(call)
        if self._completer is not None:
            self._completer.wake()

    def _tell_released(self) -> None:
        released: list[tuple[int, int]] = []
        while self._released:
            released.append(self._released.popleft())
        if released and self._cause is None:
            with suppress(Error):  # then it lets all go
                self._transmit(_link.RELEASE, self._encode(released))

    def prepare(self) -> None:
        """Starts the thread that tells of objects that are let go."""
        self._started_completer()

    def _give_up(self, call: _Call) -> None:
        """Forgets a call. Its answer is dropped when it comes."""
        call.given_up = True
        pending = self._calls.pop(call.id, None)
        self._futures.discard(call)
        self._take_back(call)
        if call.answer is not None:
            _calls.drop(call.answer[1], self._decode)
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
                self._settle(self._answered.popleft())
            self._give_up_late()
            if self._untold:
                self._tell(b"")
            while self._abandoned:
                self.give_up(self._abandoned.popleft())
            if self._released:
                self._tell_released()
            ended = self._cause is not None  # looked at first: a future that is added later finds it
            if not self._futures and not self._listens:
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
            self._settle(self._answered.popleft())
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

    def _take_back(self, call: _Call) -> None:
        if call.made:
            _calls.take_back(call.made)
        if call.given:
            _calls.take_back(call.given)

    def _result(self, call: _Call) -> Any:
        if call.made:
            _calls.take_back(call.made)
        call.given = _NOTHING  # who answers has opened them
        assert call.answer is not None
        kind, payload = call.answer
        if payload == _NONE:
            return None
        if kind == _link.ERROR:
            raise _calls.error_of(payload)
        call.answer = kind, _NONE  # what it has is let go here
        try:
            return self._decode(payload)
        except BaseException:
            _calls.drop(payload)  # the arrays that were not opened
            raise

    def _settle(self, call: _Call) -> None:
        """Gives a future what was answered."""
        self._futures.discard(call)
        future = call.future
        assert future is not None
        if call.given_up:
            return
        try:
            result = self._result(call)
        except BaseException as error:
            with suppress(InvalidStateError):  # it was cancelled
                future.set_exception(error)
        else:
            with suppress(InvalidStateError):
                future.set_result(result)


class Items:
    """The items that a function of another program returns, an iterator. Not all taken, `close` ends it; so does the last reference's end."""

    def __init__(self, client: Client, call: _Call, name: str, timeout: float | None) -> None:
        self._client, self._call, self._name, self._timeout = client, call, name, timeout
        self._n = 0
        self._over = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if self._over:
            raise StopIteration
        call = self._call
        call.deadline = None if self._timeout is None else Deadline(self._timeout, f"next item of {self._name}")
        try:
            item = self._client.next_item(call)
            self._n += 1
            if self._n == ITEMS_AHEAD // 2:
                self._n = 0
                self._client.more(call, ITEMS_AHEAD // 2)
        except BaseException:
            self.close()
            raise
        return item

    def close(self) -> None:
        """Ends it: the function's context is over."""
        if not self._over:
            self._over = True
            self._client.give_up(self._call)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not self._over:
            self._over = True
            self._client.let_items_go(self._call)


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
