/* The ports of a stream, and what their readers take. See stream.c. */
#include "stream_internal.h"

#include <string.h>

/* Ports. */

static int has_members(const sb_ring *r, uint32_t group)
{
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *p = port_at(r, i);
        uint32_t owner = p->owner;
        if (owner && p->role == MEMBER && p->group == group && !sb_is_dead(r->locks, owner))
            return 1;
    }
    return 0;
}

/* Frees the ports of a group's members, none of which lives. */
static void free_members(sb_ring *r, uint32_t group)
{
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *p = port_at(r, i);
        if (p->role == MEMBER && p->group == group)
            p->owner = 0;
    }
}

static int is_group(const sb_ring *r, uint32_t row)
{
    return row < r->nports && port_at(r, row)->owner == OF_MEMBERS;
}

/* Frees groups without a living member, and what they need. */
static void sweep_groups(sb_ring *r)
{
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *g = port_at(r, i);
        if (g->owner != OF_MEMBERS || has_members(r, i))
            continue;
        g->owner = 0; /* first: without it no member's item is anybody's */
        free_members(r, i);
    }
}

void sb_ring_sweep_ports(sb_ring *r)
{
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *p = port_at(r, i);
        uint32_t owner = p->owner;
        if (owner && owner != OF_MEMBERS && sb_is_dead(r->locks, owner) && !(p->role == MEMBER && p->from < p->to && is_group(r, p->group)))
            p->owner = 0;
    }
    sweep_groups(r);
}

/* A free row, which the caller fills in before it stores its owner. */
static int open_port(sb_ring *r, uint32_t *row)
{
    for (int swept = 0;; swept = 1) {
        for (uint32_t i = 0; i < r->nports; i++) {
            if (i >= used_ports(r))
                *word32(r, SB_BLOCK_USED_PORTS) = i + 1;
            port *p = port_at(r, i);
            if (!p->owner) {
                memset((void *)p, 0, sizeof *p);
                *row = i;
                return 0;
            }
        }
        if (swept)
            return ENOLCK;
        sb_ring_sweep_ports(r);
    }
}

int sb_ring_join_writer(sb_ring *r, uint32_t *row)
{
    sb_ring_sweep(r); /* what those before it have left */
    int error = open_port(r, row);
    if (error)
        return error;
    port *p = port_at(r, *row);
    p->role = WRITER;
    p->owner = r->locks->me;
    *word32(r, SB_BLOCK_ENDED) = 0;
    return 0;
}

/* The slot of a published item: 1, or 0 when it was written over; *error is 0 or EUCLEAN. */
static int slot_of(const sb_ring *r, uint64_t number, uint32_t *at, int *error)
{
    *at = slot_at(r, (uint32_t)(number % r->ring))->order;
    if (*at >= r->ring) {
        *error = EUCLEAN;
        return 0;
    }
    return slot_at(r, *at)->number == number;
}

/* The first item from a number on that can be read, or the next to be published. Of a reliable stream all that follow are there too:
 * items need not be freed in their order, as nobody needs them. */
static uint64_t oldest(const sb_ring *r, uint64_t number)
{
    uint64_t head = head_of(r);
    uint32_t at;
    int error = 0;
    if (number < 1)
        number = 1;
    if (head >= r->ring && number <= head - r->ring)
        number = head - r->ring + 1;
    if (r->lossy) {
        while (number <= head && !slot_of(r, number, &at, &error))
            number++;
        return number;
    }
    uint64_t first = head + 1;
    while (first > number && slot_of(r, first - 1, &at, &error))
        first--;
    return first;
}

static void lower_floor(sb_ring *r, uint64_t number)
{
    if (number < *word64(r, SB_BLOCK_FLOOR))
        *word64(r, SB_BLOCK_FLOOR) = number;
}

