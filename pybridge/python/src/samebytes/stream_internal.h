/* What stream.c and stream_ports.c share: the words of the tables. */
#ifndef SAMEBYTES_STREAM_INTERNAL_H
#define SAMEBYTES_STREAM_INTERNAL_H

#include "locks_internal.h"
#include "stream.h"

/* Roles of ports. */
enum { WRITER = 1, READER, GROUP, MEMBER };

/* Owners of ports that are no participant's identity: of a group, and of what its participant has left, which is dead to all. */
#define OF_MEMBERS (UINT32_C(1) << 30)
#define OF_NOBODY ((uint32_t)SB_ROW_MASK)

/* Of a lossy stream: the bit of a slot's Number while a writer looks whether a port needs its item. */
#define CLAIMED (UINT64_C(1) << 63)

typedef struct {
    _Atomic uint64_t number;
    _Atomic uint32_t owner, order;
    _Atomic int64_t time;
    _Atomic uint64_t length;
    char unused[SB_SLOT_SIZE - 32];
} slot;

typedef struct {
    _Atomic uint32_t owner, role, group, slot;
    _Atomic uint64_t from, to, items, missed;
    char name[SB_GROUP_NAME];
    char unused[SB_PORT_SIZE - SB_PORT_NAME - SB_GROUP_NAME];
} port;

_Static_assert(sizeof(slot) == SB_SLOT_SIZE && offsetof(slot, owner) == SB_SLOT_OWNER && offsetof(slot, order) == SB_SLOT_ORDER &&
                   offsetof(slot, time) == SB_SLOT_TIME && offsetof(slot, length) == SB_SLOT_LENGTH,
               "slot is not what layout.h says");
_Static_assert(sizeof(port) == SB_PORT_SIZE && offsetof(port, role) == SB_PORT_ROLE && offsetof(port, group) == SB_PORT_GROUP &&
                   offsetof(port, slot) == SB_PORT_SLOT && offsetof(port, from) == SB_PORT_FROM && offsetof(port, to) == SB_PORT_TO &&
                   offsetof(port, items) == SB_PORT_ITEMS && offsetof(port, missed) == SB_PORT_MISSED && offsetof(port, name) == SB_PORT_NAME,
               "port is not what layout.h says");

static inline _Atomic uint32_t *word32(const sb_ring *r, int offset)
{
    return (_Atomic uint32_t *)(r->locks->control + offset);
}

static inline _Atomic uint64_t *word64(const sb_ring *r, int offset)
{
    return (_Atomic uint64_t *)(r->locks->control + offset);
}

static inline slot *slot_at(const sb_ring *r, uint32_t i)
{
    return (slot *)(r->slots + (size_t)i * SB_SLOT_SIZE);
}

static inline port *port_at(const sb_ring *r, uint32_t i)
{
    return (port *)(r->ports + (size_t)i * SB_PORT_SIZE);
}

static inline uint64_t head_of(const sb_ring *r)
{
    uint64_t head = *word64(r, SB_BLOCK_HEAD);
    return head < SB_LAST_ITEM ? head : SB_LAST_ITEM; /* that is damaged: what is looked for is not found */
}

static inline uint32_t used_ports(const sb_ring *r)
{
    uint32_t used = *word32(r, SB_BLOCK_USED_PORTS);
    return used < r->nports ? used : r->nports;
}

/* Whether a port needs an item, so that its slot cannot be used for another. */
static inline int needs(const sb_ring *r, const port *p, uint64_t number)
{
    uint64_t from = p->from;
    switch (p->role) {
    case READER:
    case GROUP:
        if (!r->lossy)
            return number >= from;
        if (p->role == GROUP)
            return 0;
        break;
    case MEMBER:
        break;
    default:
        return 0;
    }
    return from <= number && number < p->to;
}

/* Frees the ports of the dead, but for members that have an item, which is for another. */
void sb_ring_sweep_ports(sb_ring *r);
/* Also the slots that they have on loan. */
void sb_ring_sweep(sb_ring *r);

#endif
