"""Programs in Go whose functions are called from here: started by `launch`, or found by `connect`."""

import errno
import os
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

from samebytes import _domain, _name
from samebytes._errors import (
    AccessError,
    BrokenError,
    ClosedError,
    Error,
    NotExistError,
    UnsupportedError,
    VersionError,
    WorkerDiedError,
)
from samebytes._timeout import Deadline

if TYPE_CHECKING:  # what only calls need is imported when there are some
    import socket

    from samebytes._client import Client
    from samebytes._function import Function

_VARIABLE = "SAMEBYTES_CALLS"  # by which a program that was launched finds its socket
_SOCKET = ".samebytes-calls-"  # what the names of sockets begin with, in the directory of segments
_OF_SHARED = ("named_object", "adopted_object")  # functions that the classes of shared objects call
_STATS = ".stats"  # a function that each server has
_PAUSE = 0.01  # seconds between two looks whether a server is there
_ANSWER = 10.0  # seconds in which a server answers that is there
_START = 60.0  # seconds in which a program is ready, by default
_LONG = 10**15  # nanoseconds, 11 days: poll takes no 25, so that a longer timeout of a socket is none
_STOP = 5.0  # seconds that a program has to end before it is killed


class Remote:
    """A Go program's functions: each is an attribute. `launch` and `connect` return one.

    ``go.scale(a, 2.0)`` calls a function and returns what it returns. Any number of threads may call at once. What the Go function
    fails with is raised: as the class of samebytes whose twin it is, as `NotExistError` for ``shm.ErrNotExist``, else as
    `RemoteError`. Arrays in segments (`create`, `zeros`, `array`) are not copied: the function has the same elements. Others are copied
    into a temporary segment.

    ``go.scale(a, 2.0, timeout=1.5)`` raises DeadlineError when there is no answer after so many seconds, and ends the function's
    context. ``go.scale.future(a, 2.0)`` returns a `concurrent.futures.Future` when the call is sent, whose ``cancel()`` does so too;
    ``await go.scale.aio(a, 2.0)`` is for asyncio. Both take a timeout. With more than 1000 calls under way they wait for room before they return. ``help(go.scale)`` shows what the Go program says of it.

    The connection ends with ``close()``, at the end of a ``with`` block, or when nothing refers to it and its functions any more. A
    program that was launched ends with it. Calls raise WorkerDiedError when the program has ended.

    Examples
    --------
    >>> with sb.launch("./worker") as go:  # doctest: +SKIP
    ...     go.scale(a, 2.0)
    ...     futures = [go.scale.future(row, 3.0) for row in a]
    """

    def __init__(self, connection: "_Connection | Caller", functions: Sequence[Mapping[str, Any]]) -> None:
        from samebytes import _function

        self._connection = connection
        classes = connection.client.objects.classes
        if any(hasattr(kind, "named") for kind in classes.values()):
            functions = [of for of in functions if of["name"] not in _OF_SHARED]
        self._names = [str(of["name"]) for of in functions]
        for of in functions:
            name = of["name"]
            shown = _function.Shown(of, connection.label)
            setattr(self, name, classes.get(name) or _function.make(connection.client, name, shown, uses=connection))
        for kind in classes.values():
            if (named := getattr(kind, "named", None)) is not None:  # a shared Dict, which is also found by a name
                self._names.append(kind.__name__.lower())
                setattr(self, kind.__name__.lower(), named)

    def close(self) -> None:
        """End the connection, and the program if it was launched. Calls under way in other threads raise ClosedError."""
        self._connection.close()

    def stats(self, timeout: float | None = None) -> dict[str, Any]:
        """What the Go program has done for all its clients since it was started, as its ``srv.Stats()`` says.

        ``functions`` has of each that was called ``calls``, ``errors``, ``in_flight``, and ``p50`` and ``p99`` of the time that a call
        took there, as a timedelta; ``handle_bytes`` and ``copy_bytes`` are of arrays, ``processes`` the clients.
        """
        found: dict[str, Any] = self._connection.client.call(_STATS, (), timeout)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> "Function":
        if name.startswith("_"):
            raise AttributeError(name)
        from samebytes import _calls

        raise AttributeError(f"{self._connection.label} has no function {name!r}{_calls.nearest(name, self._names)}")

    def __repr__(self) -> str:
        state = "closed " if self._connection.client.ended else ""
        return f"<{state}{self._connection.label}: {', '.join(self._names) or 'no functions'}>"


