/* What locks.c and locks_table.c share: the words of the tables. */
#ifndef SAMEBYTES_LOCKS_INTERNAL_H
#define SAMEBYTES_LOCKS_INTERNAL_H

#include "locks.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the tables are little-endian");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics must not hide a lock: other processes would not know it");

/* The words of the control block from Latch on. */
typedef struct {
    _Atomic uint32_t latch, used, waiting, unused;
    uint64_t ticket;
    _Atomic uint64_t writes;
} words;

_Static_assert(SB_BLOCK_LATCH + offsetof(words, used) == SB_BLOCK_USED && SB_BLOCK_LATCH + offsetof(words, waiting) == SB_BLOCK_WAITING &&
                   SB_BLOCK_LATCH + offsetof(words, ticket) == SB_BLOCK_TICKET && SB_BLOCK_LATCH + offsetof(words, writes) == SB_BLOCK_WRITES,
               "words is not what layout.h says");

/* A row of the table of boxes. Atomic is what is read without the latch. */
typedef struct {
    _Atomic int64_t first, last;
} table_span;

typedef struct {
    _Atomic uint64_t owner, thread;
    uint64_t ticket;
    _Atomic uint32_t wake;
    uint32_t passed;
    table_span spans[];
} box;

_Static_assert(offsetof(box, owner) == SB_BOX_OWNER && offsetof(box, thread) == SB_BOX_THREAD && offsetof(box, ticket) == SB_BOX_TICKET &&
                   offsetof(box, wake) == SB_BOX_WAKE && offsetof(box, passed) == SB_BOX_PASSED && offsetof(box, spans) == SB_BOX_SIZE,
               "box is not what layout.h says");

/* Relaxed: for what the latch, or an Owner read before, orders. */
#define READ(x) atomic_load_explicit(&(x), memory_order_relaxed)
#define WRITE(x, value) atomic_store_explicit(&(x), value, memory_order_relaxed)

static inline words *control(const sb_locks *l)
{
    return (words *)(l->control + SB_BLOCK_LATCH);
}

static inline box *box_at(const sb_locks *l, uint32_t row)
{
    return (box *)(l->boxes + (size_t)row * l->box_size);
}

static inline uint64_t owner_word(uint32_t who, uint32_t state)
{
    return who | (uint64_t)state << SB_STATE_SHIFT;
}

static inline uint32_t state_of(uint64_t owner)
{
    return (uint32_t)(owner >> SB_STATE_SHIFT);
}

/* Sleeps while the word holds value, until woken: 0, ETIMEDOUT, EINTR or EFAULT. */
int sb_futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t until);
void sb_futex_wake(_Atomic uint32_t *word);

/* Takes the latch if it is free, or if it can be had without a sleep. */
int sb_latch_at_once(sb_locks *l);
int sb_latch_soon(sb_locks *l);

/* Changes the rows that the last holder of this process's participant row left. The latch is held. */
void sb_sweep(sb_locks *l);

#endif
