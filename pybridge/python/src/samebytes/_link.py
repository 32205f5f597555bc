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

from samebytes import _core
from samebytes._errors import BrokenError, ClosedError, VersionError

PROTOCOL = 1

_MAGIC = b"samecall"
_HEAD = struct.Struct("<8sIII")  # magic, protocol, slots of each ring, bytes of each slot
_RINGS, _RING_SIZE, _SLOTS = 64, 128, 4096  # where the words of the first ring are, how long they are, and where slots begin
_LENGTH = struct.Struct("<I")
_MAX_FRAME = 1 << 20
_MAX_SLOTS, _MAX_SLOT_SIZE = 1 << 16, 1 << 20

CALL, RESULT, ERROR, ITEM, NEXT, ELSEWHERE = range(6)
_MESSAGE = struct.Struct("<BQ")  # kind, and the number of the call
MESSAGE_HEAD = _MESSAGE.size

# Since Linux 3.17; the module fcntl of Python 3.11 has them too, but not for every libc.
_F_GET_SEALS, _F_SEAL_SHRINK = 1034, 2


def send_frame(sock: socket.socket, **fields: Any) -> None:
    """Send one frame."""
    text = json.dumps(fields).encode()
    sock.sendall(_LENGTH.pack(len(text)) + text)


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
    """One side of a connection whose memory the other side made. It owns the socket and the memory.

    One thread at a time may receive; any may send.
    """

    def __init__(self, sock: socket.socket, fd: int) -> None:
        """Take a socket, and the descriptor of the memory, which is closed."""
        try:
            nslots, slot_size, size = _layout(fd)
            self._mapping = _core.Mapping(fd, size, True)
        finally:
            os.close(fd)
        self.sock = sock
        mine, theirs = _RINGS + _RING_SIZE, _RINGS
        self.out = _core.Ring(self._mapping, mine, _SLOTS + nslots * slot_size, nslots, slot_size, True)
        self.into = _core.Ring(self._mapping, theirs, _SLOTS, nslots, slot_size, False)
        self.most = slot_size - _LENGTH.size
        self._sending = threading.Lock()
        self._stopped = False

    def send(self, kind: int, id: int, payload: bytes) -> None:
        """Send a message. Raises ClosedError where the link has ended."""
        message = _MESSAGE.pack(kind, id) + payload
        with self._sending:
            try:
                sent = self.out.send(message, -1)
            except ValueError as error:
                raise BrokenError(str(error)) from None
        if not sent:
            raise ClosedError("the connection has ended")

    def receive(self) -> tuple[int, int, bytes] | None:
        """The next message: its kind, the number of its call, and the payload; None where the link has ended."""
        try:
            message = self.into.receive(-1)
        except ValueError as error:
            raise BrokenError(str(error)) from None
        if message is None:
            return None
        if len(message) < MESSAGE_HEAD:
            raise BrokenError(f"expected a message of at least {MESSAGE_HEAD} bytes, found {len(message)}")
        kind, id = _MESSAGE.unpack_from(message)
        return kind, id, message[MESSAGE_HEAD:]

    def stop(self) -> None:
        """Make all that send or receive end."""
        self._stopped = True
        self.into.stop()
        self.out.stop()


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
    if not (0 < nslots <= _MAX_SLOTS and 64 <= slot_size <= _MAX_SLOT_SIZE and slot_size % 8 == 0):
        raise BrokenError(f"expected slots, found {nslots} of {slot_size} bytes")
    if size != _SLOTS + 2 * nslots * slot_size:
        raise BrokenError(f"expected {_SLOTS + 2 * nslots * slot_size} bytes of memory, found {size}")
    return nslots, slot_size, size