class _Connection:
    """What a `Remote`, its functions and proxies keep open."""

    def __init__(self, client: "Client", label: str, program: "_Program | None") -> None:
        self.client, self.label = client, label
        self.peer: tuple[str, int] | None = None  # a server's name and process, which tell it from another of the name
        self.close: Callable[[], object] = weakref.finalize(self, _close, client, program)
        client.objects.connection = weakref.ref(self)


class Caller:
    """As a `_Connection`, of a worker: it ends with the process."""

    def __init__(self, client: "Client") -> None:
        self.client, self.label = client, client.label
        self.peer: tuple[str, int] | None = None
        client.objects.connection = lambda: None

    def close(self) -> None:
        """Nothing: the pool ends it."""


def _close(client: "Client", program: "_Program | None") -> None:
    client.end(ClosedError("the connection is closed"))
    client.join()
    if program is not None:
        program.close()


def launch(
    command: "str | os.PathLike[str] | Sequence[str | os.PathLike[str]]",
    env: Mapping[str, str] | None = None,
    cwd: "str | os.PathLike[str] | None" = None,
    timeout: float | None = _START,
    serve: Any = None,
) -> Remote:
    """Start a Go program that serves functions by ``srv.Serve(ctx)``, and return them.

    The program ends when the connection is closed, or this process ends, however it does. What it prints is printed here.

    Parameters
    ----------
    command : str, path, or sequence of these
        The program, and its arguments. No shell reads it.
    env : mapping, optional
        Environment variables to add to this process's.
    cwd : str or path, optional
        The directory to start it in.
    timeout : float, optional
        Seconds that it may take until it serves; None for ever.
    serve : module, object or dict, optional
        Whose functions the program may call back, by ``pybridge.CallBack``.

    Raises
    ------
    NotExistError, AccessError
        When the program, or the directory, is not there or may not be run.
    UnsupportedError
        When it is a file that this machine cannot run.
    WorkerDiedError
        When it ended before it served. The message has its exit code.
    DeadlineError
        When it did not serve in time. It is ended then.
    VersionError
        When it is built with a release of another protocol.

    Examples
    --------
    >>> sb.launch("./no-such-program")
    Traceback (most recent call last):
        ...
    samebytes.NotExistError: launch ./no-such-program: no such program
    """
    import socket

    words = [os.fspath(command)] if isinstance(command, (str, os.PathLike)) else [os.fspath(word) for word in command]
    if not words:
        raise ValueError("expected a command, found none")
    label = f"program {words[0]}"
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            program = _Program(words, env, cwd, theirs.fileno())
        try:
            return _introduced(ours, label, program, Deadline(timeout, f"launch {words[0]}"), serve)
        except BaseException:
            program.kill()
            raise
    except BaseException:
        ours.close()
        raise


