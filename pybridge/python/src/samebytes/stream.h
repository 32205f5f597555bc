/* The ring of a stream: its tables of slots and ports, as shm/ring.go explains them. Without Python, as locks.h, whose errors these
 * functions return; EUCLEAN says that words of the tables contradict each other, and ENOLCK that there is no free port. All that need
 * the latch say so. Nothing in the tables leads out of them: each number that is an index is compared with the sizes here, which
 * the caller has checked against the file. */
#ifndef SAMEBYTES_STREAM_H
#define SAMEBYTES_STREAM_H

#include "locks.h"

typedef struct {
    sb_locks *locks;
    char *slots, *ports;  /* in the mapping */
    uint32_t ring, nports; /* rows of both */
    uint64_t rows;        /* elements on an item's first axis at most */
    int lossy;
} sb_ring;

/* A place in a stream: this process's copy of what its port says. Only the group's position is read again. */
typedef struct {
    uint32_t row, group; /* of the table of ports; group is SB_NO_GROUP of a reader */
    uint64_t from, to;
    uint32_t me;         /* the participant whose port it is */
    uint32_t taken;      /* by a member, until it looks for the dead */
    uint32_t slot;       /* of the item taken last, */
    uint64_t number, missed;
} sb_place;

#define SB_NO_GROUP UINT32_MAX
#define SB_NO_PORT UINT32_MAX
#define SB_GROUP_NAME 24 /* bytes */

/* Where a reader begins. */
enum { SB_FROM_ITEM, SB_FROM_LATEST, SB_FROM_NEXT };

/* Numbers of items end here: what is above is no number, and sums with it do not overflow. */
#define SB_LAST_ITEM (UINT64_MAX >> 2)

/* Slots. The latch is held. */

/* Lends n slots to this process: 1, or 0 if there are not that many. look: find out first who is dead. Then *room is the word to sleep
 * on, as it was before the last look. */
int sb_ring_lend(sb_ring *r, uint32_t *to, uint32_t n, int look, uint32_t *room);

/* Gives them back. */
void sb_ring_discard(sb_ring *r, const uint32_t *slots, uint32_t n);

/* Publishes them in that order, each with so many elements on its first axis; *number is that of the last. EUCLEAN. */
int sb_ring_publish(sb_ring *r, const uint32_t *slots, uint32_t n, uint64_t length, int64_t time, uint32_t port, uint64_t *number);

/* Ports. The latch is held. */

int sb_ring_join_writer(sb_ring *r, uint32_t *row);
/* name: of a group, SB_GROUP_NAME bytes; NULL for a reader. */
int sb_ring_join(sb_ring *r, const char *name, int start, uint64_t number, sb_place *p);
/* left: it has an item that another member is to take. */
void sb_ring_leave(sb_ring *r, uint32_t row, int left);
/* Whether a living writer has a port. */
int sb_ring_has_writers(const sb_ring *r);

/* Items: 1 when one was taken, which the place then says, 0 when there is none yet; *error is 0 or EUCLEAN. */

/* keep: the port needs the items before it too. */
int sb_ring_take(sb_ring *r, sb_place *p, int keep, int *error);
/* For a member; the latch is held. look: find out which other members are dead. */
int sb_ring_take_shared(sb_ring *r, sb_place *p, int look, int *error);
/* Whether a look at the group under the latch may find an item. */
int sb_ring_may_share(const sb_ring *r, const sb_place *p);
/* Whether there is an item to take. That of a group may be another member's by then. */
int sb_ring_has_next(const sb_ring *r, const sb_place *p);
/* Stores that the items below one are not needed any more. */
void sb_ring_release(sb_ring *r, sb_place *p, uint64_t from);
/* Goes on to the newest item, of a reader that has none in hand. */
void sb_ring_skip(sb_ring *r, sb_place *p);

/* Without the latch. */

/* Says that this process leaves a port, or a slot: it is then a dead participant's. */
void sb_ring_abandon_port(sb_ring *r, uint32_t row);
void sb_ring_abandon_slot(sb_ring *r, uint32_t slot);
/* Wakes who waits for room, after there is some. */
void sb_ring_feed(sb_ring *r);
/* Wakes all who wait for room, or for an item. */
void sb_ring_wake(sb_ring *r);
/* Also has those look again who are about to sleep: the words that they sleep on change. */
void sb_ring_stir(sb_ring *r);
/* Advances the counter, and wakes all who wait for an item. */
void sb_ring_announce(sb_ring *r);
void sb_ring_waited(sb_ring *r, int64_t time);

uint64_t sb_ring_version(const sb_ring *r);
int sb_ring_ended(const sb_ring *r);
void sb_ring_set_ended(sb_ring *r, uint32_t ended);
/* Sleeps while the counter is that, or the word of room: 0, ETIMEDOUT, EINTR or EFAULT. */
int sb_ring_wait_item(const sb_ring *r, uint64_t version, int64_t until);
int sb_ring_wait_room(const sb_ring *r, uint32_t room, int64_t until);
/* When an item was published, and its length: EUCLEAN for more than it has. */
int sb_ring_item(const sb_ring *r, uint32_t slot, int64_t *time, uint64_t *length);

/* A port as it was when looked at; 0 for a free one. */
typedef struct {
    uint32_t owner, role;
    uint64_t from, to, items, missed;
    char name[SB_GROUP_NAME];
    int alive;
} sb_port_info;

int sb_ring_port(const sb_ring *r, uint32_t row, sb_port_info *info);

/* Number of the last item, waits for room, and their nanoseconds. */
void sb_ring_counts(const sb_ring *r, uint64_t counts[3]);

#endif
