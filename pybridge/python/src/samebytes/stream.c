/* The ring of a stream. See stream.h for the functions, and shm/ring.go for why the protocol holds: each change is what it is by one
 * store, whose order is Go's. Plain accesses of _Atomic are sequentially consistent. */
#define _GNU_SOURCE
#include "stream_internal.h"

#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A number below which no port of a reliable stream needs an item, the highest such. */
static uint64_t lowest_needed(const sb_ring *r)
{
    uint64_t lowest = head_of(r) + 1;
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *p = port_at(r, i);
        if (!p->owner || p->role == WRITER)
            continue;
        uint64_t from = p->from;
        if ((p->role != MEMBER || from < p->to) && from < lowest)
            lowest = from;
    }
    return lowest;
}

/* Empties a slot of an item that no port needs: 1 if it could. *fresh: Floor was made since the latch was taken. A lossy stream's slot
 * keeps its number, marked, until it is somebody's: who dies here leaves an item that others look at in the same way. */
static int make_free(sb_ring *r, slot *s, uint64_t number, int *fresh)
{
    _Atomic uint64_t *floor = word64(r, SB_BLOCK_FLOOR);
    if (!r->lossy) {
        if (number >= *floor && !*fresh) {
            *floor = lowest_needed(r);
            *fresh = 1;
        }
        if (number >= *floor)
            return 0;
        s->number = 0;
        return 1;
    }
    number &= ~CLAIMED;
    s->number = number | CLAIMED;
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *p = port_at(r, i);
        if (p->owner && needs(r, p, number)) {
            s->number = number;
            return 0;
        }
    }
    return 1;
}

static void free_slots(sb_ring *r, const uint32_t *slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        slot_at(r, slots[i])->owner = 0;
}

/* Takes n slots, or none. */
static int take_slots(sb_ring *r, uint32_t *to, uint32_t n)
{
    uint32_t at = *word32(r, SB_BLOCK_NEXT) % r->ring, taken = 0;
    int fresh = 0;
    for (uint32_t i = 0; i < r->ring && taken < n; i++) {
        slot *s = slot_at(r, at);
        if (!s->owner) {
            uint64_t number = s->number;
            if (!number || make_free(r, s, number, &fresh)) {
                s->owner = r->locks->me;
                s->number = 0;
                to[taken++] = at;
            }
        }
        if (++at == r->ring)
            at = 0;
    }
    if (taken == n) {
        *word32(r, SB_BLOCK_NEXT) = at;
        return 1;
    }
    free_slots(r, to, taken);
    return 0;
}

void sb_ring_sweep(sb_ring *r)
{
    sb_ring_sweep_ports(r);
    uint64_t head = head_of(r);
    for (uint32_t i = 0; i < r->ring; i++) {
        slot *s = slot_at(r, i);
        uint32_t owner = s->owner;
        if (!owner || !sb_is_dead(r->locks, owner))
            continue;
        if (s->number > head) /* it died before it had published it */
            s->number = 0;
        s->owner = 0;
    }
}

int sb_ring_lend(sb_ring *r, uint32_t *to, uint32_t n, int look, uint32_t *room)
{
    if (take_slots(r, to, n))
        return 1;
    if (look || r->lossy)
        sb_ring_sweep(r);
    *room = *word32(r, SB_BLOCK_ROOM);
    *word32(r, SB_BLOCK_HUNGRY) = 1;
    return take_slots(r, to, n);
}

void sb_ring_discard(sb_ring *r, const uint32_t *slots, uint32_t n)
{
    free_slots(r, slots, n);
    _Atomic uint32_t *next = word32(r, SB_BLOCK_NEXT);
    while (n-- > 0 && (slots[n] + 1) % r->ring == *next % r->ring)
        *next = slots[n]; /* so that items lie in order */
}

int sb_ring_publish(sb_ring *r, const uint32_t *slots, uint32_t n, uint64_t length, int64_t time, uint32_t row, uint64_t *number)
{
    uint64_t head = head_of(r);
    if (head > SB_LAST_ITEM - n)
        return EUCLEAN;
    for (uint32_t i = 0; i < n; i++) {
        slot *s = slot_at(r, slots[i]);
        uint64_t item = ++head;
        WRITE(s->time, time);
        WRITE(s->length, length);
        s->number = item;
        slot_at(r, (uint32_t)(item % r->ring))->order = slots[i];
    }
    *word64(r, SB_BLOCK_HEAD) = head;
    free_slots(r, slots, n);
    port *p = port_at(r, row);
    WRITE(p->items, READ(p->items) + n);
    *number = head;
    return 0;
}

