"""How a stream goes, as its tables say. shm/stream_stats.go has the same in Go."""

from collections.abc import Callable
from dataclasses import dataclass

from samebytes import _control, _file
from samebytes._control import Block, Slot

_ROLES = {1: "writer", 2: "reader", 3: "group", 4: "member"}
_OF_MEMBERS = 1 << 30  # the owner of a group
_ROW_MASK = 0x3FF
_LAST = (1 << 62) - 1  # number of an item: what is above is damaged


@dataclass(frozen=True)
class Port:
    """A writer or reader of a stream, or a group of readers.

    Attributes
    ----------
    role : str
        "writer", "reader", "group" or "member".
    group : str
        The name of a group, and of a member's; else empty.
    row : int
        Of the participant; -1 of a group.
    alive : bool
        Whether that participant lives, or a group has a living member.
    items : int
        Published or taken, not by the group but by its members.
    missed : int
        Of a lossy stream: written over before they were taken.
    lag : int
        Of a reader or group: items published and not taken yet.
    in_hand : int
        Items that it has not let go yet.

    Examples
    --------
    >>> with sb.stream("example", slots=4, shape=3) as s, s.reader() as reader:
    ...     for _ in range(2):
    ...         s.loan().publish()
    ...     item = reader.next()
    ...     [(port.role, port.items, port.lag, port.in_hand) for port in s.stats().ports]
    1
    2
    [('reader', 1, 1, 1), ('writer', 2, 0, 0)]
    >>> sb.delete("example")
    """

    role: str
    group: str
    row: int
    alive: bool
    items: int
    missed: int
    lag: int
    in_hand: int


@dataclass(frozen=True)
class StreamStats:
    """How a stream goes, as it did when looked at.

    Attributes
    ----------
    items : int
        Published in all.
    rate : float
        Items per second, of those that are in the ring; 0 for less than two.
    slots : int
        How many the ring has.
    on_loan : int
        Slots that writers have in hand.
    lossy : bool
        Writers never wait.
    ended : bool
        Its last writer closed it.
    waits : int
        How often a writer has waited for room.
    waited : float
        Seconds of that in all.
    ports : tuple of Port
        Who writes and reads.

    Examples
    --------
    >>> with sb.stream("example", slots=4, shape=3) as s:
    ...     with s.loan() as frame:
    ...         s.stats().on_loan
    ...     s.stats().items
    1
    1
    >>> sb.stat("example").stream.ended
    True
    >>> sb.delete("example")
    """

    items: int
    rate: float
    slots: int
    on_loan: int
    lossy: bool
    ended: bool
    waits: int
    waited: float
    ports: tuple[Port, ...]


def describe(tables: bytes, control: Block, lives: Callable[[int], bool]) -> StreamStats:
    """What a copy of a segment's tables and control block says, which may have been changing.

    control has their sizes, which were checked. lives says whether the participant of an identity does.
    """
    slots_at, ports_at, end = _file.tables(control.slots, control.boxes, control.ndim, control.ring, control.ports)
    slots = [Slot._make(row) for row in _control.SLOT.iter_unpack(tables[slots_at:ports_at])]
    ports = [_control.Port._make(row) for row in _control.PORT.iter_unpack(tables[ports_at:end])]
    block = Block._make(_control.BLOCK.unpack_from(tables, len(tables) - _control.PAGE_SIZE))
    head, lossy = min(block.head, _LAST), control.flags & _control.LOSSY != 0
    used = ports[: block.used_ports]
    return StreamStats(
        items=head,
        rate=_rate(slots, head, lossy),
        slots=control.ring,
        on_loan=sum(slot.owner != 0 for slot in slots),
        lossy=lossy,
        ended=block.ended != 0,
        waits=block.waits,
        waited=block.waited / 1e9,
        ports=tuple(_port(row, used, ports, control.ring, head, lives) for row, port in enumerate(used) if port.owner),
    )


def _rate(slots: list[Slot], head: int, lossy: bool) -> float:
    """Items per second between the oldest and the newest in the ring."""

    def find(number: int) -> Slot | None:
        at = slots[number % len(slots)].order
        return slots[at] if at < len(slots) and slots[at].number == number else None

    there = [slot for number in range(head, max(head - len(slots), 0), -1) if (slot := find(number)) or not lossy]
    if None in there:  # of a reliable stream all that follow the oldest are there
        there = there[: there.index(None)]
    if len(there) < 2:
        return 0.0
    newest, oldest = there[0], there[-1]
    assert newest and oldest
    took = newest.time - oldest.time
    return (newest.number - oldest.number) / (took / 1e9) if took > 0 else 0.0


def _port(
    row: int,
    used: list[_control.Port],
    ports: list[_control.Port],
    ring: int,
    head: int,
    lives: Callable[[int], bool],
) -> Port:
    """What the port of a row says, which somebody has."""
    port = used[row]
    role, group, of, lag, in_hand = _ROLES.get(port.role, ""), "", (port.owner & _ROW_MASK) - 1, 0, 0
    if role == "reader":
        in_hand = min(max(port.to - port.from_, 0), ring)
        lag = max(head + 1 - port.to, 0)
    elif role == "group":
        of, group, lag = -1, _file.printable(port.name), max(head + 1 - port.from_, 0)
    elif role == "member":
        in_hand = min(max(port.to - port.from_, 0), 1)
        if port.group < len(ports):
            group = _file.printable(ports[port.group].name)
    if role == "group":
        alive = any(p.owner and _ROLES.get(p.role) == "member" and p.group == row and lives(p.owner) for p in used)
    else:
        alive = lives(port.owner)
    return Port(role, group, of, alive, port.items, port.missed, lag, in_hand)
