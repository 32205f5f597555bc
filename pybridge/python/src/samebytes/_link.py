"""A connection to another process: messages over rings in shared memory, frames over a Unix socket.

docs/reference/wire.md draws both. The socket introduces the sides to each other, tells what the rings would be too late for, and
by its end that the other process has ended.
"""

import fcntl
import json
import os
import socket
import struct
import threading
from typing import Any

import numpy as np

from samebytes import _core, _domain, _handle, _make, _name
from samebytes._array import ndarray
from samebytes._errors import BrokenError, ClosedError, Error, NotExistError, VersionError

PROTOCOL = 1

_MAGIC = b"samecall"
_HEAD = struct.Struct("<8sIII")  # magic, protocol, slots of each ring, bytes of each slot
_RINGS, _RING_SIZE, _SLOTS = 64, 128, 4096  # where the words of the first ring are, how long they are, and where slots begin
_LENGTH = struct.Struct("<I")
_MAX_FRAME = 1 << 20
_NSLOTS, _SLOT_SIZE = 64, 16384  # of the memory that this side makes
# Of what the other side makes: room for the handle of a long message, and 64 MiB in all.
_MIN_SLOT_SIZE, _MAX_SLOTS, _MAX_SLOT_SIZE = 1 << 10, 1 << 10, 1 << 15

CALL, RESULT, ERROR, ITEM, NEXT, RELEASE = range(6)
# Added to the kind of a call or an answer that is too long for a slot: its payload is in a temporary segment, whose handle the message has.
ELSEWHERE = 1 << 7
_MESSAGE = struct.Struct("<BQ")  # what a message begins with: its kind, and the number of the call
# What a call begins with: the number of the receiver's call in which it is nested, or 0; and what the caller wants.
CALL_HEAD = struct.Struct("<Qi")

Message = tuple[int, int, bytes]  # kind, number of the call, and payload

# Since Linux 3.17; the module fcntl of Python 3.11 has them too, but not for every libc.
_F_ADD_SEALS, _F_GET_SEALS = 1033, 1034
_F_SEAL_SEAL, _F_SEAL_SHRINK, _F_SEAL_GROW = 1, 2, 4


def frame(**fields: Any) -> bytes:
    """The bytes of a frame."""
    text = json.dumps(fields).encode()
    return _LENGTH.pack(len(text)) + text


def send_frame(sock: socket.socket, **fields: Any) -> None:
    """Send one frame."""
    sock.sendall(frame(**fields))


def introduce(sock: socket.socket, fd: int, **fields: Any) -> None:
    """Send the first frame, with the memory of `make_memory`."""
    data = frame(protocol=PROTOCOL, slots=_NSLOTS, slot_size=_SLOT_SIZE, pid=os.getpid(), **fields)
    sent = socket.send_fds(sock, [data], [fd])
    if sent < len(data):
        sock.sendall(data[sent:])


def check_domain(domain: Any) -> None:
    """Raises NotExistError unless the other side, which has said so, has the same segments."""
    directory = _name.directory()
    if domain is not None and domain != (here := _domain.token(directory)):
        raise NotExistError(
            f"expected the segments of domain {domain!r:.80}, found {here!r} in {directory}: "
            "both programs need the same SAMEBYTES_DIR, and the same mount there"
        )