/* Finds the group of that name, or makes it; its row is used by `member`, which has an owner then. */
static int join_group(sb_ring *r, const char *name, uint64_t start, uint32_t me, port *member, uint32_t *group)
{
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *p = port_at(r, i);
        if (p != member && p->owner == OF_MEMBERS && memcmp(p->name, name, SB_GROUP_NAME) == 0) {
            *group = i;
            member->group = i;
            member->role = MEMBER;
            member->owner = me;
            return 0;
        }
    }
    member->role = WRITER; /* until there is a group; an owner, so that the group has another row */
    member->owner = me;
    int error = open_port(r, group);
    if (error) {
        member->owner = 0;
        return error;
    }
    free_members(r, *group); /* of the group that had the row before: who swept them may have died meanwhile */
    port *g = port_at(r, *group);
    g->role = GROUP;
    g->from = g->to = start;
    memcpy(g->name, name, SB_GROUP_NAME);
    lower_floor(r, start);
    member->group = *group;
    member->role = MEMBER;
    g->owner = OF_MEMBERS;
    return 0;
}

int sb_ring_join(sb_ring *r, const char *name, int start, uint64_t number, sb_place *p)
{
    uint32_t row, group = SB_NO_GROUP;
    int error = open_port(r, &row); /* first: it may free a group of the dead */
    if (error)
        return error;
    uint64_t head = head_of(r), first = number;
    if (start == SB_FROM_NEXT)
        first = head + 1;
    else if (start == SB_FROM_LATEST)
        first = oldest(r, head);
    else if (number <= head)
        first = oldest(r, number);
    port *mine = port_at(r, row);
    if (name) {
        if ((error = join_group(r, name, first, r->locks->me, mine, &group)))
            return error;
    } else {
        mine->role = READER;
        mine->from = mine->to = first;
        lower_floor(r, first);
        mine->owner = r->locks->me;
    }
    *p = (sb_place){.row = row, .group = group, .from = first, .to = first, .me = r->locks->me};
    return 0;
}

void sb_ring_leave(sb_ring *r, uint32_t row, int left)
{
    port *p = port_at(r, row);
    p->owner = p->role == MEMBER && left ? OF_NOBODY : 0;
    sweep_groups(r);
}

int sb_ring_has_writers(const sb_ring *r)
{
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *p = port_at(r, i);
        uint32_t owner = p->owner;
        if (owner && p->role == WRITER && !sb_is_dead(r->locks, owner))
            return 1;
    }
    return 0;
}

/* Items. */

static void note(sb_ring *r, sb_place *p, uint32_t at, uint64_t number, uint64_t missed)
{
    port *mine = port_at(r, p->row);
    p->slot = at;
    p->number = number;
    p->missed += missed;
    WRITE(mine->items, READ(mine->items) + 1);
    if (missed)
        WRITE(mine->missed, READ(mine->missed) + missed);
}

int sb_ring_take(sb_ring *r, sb_place *p, int keep, int *error)
{
    port *mine = port_at(r, p->row);
    uint64_t head = head_of(r), next = p->to, number = next;
    *error = 0;
    if (r->lossy && head >= r->ring && number <= head - r->ring)
        number = head - r->ring + 1; /* others have been written over */
    for (; number <= head; number++) {
        uint32_t at;
        int found = slot_of(r, number, &at, error);
        if (*error)
            return 0;
        if (r->lossy && found) {
            if (!keep || number != next)
                mine->from = p->from = number;
            mine->to = number + 1;
            found = slot_at(r, at)->number == number;
        }
        if (found) {
            if (!r->lossy)
                mine->to = number + 1;
            p->to = number + 1;
            note(r, p, at, number, number - next);
            return 1;
        }
        if (!r->lossy) { /* which the port needed */
            *error = EUCLEAN;
            return 0;
        }
    }
    if (number != next) {
        mine->to = p->to = number;
        mine->from = p->from = number;
        p->missed += number - next;
        WRITE(mine->missed, READ(mine->missed) + number - next);
    }
    return 0;
}

