"""Calls from the other program, over the connection by which this one calls it; and what both sides tell each other beside answers.

A call that is nested in one of this program's, because the function that was called calls back, is run by the thread that waits for that.
Others are run by the thread that serves: in a worker the main thread, elsewhere one for each.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from samebytes import _calls, _link, _proxy
from samebytes._errors import (
    BrokenError,
    ClosedError,
    DTypeError,
    Error,
    FullError,
    NotExistError,
    WorkerDiedError,
)
from samebytes._pending import Call, Incoming
from samebytes._timeout import Deadline

if TYPE_CHECKING:
    from concurrent.futures import Future


class Interrupted(BaseException):
    """The caller has given a call up. Like KeyboardInterrupt it is no Exception, so that it ends what catches those."""

    def __init__(self, id: int) -> None:
        super().__init__()
        self.id = id


class Failed(NamedTuple):
    """An item that could not be opened."""

    error: Error


class _Here(threading.local):
    """What this thread does for other programs."""

    def __init__(self) -> None:
        self.running: list[tuple[Served, int]] = []  # their calls, the innermost last
        self.deadline: Deadline | None = None  # of the calls that wait for what this thread runs, the first


here = _Here()

_RESULT, _CALL, _CALL_HEAD_SIZE = _link.RESULT, _link.CALL, _link.CALL_HEAD.size  # which each call needs
# What stands in the inbox for an item and for objects that are let go when their messages are decoded, and for the answer to a call that
# was lost.
OPENED, _RELEASING, LOST = -1, -2, -3
_POP = deque[Any].popleft
NONE = _calls.encode(None)
VALUE, OBJECT = 0, -1  # what callers want; or, positive, to be sent items, of which they have room for so many
ITEMS_AHEAD = 16
_MAX_RELEASED = 50  # objects in a message: it fits into the smallest slot
MAX_NESTED = 64  # calls that wait for one another: each has some ten frames of the thousand that Python allows


class Served:
    """What the other program may call. `Client` is one, and has the ring: who reads it, and how messages are sent."""

    objects: _proxy.Objects
    _encode: Callable[[Any], bytes]
    _decode: Callable[[bytes], Any]
    _calls: dict[int, Call]
    _completer: Call | None
    _cause: Error | None
    _handed: Any

    def __init__(self, functions: Any) -> None:
        self._functions = functions
        self._found: dict[str, Callable[..., Any]] = {}
        self._inbox: deque[Any] = deque()  # what was read, and is not handed on: of who leads
        self._incoming: deque[Incoming] = deque()  # calls that are nested in none of this side's
        self._lost: deque[Any] = deque()  # answers to calls that were lost
        self._server: Call | None = None  # the place of the thread that runs them; None: each has its own
        self._taken: set[int] = set()  # the numbers of calls from the other side that wait or run
        self._seen = 0  # the number of the latest
        self._cancelled: set[int] = set()  # those to be given up
        self._streams: dict[int, Call] = {}  # those that send items
        self._released: deque[tuple[int, int]] = deque()  # objects that this side has let go, and how often
        self._abandoned: deque[Call] = deque()  # calls of items that nobody takes any more
        self._listens = False  # whether the other program may call while nobody waits

    def _leads(self, call: Call) -> bool:
        raise NotImplementedError

    def _leave(self, call: Call) -> None:
        raise NotImplementedError

    def _read(self, timeout: int) -> bool:
        raise NotImplementedError

    def _wait(self, call: Call) -> None:
        raise NotImplementedError

    def _result(self, call: Call) -> Any:
        raise NotImplementedError

    def _give_up(self, call: Call) -> None:
        raise NotImplementedError

    def _error(self) -> Error:
        raise NotImplementedError

    def end(self, cause: Error) -> None:
        raise NotImplementedError

    def _transmit(self, kind: int, payload: bytes, call: Call | None = None, id: int = 0) -> None:
        raise NotImplementedError

    def _started_completer(self) -> Call:
        raise NotImplementedError

    def _wake(self, call: Call) -> None:
        raise NotImplementedError

    def item_future(self, call: Call) -> "Future[Any]":
        raise NotImplementedError

    def end_item_future(self, call: Call) -> None:
        raise NotImplementedError

    def _check_interrupted(self) -> None:
        """Raises Interrupted in a thread that runs a call which was given up."""
        for of, id in here.running:
            if of is self and id in self._cancelled:
                self._cancelled.discard(id)  # once
                raise Interrupted(id)

    def _hand_on_other(self, message: Any) -> None:
        """As `_hand_on`, of what is no answer."""
        kind, id, payload = message
        if kind in (_link.ITEM, OPENED):
            self._hand_on_item(message)
        elif kind == _link.NEXT:
            room = self._decode(payload)
            if not isinstance(room, int) or room < 0:
                raise BrokenError(f"expected room for more items, found {room!r:.80}")
            stream = self._streams.get(id)
            if stream is not None:
                if message is not self._handed:
                    stream.room, self._handed = stream.room + room, message
                stream.wake()
            self._inbox.popleft()
        elif kind in (_link.RELEASE, _RELEASING):
            if kind == _link.RELEASE:
                payload = _proxy.parse_released(self._decode(payload))
                self._inbox[0] = _RELEASING, id, payload
            self.objects.released(payload)
            self._inbox.popleft()
        elif kind == _CALL:
            self._hand_on_call(message)
        elif kind == LOST:
            if id > self._seen:
                self._seen = id
            self._lost.extend(map(_POP, (self._inbox,)))
            self._answer_lost_soon()
        else:
            raise BrokenError(f"expected an answer or a call, found a message of kind {kind} and {len(payload)} bytes")

    def _hand_on_item(self, message: Any) -> None:
        kind, id, payload = message
        call = self._calls.get(id)
        items = None if call is None else call.items  # who gives the call up takes them away last
        if call is None or call.given_up:
            self._inbox.popleft()
            if kind == _link.ITEM:
                _calls.drop(payload, self._decode)
            return
        if not isinstance(items, deque):
            raise BrokenError(f"expected one answer to call {id}, found an item")
        call.given = ()  # they were opened
        if kind == _link.ITEM:
            self._inbox[0] = OPENED, id, self._opened(payload)  # at once: if this process is killed, arrays go with it
        items.extend(map(_POP, (self._inbox,)))
        self._wake(call)

    def _hand_on_call(self, message: _link.Message) -> None:
        _, id, payload = message
        if len(payload) < _CALL_HEAD_SIZE:
            self.end(BrokenError(f"expected a call, found one of {len(payload)} bytes"))
            self._inbox.popleft()
            return
        parent, _ = _link.CALL_HEAD.unpack_from(payload)
        self._taken.add(id)
        if id > self._seen:  # some come later than others that were made after them
            self._seen = id
        outer = self._calls.get(parent) if parent else None
        if outer is not None and outer.future is None:
            outer.nested = outer.nested or deque()
            outer.nested.extend(map(_POP, (self._inbox,)))
            self._wake(outer)
        else:
            self._incoming.extend(map(_POP, (self._inbox,)))
            self._run_elsewhere()

    def _run_elsewhere(self) -> None:
        """Has a call run that has come, and that no thread of this one waits for."""
        if self._server is not None:
            self._server.wake()
        else:
            threading.Thread(target=self._run_incoming, name="samebytes-call", daemon=True).start()

    def _answer_lost_soon(self) -> None:
        """Has a call answered that was lost. Whose caller it is in turn may wait for that, so no thread that runs calls does it."""
        threading.Thread(target=self._answer_lost, name="samebytes-call", daemon=True).start()

    def _answer_lost(self) -> None:
        try:
            _, id, payload = self._lost.popleft()
        except IndexError:
            return  # another thread has it
        with suppress(ClosedError, WorkerDiedError):  # then nobody waits for it
            self._transmit(_link.ERROR, payload, id=id)

    def _run_incoming(self) -> None:
        try:
            incoming = self._incoming.popleft()
        except IndexError:
            return  # another thread has it
        self._run(incoming)

    def _wake_all(self) -> None:
        """Has all look for what has come."""
        for call in [*self._calls.values(), *self._streams.values()]:
            self._wake(call)
        if self._completer is not None:
            self._completer.wake()
        for _ in list(self._incoming):
            self._run_elsewhere()
        for _ in list(self._lost):
            self._answer_lost_soon()

    def _opened(self, payload: bytes) -> Any:
        try:
            return self._decode(payload)
        except Error as error:
            return Failed(error)

    def _run(self, call: Incoming) -> None:
        """Runs a call from the other program, and answers it."""
        _, id, payload = call
        _, wants = _link.CALL_HEAD.unpack_from(payload)
        value = payload[_CALL_HEAD_SIZE:]
        running = here.running
        running.append((self, id))
        ends: BaseException | None = None
        try:
            try:
                if self._cancelled and id in self._cancelled:
                    _calls.drop(value, self._decode)
                    raise Interrupted(id)
                if len(running) > MAX_NESTED:
                    raise FullError(f"calls wait for one another more than {MAX_NESTED} deep")
                parts = self._decode(value)
                function = self._function(parts[0])
                result = function(*parts[1]) if len(parts) == 2 else function(*parts[1], **parts[2])
                if wants > 0:
                    self._send_items(id, wants, result)
                    result = None
                elif wants == OBJECT:
                    result = _proxy.lend(result)
                kind, answer = _RESULT, NONE if result is None else self._encoded(result)
                del parts, result
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

    def _encoded(self, value: Any) -> bytes:
        """What `_answer` is to send next."""
        return _calls.encode_result(self._encode, value)

    def _answer(self, id: int, kind: int, payload: bytes) -> None:
        try:
            self._transmit(kind, payload, id=id)
        except (ClosedError, WorkerDiedError):
            pass  # nobody waits for it

    def _ended_by(self, error: BaseException) -> None:
        """After a function was ended by what is to end more than it, as KeyboardInterrupt."""
        if here.running or threading.current_thread() is threading.main_thread():
            raise error

    def _send_items(self, id: int, wants: int, result: Any) -> None:
        """Sends the items that a function has returned, as there is room for them."""
        if isinstance(result, (str, bytes, bytearray, dict)) or not hasattr(result, "__iter__"):
            raise DTypeError(
                f"expected a function that returns items, as generators do, found a result of {type(result).__name__}"
            )
        place = self._streams[id] = Call()
        place.room = wants
        items = iter(result)
        try:
            for item in items:
                self._wait_for_room(place)
                place.room -= 1
                self._answer(id, _link.ITEM, self._encoded(item))
        finally:
            del self._streams[id]
            close = getattr(items, "close", None)
            if close is not None:
                close()

    def _wait_for_room(self, place: Call) -> None:
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
            self._wake_all()

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

    def next_item(self, call: Call) -> Any:
        """The next item of a call. Raises StopIteration at the end."""
        self._wait(call)
        return self.take_item(call)

    def take_item(self, call: Call) -> Any:
        """As `next_item`, where the item or the end has come."""
        if call.items:
            return call.items.popleft()[2]
        self._result(call)
        raise StopIteration

    def say_more(self, call: Call, n: int) -> None:
        """Says that there is room for so many more items."""
        self._transmit(_link.NEXT, self._encode(n), id=call.id)

    def give_up_items(self, call: Call) -> None:
        """Ends a call that returns items."""
        self._give_up(call)
        call.items = ()

    def let_items_go(self, call: Call) -> None:
        """As `let_go`, of a call that returns items."""
        self._abandoned.append(call)
        if self._completer is not None:
            self._completer.wake()

    def _tell_released(self) -> None:
        while self._released:
            released: list[tuple[int, int]] = []
            while self._released and len(released) < _MAX_RELEASED:
                released.append(self._released.popleft())
            if self._cause is None:
                with suppress(Error):  # then it lets all go
                    self._transmit(_link.RELEASE, self._encode(released))

    def prepare(self) -> None:
        """Starts the thread that tells of objects that are let go."""
        self._started_completer()


class Items:
    """The items that a function of another program returns, an iterator, for asyncio too. Its end is that of the items, or by `close`,
    by an error, a timeout or a cancelled task, or when nothing refers to it any more.
    """

    def __init__(self, client: Served, call: Call, name: str, timeout: float | None) -> None:
        self._client, self._call, self._name, self._timeout = client, call, name, timeout
        self._n = 0
        self._over = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if self._over:
            raise StopIteration
        call = self._call
        call.deadline = self._deadline()
        try:
            return self._taken(self._client.next_item)
        except BaseException:
            self.close()
            raise

    def _deadline(self) -> Deadline | None:
        return None if self._timeout is None else Deadline(self._timeout, f"next item of {self._name}")

    def _taken(self, take: Callable[[Call], Any]) -> Any:
        call = self._call
        item = take(call)
        self._n += 1
        if self._n == ITEMS_AHEAD // 2 and call.answer is None:
            self._n = 0
            self._client.say_more(call, ITEMS_AHEAD // 2)
        if isinstance(item, Failed):
            raise item.error
        return item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._over:
            raise StopAsyncIteration
        call = self._call
        if call.future is not None:
            raise RuntimeError("the next item is awaited already")
        try:
            if not call.items and call.answer is None:
                await self._arrival()
            call.deadline = None
            if call.items or call.answer is not None:
                return self._taken(self._client.take_item)
            return self._taken(self._client.next_item)  # the connection has ended: what is left of it is to be read
        except StopIteration:
            self.close()
            raise StopAsyncIteration from None
        except BaseException:  # also CancelledError: then nobody awaits the item that comes next
            self.close()
            raise

    async def _arrival(self) -> None:
        """Returns when there is something to take."""
        import asyncio

        deadline = self._deadline()
        arrival = asyncio.wrap_future(self._client.item_future(self._call))
        try:
            if not (await asyncio.wait([arrival], timeout=self._timeout))[0] and deadline is not None:
                raise deadline.error()
            await arrival
        finally:
            self._client.end_item_future(self._call)
            arrival.cancel()

    async def aclose(self) -> None:
        """``close``, for `contextlib.aclosing`."""
        self.close()

    def close(self) -> None:
        """Ends it: the function's context is over."""
        if not self._over:
            self._over = True
            self._client.give_up_items(self._call)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not self._over:
            self._over = True
            self._client.let_items_go(self._call)
