/* The locks of a segment, as shm/box.go explains them: participants, the latch, the table of boxes. Without Python: a C program
 * uses it by compiling locks.c and locks_table.c along. What the numbers of a control block are, and whether they can be trusted, is the
 * caller's matter.
 *
 * Functions return 0 or an errno:
 *   EAGAIN      nothing yet: call again, with the same arguments, after a look at signals
 *   EBUSY       not free now
 *   ETIMEDOUT   the deadline has passed
 *   EOWNERDEAD  the last holder died with the lock
 *   EDEADLK     the same thread of this process holds some of it
 *   EPERM       not the holder
 *   ENOLCK      no free row for a box
 *   EUSERS      no free row for a participant
 *   ENOENT      the segment is being collected
 *   EUCLEAN     the control block is overwritten
 *   EFAULT      a page is gone from the file
 *
 * Times are nanoseconds of CLOCK_MONOTONIC; SB_FOREVER is no deadline. A function sleeps for 11 ms at most before EAGAIN. All but
 * sb_locks_init and sb_locks_free may be called by several threads at once.
 */
#ifndef SAMEBYTES_LOCKS_H
#define SAMEBYTES_LOCKS_H

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "layout.h"

#define SB_FOREVER INT64_MAX
#define SB_NO_ROW (-1)

/* Positions from first up to but without last, on one axis. */
typedef struct {
    int64_t first, last;
} sb_span;

/* The tables of a mapped segment, and this process's place in them. */
typedef struct sb_locks {
    char *control, *participants, *boxes; /* in the mapping, which must outlive this */
    uint32_t nslots, nboxes, ndim, box_size, flags;
    off_t offset, size;        /* bytes: of the tables in the file, and of the file */
    dev_t dev;                 /* the file, to know the descriptor again */
    ino_t ino;
    int fd;                    /* locks the process's row, or only asks who lives; -1: none */
    int writable;              /* takes part; else it only reads */
    int row;                   /* SB_NO_ROW: none */
    uint32_t me;               /* identity in the table; 0: none */
    atomic_int joined;         /* the row is taken and swept; 0 again in a forked child */
    atomic_int broken;         /* EFAULT or EUCLEAN once the tables were found gone, and for ever: see sb_whole */
    char record[SB_PARTICIPANT_SIZE];
    struct sb_locks *next, *previous; /* all of the process that are writable */
} sb_locks;

/* A box that is asked for. The caller sets the first five fields, and row to SB_NO_ROW; zeros elsewhere. */
typedef struct {
    const sb_span *spans; /* ndim of them */
    sb_span *damage;      /* ndim of them: with EOWNERDEAD, what may be half written */
    uint64_t thread;      /* who of this process asks; 0 is nobody in particular */
    uint32_t state;       /* SB_SHARED or SB_EXCLUSIVE */
    int recover;          /* also where the dead have left marks */
    int row;              /* the row that waits, then the row that holds */
    int looked;
    int64_t sleep, until, expired; /* how long the present sleep is, when it ends, and how long the last was that nobody ended */
} sb_request;

int64_t sb_now(void);

/* Looks for 50 us whether ready(of) is true, giving the CPU away each time. */
int sb_looks(int (*ready)(void *of), void *of);

/* The segment's tables begin at that file offset, and end with the file of size bytes, mapped at start. fd is a descriptor of the
 * file. With a record, a participant's row whose Generation, PID and Joined are filled in later, the process is to
 * take part: the file is opened anew for that, and sb_enter takes the row. Without one fd is duplicated, to ask by. */
int sb_locks_init(sb_locks *l, char *start, off_t size, off_t offset, uint32_t nslots, uint32_t nboxes, uint32_t ndim, uint32_t flags,
                  int fd, const void *record);

/* Gives the row back. What the process holds is a dead participant's from now on. */
void sb_locks_free(sb_locks *l);

/* Makes the process a participant, unless it is one. Needed before all that follows, and again in a forked child. */
int sb_enter(sb_locks *l);

/* Whether a participant has ended. When the system cannot tell it has not: to wait longer is safe. */
int sb_is_dead(const sb_locks *l, uint32_t who);

/* Gives the row back. Whether nobody else has one, and no handle is under way; then nobody can take one before sb_locks_free. */
int sb_leave(sb_locks *l);

/* How often this process and those that it descends from have forked since the first segment was opened for writing. What was mapped
 * before the last time may be in the memory of a child too. */
unsigned int sb_forks(void);

/* Whether the control block is still one: 0, EUCLEAN or EFAULT. What is not stays so. */
static inline int sb_whole(sb_locks *l)
{
    if (!atomic_load_explicit(&l->broken, memory_order_relaxed) &&
        *(const volatile uint64_t *)(l->control + SB_BLOCK_MAGIC) != SB_BLOCK_MAGIC_WORD) {
        int whole = 0;
        atomic_compare_exchange_strong(&l->broken, &whole, EUCLEAN); /* a handler of SIGBUS may have said more */
    }
    return atomic_load_explicit(&l->broken, memory_order_relaxed);
}

/* Takes the box if that needs no waiting at all, else EBUSY. */
int sb_try(sb_locks *l, sb_request *r);

/* Waits for the box until the deadline. After EAGAIN the request has its place among those who wait: call again, or sb_abandon. */
int sb_acquire(sb_locks *l, sb_request *r, int64_t deadline);
void sb_abandon(sb_locks *l, sb_request *r);

/* Frees the row in which the request's thread holds the spans, r->row if that is it. *waited: others may wait, and sb_wake_next
 * is to be called. EPERM: it holds no such box. */
int sb_release(sb_locks *l, const sb_request *r, int *waited);
void sb_wake_next(sb_locks *l);

/* Frees the rows that hold exactly the spans alone, or mark them as damaged, whoever's they are. EPERM: there are none. */
int sb_take_away(sb_locks *l, const sb_span *spans);

/* Whether the request's thread holds exactly the spans. */
int sb_holds(const sb_locks *l, const sb_request *r);

/* Whether the process holds or waits for any box. */
int sb_holds_any(const sb_locks *l);

/* Copies the boxes left half written that lie within the given one to marks, room for nboxes, and their number to *n. */
int sb_marks(sb_locks *l, const sb_span *within, sb_span *marks, size_t *n);
/* Clears them. */
int sb_repaired(sb_locks *l, const sb_span *within);

/* Reading without a lock: 0 and *writes if nobody but the thread writes to the box, EBUSY, or EOWNERDEAD. look: find out who
 * lives. What is copied between the two calls nobody tore if sb_unchanged. */
int sb_quiet(sb_locks *l, const sb_span *spans, uint64_t thread, int look, uint64_t *writes, sb_span *damage);
int sb_unchanged(const sb_locks *l, uint64_t writes);

/* For tests and benchmarks: the word that guards the table. */
int sb_latch(sb_locks *l, int64_t deadline);
void sb_unlatch(sb_locks *l);

#endif