/* Without the latch. */

void sb_ring_abandon_port(sb_ring *r, uint32_t row)
{
    port_at(r, row)->owner = OF_NOBODY;
}

void sb_ring_abandon_slot(sb_ring *r, uint32_t i)
{
    slot_at(r, i)->owner = OF_NOBODY;
}

static void wake_all(const void *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); /* a page that is gone has no sleepers */
}

void sb_ring_feed(sb_ring *r)
{
    if (!*word32(r, SB_BLOCK_HUNGRY))
        return;
    *word32(r, SB_BLOCK_HUNGRY) = 0;
    ++*word32(r, SB_BLOCK_ROOM);
    wake_all(word32(r, SB_BLOCK_ROOM));
}

void sb_ring_wake(sb_ring *r)
{
    wake_all(word32(r, SB_BLOCK_ROOM));
    wake_all(word64(r, SB_BLOCK_PUBLISHED));
}

void sb_ring_stir(sb_ring *r)
{
    ++*word32(r, SB_BLOCK_ROOM);
    ++*word64(r, SB_BLOCK_PUBLISHED);
    sb_ring_wake(r);
}

void sb_ring_announce(sb_ring *r)
{
    ++*word64(r, SB_BLOCK_PUBLISHED);
    wake_all(word64(r, SB_BLOCK_PUBLISHED));
}

void sb_ring_waited(sb_ring *r, int64_t time)
{
    ++*word64(r, SB_BLOCK_WAITS);
    *word64(r, SB_BLOCK_WAITED) += (uint64_t)time;
}

uint64_t sb_ring_version(const sb_ring *r)
{
    return *word64(r, SB_BLOCK_PUBLISHED);
}

int sb_ring_ended(const sb_ring *r)
{
    return *word32(r, SB_BLOCK_ENDED) != 0;
}

void sb_ring_set_ended(sb_ring *r, uint32_t ended)
{
    *word32(r, SB_BLOCK_ENDED) = ended;
}

/* Sleeps on a word. When the file is cut under a sleeper nobody can wake it, and to look at the word when its time is over would be a
 * SIGBUS. So the kernel looks first. */
static int sleep_on(_Atomic uint32_t *word, uint32_t value, int64_t until)
{
    int error = sb_futex_wait(word, value, until);
    return error == ETIMEDOUT || error == EINTR ? sb_futex_wait(word, value, 0) : error;
}

int sb_ring_wait_item(const sb_ring *r, uint64_t version, int64_t until)
{
    return sleep_on((_Atomic uint32_t *)word64(r, SB_BLOCK_PUBLISHED), (uint32_t)version, until);
}

int sb_ring_wait_room(const sb_ring *r, uint32_t room, int64_t until)
{
    return sleep_on(word32(r, SB_BLOCK_ROOM), room, until);
}

int sb_ring_item(const sb_ring *r, uint32_t at, int64_t *time, uint64_t *length)
{
    slot *s = slot_at(r, at);
    *time = READ(s->time);
    *length = READ(s->length);
    return *length > r->rows ? EUCLEAN : 0;
}

int sb_ring_port(const sb_ring *r, uint32_t row, sb_port_info *info)
{
    port *p = port_at(r, row);
    *info = (sb_port_info){.owner = p->owner, .role = p->role, .from = p->from, .to = p->to, .items = READ(p->items), .missed = READ(p->missed)};
    memcpy(info->name, p->name, SB_GROUP_NAME);
    info->alive = info->owner == OF_MEMBERS || (info->owner && !sb_is_dead(r->locks, info->owner));
    return row < used_ports(r) && info->owner;
}

void sb_ring_counts(const sb_ring *r, uint64_t counts[3])
{
    counts[0] = *word64(r, SB_BLOCK_HEAD);
    counts[1] = *word64(r, SB_BLOCK_WAITS);
    counts[2] = *word64(r, SB_BLOCK_WAITED);
}