/* Stores that a member needs one item. It needs none before. */
static void hold(sb_ring *r, sb_place *p, uint64_t number, uint32_t at)
{
    port *mine = port_at(r, p->row);
    mine->slot = at;
    mine->from = p->from = number;
    mine->to = p->to = number + 1;
}

/* Whether another member of the group than that one needs an item. */
static int is_held(const sb_ring *r, uint64_t number, const port *but, uint32_t group)
{
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *p = port_at(r, i);
        if (p != but && p->role == MEMBER && p->group == group && p->owner && needs(r, p, number))
            return 1;
    }
    return 0;
}

/* Takes an item that a dead member has left. */
static int take_left(sb_ring *r, sb_place *p, uint64_t next, int look, int *error)
{
    port *mine = port_at(r, p->row);
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *other = port_at(r, i);
        uint32_t owner = other->owner, at = other->slot;
        uint64_t from = other->from;
        if (other == mine || other->role != MEMBER || other->group != p->group || !owner || from >= other->to)
            continue;
        if (from >= next) { /* it died before it had taken it */
            other->owner = 0;
            continue;
        }
        if (!look || !sb_is_dead(r->locks, owner))
            continue;
        if (at >= r->ring) {
            *error = EUCLEAN;
            return 0;
        }
        if (is_held(r, from, other, p->group)) { /* by another that took it over from this one, and died too */
            other->owner = 0;
            continue;
        }
        hold(r, p, from, at);
        other->owner = 0;
        note(r, p, at, from, 0);
        return 1;
    }
    return 0;
}

int sb_ring_take_shared(sb_ring *r, sb_place *p, int look, int *error)
{
    port *group = port_at(r, p->group);
    uint64_t next = group->from, head = head_of(r);
    *error = 0;
    int found = take_left(r, p, next, look, error);
    if (found || *error)
        return found;
    uint64_t number = next;
    if (r->lossy && head >= r->ring && number <= head - r->ring)
        number = head - r->ring + 1;
    for (; number <= head; number++) {
        uint32_t at;
        found = slot_of(r, number, &at, error);
        if (found) {
            hold(r, p, number, at);
            note(r, p, at, number, number - next);
            group->to = number + 1;
            group->from = number + 1;
            return 1;
        }
        if (!*error && !r->lossy)
            *error = EUCLEAN;
        if (*error)
            return 0;
    }
    return 0;
}

/* Whether the group has an item in the ring for its next member. */
static int group_has_next(const sb_ring *r, const sb_place *p)
{
    return head_of(r) >= port_at(r, p->group)->from;
}

/* Whether another member has an item; dead: one that is. */
static int others_have(const sb_ring *r, const sb_place *p, int dead)
{
    const port *mine = port_at(r, p->row);
    for (uint32_t i = 0, n = used_ports(r); i < n; i++) {
        port *other = port_at(r, i);
        uint32_t owner = other->owner;
        if (other != mine && other->role == MEMBER && other->group == p->group && owner && other->from < other->to &&
            (!dead || sb_is_dead(r->locks, owner)))
            return 1;
    }
    return 0;
}

int sb_ring_may_share(const sb_ring *r, const sb_place *p)
{
    return group_has_next(r, p) || others_have(r, p, 0);
}

int sb_ring_has_next(const sb_ring *r, const sb_place *p)
{
    if (p->group == SB_NO_GROUP)
        return head_of(r) >= p->to;
    return group_has_next(r, p) || others_have(r, p, 1);
}

void sb_ring_release(sb_ring *r, sb_place *p, uint64_t from)
{
    port_at(r, p->row)->from = p->from = from;
    if (!r->lossy)
        sb_ring_feed(r);
}

void sb_ring_skip(sb_ring *r, sb_place *p)
{
    uint64_t head = head_of(r);
    if (head <= p->to)
        return;
    port *mine = port_at(r, p->row);
    mine->to = p->to = head;
    sb_ring_release(r, p, head);
}