def connect(name: str, timeout: float | None = None, serve: Any = None) -> Remote:
    """Connect to a Go program that serves functions by ``srv.Listen(ctx, name)``, and return them.

    Parameters
    ----------
    name : str
        As `create` takes names.
    timeout : float, optional
        Seconds to wait until the server is there and answers. Unless given, it must be there.
    serve : module, object or dict, optional
        Whose functions the server may call back, by ``pybridge.CallBack``.

    Raises
    ------
    NotExistError
        When no server has the name. The message says which names come near.
    BadNameError
        For what cannot be a name.
    AccessError
        When the server is another user's.
    DeadlineError
        When it is there and does not answer in time.
    VersionError
        When it is built with a release of another protocol.

    Examples
    --------
    >>> sb.connect("example")
    Traceback (most recent call last):
        ...
    samebytes.NotExistError: no server 'example' in ...
    """
    _name.path_of(name)  # or it is no name
    deadline = Deadline(_ANSWER if timeout is None else timeout, f"connect {name!r}")
    sock = _connected(name, deadline, wait=timeout is not None)
    try:
        pid = _check_peer(sock, name)
        remote = _introduced(sock, f"server {name!r}", None, deadline, serve)
        remote._connection.client.server = name
        remote._connection.peer = name, pid
        return remote
    except BaseException:
        sock.close()
        raise