def make_memory() -> int:
    """The descriptor of memory for two rings, which neither side can cut."""
    fd = os.memfd_create("samebytes calls", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(fd, _SLOTS + 2 * _NSLOTS * _SLOT_SIZE)
        os.pwrite(fd, _HEAD.pack(_MAGIC, PROTOCOL, _NSLOTS, _SLOT_SIZE), 0)
        fcntl.fcntl(fd, _F_ADD_SEALS, _F_SEAL_SEAL | _F_SEAL_SHRINK | _F_SEAL_GROW)
    except BaseException:
        os.close(fd)
        raise
    return fd


def read_frame(sock: socket.socket) -> tuple[dict[str, Any] | None, int | None]:
    """The next frame, and the descriptor that came with it if any; None where the socket ends."""
    head, fds, _, _ = socket.recv_fds(sock, _LENGTH.size, 1)
    fd = fds[0] if fds else None
    while 0 < len(head) < _LENGTH.size:
        more = sock.recv(_LENGTH.size - len(head))
        head = head + more if more else b""
    if not head:
        return None, fd
    (length,) = _LENGTH.unpack(head)
    if length > _MAX_FRAME:
        raise BrokenError(f"expected a frame of at most {_MAX_FRAME} bytes, found {length}")
    text = bytearray()
    while len(text) < length:
        part = sock.recv(length - len(text))
        if not part:
            return None, fd
        text += part
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise BrokenError(f"expected a frame of JSON: {error}") from None
    if not isinstance(fields, dict):
        raise BrokenError(f"expected a frame with fields, found {fields!r:.80}")
    return fields, fd


class Link:
    """One side of a connection. It owns the socket and the memory.

    One thread at a time may receive; any may send.
    """

    def __init__(self, sock: socket.socket, fd: int, first: bool = False) -> None:
        """Take a socket, and the descriptor of the memory, which is closed. The first side is the one that made the memory."""
        try:
            nslots, slot_size, size = _layout(fd)
            self._mapping = _core.Mapping(fd, size, True)
        finally:
            os.close(fd)
        self.sock = sock
        rings = [(_RINGS, _SLOTS), (_RINGS + _RING_SIZE, _SLOTS + nslots * slot_size)]
        mine, theirs = rings if first else rings[::-1]
        self.out = _core.Ring(self._mapping, *mine, nslots, slot_size, True)
        self.into = _core.Ring(self._mapping, *theirs, nslots, slot_size, False)
        self.most = slot_size - _LENGTH.size - _MESSAGE.size
        self._sending = threading.Lock()

    def send(self, kind: int, id: int, payload: bytes) -> None:
        """Send a message. Raises ClosedError where the link has ended."""
        if len(payload) > self.most:
            kind, id, payload = self.elsewhere(kind, id, payload)
        with self._sending:
            try:
                sent = self.out.send(kind, id, payload, -1)
            except ValueError as error:
                raise BrokenError(str(error)) from None
        if not sent:
            raise ClosedError("the connection has ended")

    def receive(self) -> Message | None:
        """The next message; None where the link has ended."""
        try:
            message = self.into.receive(-1)
        except ValueError as error:
            raise BrokenError(str(error)) from None
        return fetched(message) if message is not None and message[0] & ELSEWHERE else message

    def elsewhere(self, kind: int, id: int, payload: bytes, made: list[ndarray] | None = None) -> Message:
        """A message that names the temporary segment which the payload is put into.

        That segment is added to those made, if they are given.
        """
        array = _make.array(np.frombuffer(payload, np.uint8))
        if made is not None:
            made.append(array)
        return kind | ELSEWHERE, id, _handle.to_json(array).encode()

    def stop(self, leave: bool = False) -> None:
        """Make all that send or receive end. What has come before can still be received, or is left to the other side to drop."""
        self.into.stop(leave)
        self.out.stop(leave)


class LostError(Exception):
    """The payload of a long message is not to be had, as when the call was given up. Only that call fails, by the cause."""

    def __init__(self, kind: int, id: int, cause: Error) -> None:
        super().__init__(f"a long message: {cause}")
        self.kind, self.id = kind, id
        self.cause = type(cause)(str(self))


def fetched(message: Message) -> Message:
    """The message; one that is elsewhere with its payload.

    Raises LostError, and BrokenError for what is no message.
    """
    kind, id, payload = message
    if not kind & ELSEWHERE:
        return message
    kind &= ~ELSEWHERE
    if kind not in (CALL, RESULT, ERROR, ITEM):
        raise BrokenError(f"expected a long call or answer, found a message of kind {message[0]}")
    try:
        handle = _handle.parse(payload)
    except Error as error:
        raise BrokenError(f"expected the handle of a long message: {error}") from None
    try:
        array = _handle.open_handle(handle, np.ndarray, False)
    except Error as error:
        raise LostError(kind, id, error) from None
    if array.dtype != np.uint8 or array.ndim != 1:
        raise BrokenError(f"expected a long message as bytes, found {array.dtype} of shape {array.shape}")
    return kind, id, array.tobytes()


def _layout(fd: int) -> tuple[int, int, int]:
    """Slots of each ring, bytes of each slot, and of the file."""
    size = os.fstat(fd).st_size
    if not fcntl.fcntl(fd, _F_GET_SEALS) & _F_SEAL_SHRINK:
        raise BrokenError("expected memory that cannot be cut")
    head = os.pread(fd, _HEAD.size, 0)
    if len(head) < _HEAD.size or not head.startswith(_MAGIC):
        raise BrokenError(f"expected memory that begins with {_MAGIC!r}, found {head[:8]!r}")
    _, version, nslots, slot_size = _HEAD.unpack(head)
    if version != PROTOCOL:
        raise VersionError(f"expected protocol {PROTOCOL}, found {version}")
    if not (0 < nslots <= _MAX_SLOTS and _MIN_SLOT_SIZE <= slot_size <= _MAX_SLOT_SIZE and slot_size % 8 == 0):
        raise BrokenError(f"expected slots, found {nslots} of {slot_size} bytes")
    if size != _SLOTS + 2 * nslots * slot_size:
        raise BrokenError(f"expected {_SLOTS + 2 * nslots * slot_size} bytes of memory, found {size}")
    return nslots, slot_size, size