def _connected(name: str, deadline: Deadline, wait: bool) -> "socket.socket":
    """A socket to the server of that name."""
    import socket
    import time

    directory = _name.directory()
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            fd = os.open(f"{directory}/{_SOCKET}{name}", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                sock.connect(f"/proc/self/fd/{fd}")  # which is short, as a socket's path has to be
            finally:
                os.close(fd)
            return sock
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
            sock.close()
            if not wait or (deadline.end is not None and time.monotonic_ns() >= deadline.end):
                dead = isinstance(error, ConnectionRefusedError)
                raise _no_server(name, directory, dead) from None
        except PermissionError as error:
            sock.close()
            raise AccessError(f"connect {name!r}: {error.strerror}") from None
        except BaseException:
            sock.close()
            raise
        time.sleep(_PAUSE)


def _no_server(name: str, directory: str, dead: bool) -> NotExistError:
    import difflib

    try:
        names = [entry[len(_SOCKET) :] for entry in os.listdir(directory) if entry.startswith(_SOCKET)]
    except OSError:
        names = []  # a hint that cannot be given is left out
    near = [other for other in difflib.get_close_matches(name, names, n=4) if other != name]
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    return NotExistError(f"no server {name!r} in {directory}" + (": the one of that name has ended" if dead else "") + hint)


def _check_peer(sock: "socket.socket", name: str) -> int:
    """The process of the server, which has to be this user's."""
    import socket
    import struct

    pid, uid, _ = struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid != os.geteuid():
        raise AccessError(f"connect {name!r}: expected a server of user {os.geteuid()}, found process {pid} of user {uid}")
    return int(pid)


def _introduced(sock: "socket.socket", label: str, program: "_Program | None", deadline: Deadline, serve: Any) -> Remote:
    """The functions of the program at the other end, when both have introduced themselves."""
    from samebytes import _calls, _link
    from samebytes._client import Client

    domain = _domain.made_token(_name.directory())  # the other program may not be able to make it
    memory = _link.make_memory()
    try:
        left = deadline.left()
        sock.settimeout(left / 1e9 if 0 <= left < _LONG else None)
        try:
            with suppress(BrokenPipeError):  # it may have said why it does not listen
                _link.introduce(sock, memory, domain=domain, language=f"python {'.'.join(map(str, sys.version_info[:3]))}")
            answer, fd = _link.read_frame(sock)
        except TimeoutError:
            raise deadline.error() from None
        except OSError:
            answer, fd = None, None
        if fd is not None:
            os.close(fd)
        if answer is None:
            raise _died(label, program, "before it served")
        if isinstance(said := answer.get("error"), dict):
            raise _calls.twin_of(str(said.get("type")), f"{label}: {said.get('message')}")
        if answer.get("protocol") != _link.PROTOCOL:
            raise VersionError(f"{label}: expected protocol {_link.PROTOCOL}, found {answer.get('protocol')!r}")
        functions = _checked(answer.get("functions", []), label)
        sock.settimeout(None)
        held = os.dup(memory)
    finally:
        os.close(memory)
    if isinstance(serve, dict):
        serve = SimpleNamespace(**serve)
    types = _checked_types(answer.get("types", []), label)
    client = Client(_link.Link(sock, held, first=True), lambda: _died(label, program, "during the call"), serve, types, label)
    remote = Remote(_Connection(client, label, program), functions)
    client.remote = weakref.ref(remote)
    return remote


def _checked(functions: Any, label: str, of_object: bool = False) -> list[dict[str, Any]]:
    """What an introduction says of functions, which may be anything."""

    def texts(of: Any) -> bool:
        return isinstance(of, list) and all(isinstance(text, str) for text in of)

    for of in functions if isinstance(functions, list) else [functions]:
        name = of.get("name") if isinstance(of, dict) else None
        callable_ = isinstance(name, str) and name.isidentifier()
        if isinstance(name, str) and not of_object:
            callable_ = callable_ and not name.startswith("_") and name not in ("close", "stats")
        if not callable_ or not texts(of.get("params", [])) or not texts(of.get("results", [])):
            raise BrokenError(f"{label}: expected the names of functions and their types, found {of!r:.80}")
    return list(functions)


def _checked_types(types: Any, label: str) -> list[dict[str, Any]]:
    """What an introduction says of types, likewise."""
    for of in types if isinstance(types, list) else [types]:
        if not isinstance(of, dict) or not isinstance(of.get("name"), str):
            raise BrokenError(f"{label}: expected the names of types, found {of!r:.80}")
        for part in ("methods", "attributes"):
            _checked(of.get(part, []), label, of_object=True)
    return list(types)


def caller() -> Remote:
    """The functions and types of the Go program that has called the function which runs.

    In a worker of a pool they are those of the server that the pool was given as ``Serve``; in the thread that runs a function which a Go program calls
    back, those of that program. What is called ends with the outer call when that is given up.

    Raises
    ------
    NotExistError
        Where no program has called this one.

    Examples
    --------
    >>> def work(a):
    ...     return sb.caller().scale(a, 2.0)
    """
    from samebytes import _client
    from samebytes._served import here

    client: Any
    if here.running:
        client = here.running[-1][0]
    elif _client.of_worker is not None:
        client = _client.of_worker
    else:
        raise NotExistError("expected a function that a Go program has called: no program has called this one")
    remote: Remote = client.remote()
    return remote


def _died(label: str, program: "_Program | None", when: str) -> Error:
    how = "ended" if program is None else program.how_it_ended()
    return WorkerDiedError(f"{label} {how} {when}")


class _Program:
    """A process that `launch` has started."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str] | None, cwd: Any, fd: int) -> None:
        import subprocess

        self._pid = os.getpid()
        if cwd is not None and not os.path.isdir(cwd):
            raise NotExistError(f"launch {words[0]}: no directory {os.fspath(cwd)!r}")
        try:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                words,
                env={**os.environ, **(env or {}), _VARIABLE: str(fd)},
                cwd=cwd,
                pass_fds=[fd],
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C in a terminal is for this process, which decides what becomes of the other
            )
        except (FileNotFoundError, NotADirectoryError):
            raise NotExistError(f"launch {words[0]}: no such program") from None
        except PermissionError as error:
            hint = ": it may not be executed, which chmod +x changes" if os.path.isfile(words[0]) else ""
            raise AccessError(f"launch {words[0]}: {error.strerror}{hint}") from None
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                raise UnsupportedError(
                    f"launch {words[0]}: expected a program that this machine runs, found another file: a script begins with #!"
                ) from None
            raise AccessError(f"launch {words[0]}: {error.strerror}") from None

    def how_it_ended(self) -> str:
        """In words, when its socket has."""
        import signal
        import subprocess

        try:
            code = self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return "closed the connection"
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"

    def close(self) -> None:
        """Waits until the process ends, which the end of its socket tells it to, and kills it where it does not."""
        import subprocess

        if self._pid != os.getpid():
            return  # it is the parent's
        try:
            self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kills it, and what it has started in its process group."""
        import signal

        with suppress(ProcessLookupError):
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
