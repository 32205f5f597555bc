/* The table of boxes. See locks.h for the functions, and shm/box.go and shm/snapshot.go for why the protocol holds. The order of
 * stores and loads is theirs; atomics are sequentially consistent unless they say otherwise. */
#include "locks_internal.h"

static int overlap(const sb_locks *l, const sb_span *a, const table_span *b)
{
    for (uint32_t d = 0; d < l->ndim; d++) {
        if (a[d].first >= READ(b[d].last) || READ(b[d].first) >= a[d].last)
            return 0;
    }
    return 1;
}

static int contains(const sb_locks *l, const sb_span *outer, const table_span *inner)
{
    for (uint32_t d = 0; d < l->ndim; d++) {
        if (outer[d].first == 0 && outer[d].last == INT64_MAX)
            continue; /* everywhere: damaged words too */
        if (READ(inner[d].first) < outer[d].first || READ(inner[d].last) > outer[d].last)
            return 0;
    }
    return 1;
}

static int equal(const sb_locks *l, const sb_span *a, const table_span *b)
{
    for (uint32_t d = 0; d < l->ndim; d++) {
        if (READ(b[d].first) != a[d].first || READ(b[d].last) != a[d].last)
            return 0;
    }
    return 1;
}

static void copy_spans(const sb_locks *l, sb_span *to, const table_span *from)
{
    for (uint32_t d = 0; d < l->ndim; d++)
        to[d] = (sb_span){READ(from[d].first), READ(from[d].last)};
}

static int conflicts(const sb_locks *l, const sb_span *spans, uint32_t state, const box *b, uint32_t other)
{
    return (state == SB_EXCLUSIVE || other == SB_EXCLUSIVE || other == SB_WAITING_EXCLUSIVE || other == SB_DAMAGED) &&
           overlap(l, spans, b->spans);
}

static int is_held(uint32_t state)
{
    return state == SB_SHARED || state == SB_EXCLUSIVE;
}

static int is_waiting(uint32_t state)
{
    return state == SB_WAITING_SHARED || state == SB_WAITING_EXCLUSIVE;
}

/* How many rows of the table need to be looked at. */
static uint32_t used(const sb_locks *l)
{
    uint32_t n = READ(control(l)->used);
    return n < l->nboxes ? n : l->nboxes;
}

/* What follows, up to sb_try, is called with the latch held. */

/* Lowers Used as far as the rows before it are free, and returns it. */
static uint32_t trim(sb_locks *l)
{
    uint32_t n = used(l);
    while (n > 0 && box_at(l, n - 1)->owner == 0)
        n--;
    if (READ(control(l)->used) != n)
        WRITE(control(l)->used, n);
    return n;
}

/* Whether another mark contains the row's box, as the one that a dead repairer was at work on does. */
static int is_marked(const sb_locks *l, uint32_t row)
{
    const box *inner = box_at(l, row);
    for (uint32_t i = 0, n = used(l); i < n; i++) {
        const box *b = box_at(l, i);
        if (i == row || state_of(b->owner) != SB_DAMAGED)
            continue;
        uint32_t d = 0;
        while (d < l->ndim && READ(b->spans[d].first) <= READ(inner->spans[d].first) && READ(b->spans[d].last) >= READ(inner->spans[d].last))
            d++;
        if (d == l->ndim)
            return 1;
    }
    return 0;
}

/* Frees the row of a dead participant, or turns it into a mark of damage if it held its box alone. */
static void bury(sb_locks *l, uint32_t row)
{
    box *b = box_at(l, row);
    uint64_t owner = b->owner;
    if (state_of(owner) != SB_EXCLUSIVE || l->flags & SB_RECOVER_ALWAYS || is_marked(l, row))
        b->owner = 0;
    else
        b->owner = owner_word((uint32_t)owner, SB_DAMAGED);
}

void sb_sweep(sb_locks *l)
{
    for (uint32_t i = 0; i < l->nboxes; i++) { /* not used(): it may be damaged */
        uint64_t owner = box_at(l, i)->owner;
        uint32_t who = (uint32_t)owner, state = state_of(owner);
        if (state != SB_FREE && state != SB_DAMAGED && (who & SB_ROW_MASK) == (l->me & SB_ROW_MASK))
            bury(l, i);
    }
}

static int bury_dead(sb_locks *l)
{
    int any = 0;
    for (uint32_t i = 0, n = used(l); i < n; i++) {
        uint64_t owner = box_at(l, i)->owner;
        if (state_of(owner) != SB_FREE && state_of(owner) != SB_DAMAGED && sb_is_dead(l, (uint32_t)owner)) {
            bury(l, i);
            any = 1;
        }
    }
    return any;
}

/* A row that says nothing, or SB_NO_ROW. */
static int free_row(sb_locks *l)
{
    do {
        for (uint32_t i = 0; i < l->nboxes; i++) {
            if (box_at(l, i)->owner == 0)
                return (int)i;
        }
    } while (bury_dead(l)); /* each of them changes to what is dead no more, so this ends */
    return SB_NO_ROW;
}

/* Makes a row of the request. Owner comes last: it is what makes the row. */
static void write_row(sb_locks *l, int row, const sb_request *r, uint32_t state)
{
    box *b = box_at(l, (uint32_t)row);
    words *c = control(l);
    WRITE(b->thread, r->thread);
    b->ticket = ++c->ticket;
    WRITE(b->wake, 0);
    b->passed = 0;
    for (uint32_t d = 0; d < l->ndim; d++) {
        WRITE(b->spans[d].first, r->spans[d].first);
        WRITE(b->spans[d].last, r->spans[d].last);
    }
    if (READ(c->used) < (uint32_t)row + 1)
        WRITE(c->used, (uint32_t)row + 1);
    atomic_store(&b->owner, owner_word(l->me, state));
}

/* Counts the request that is about to be served against those that wait for longer. */
static void pass(sb_locks *l, const sb_request *r, uint64_t ticket)
{
    for (uint32_t i = 0, n = used(l); i < n; i++) {
        box *b = box_at(l, i);
        uint32_t state = state_of(b->owner);
        if ((int)i != r->row && is_waiting(state) && b->ticket < ticket && conflicts(l, r->spans, r->state, b, state))
            b->passed = (b->passed < SB_MAX_PASSED ? b->passed : SB_MAX_PASSED) + 1;
    }
}

/* Gives the request its box if nothing stands against it: the row r->row that waits for it, or a new one, which r->row then is. EBUSY
 * when it must wait. After a sleep of expired that nobody ended, it looks whether those in the way live.
 * The errors are also EOWNERDEAD, EDEADLK and ENOLCK. */
static int take(sb_locks *l, sb_request *r, int64_t expired)
{
    int row = r->row, blocked = 0, any_waits = 0;
    uint64_t ticket = row == SB_NO_ROW ? UINT64_MAX : box_at(l, (uint32_t)row)->ticket;
    for (uint32_t i = 0, n = trim(l); i < n; i++) {
        box *b = box_at(l, i);
        uint64_t owner = b->owner;
        uint32_t state = state_of(owner);
        if (state == SB_FREE) {
            if (row == SB_NO_ROW)
                row = (int)i;
            continue;
        }
        if (r->thread && (uint32_t)owner == l->me && is_held(state) && READ(b->thread) == r->thread && overlap(l, r->spans, b->spans))
            return EDEADLK;
        if ((int)i == r->row || !conflicts(l, r->spans, r->state, b, state))
            continue;
        if (state > SB_DAMAGED || (expired > 0 && state != SB_DAMAGED && sb_is_dead(l, (uint32_t)owner))) {
            bury(l, i);
            if ((state = state_of(b->owner)) == SB_FREE)
                continue;
        }
        if (state == SB_DAMAGED) {
            if (r->recover && contains(l, r->spans, b->spans))
                continue;
            copy_spans(l, r->damage, b->spans);
            return EOWNERDEAD;
        }
        if (!is_waiting(state)) {
            blocked = 1;
            continue;
        }
        any_waits = 1;
        if (b->ticket > ticket || b->passed < SB_MAX_PASSED)
            continue;
        if (expired >= SB_NEXT_SLEEPS && READ(b->wake))
            b->passed = 0;
        else
            blocked = 1;
    }
    if (blocked)
        return EBUSY;
    if (row == SB_NO_ROW && (row = free_row(l)) == SB_NO_ROW)
        return ENOLCK;
    if (any_waits)
        pass(l, r, ticket);
    if (r->row == SB_NO_ROW)
        write_row(l, row, r, r->state);
    else
        atomic_store(&box_at(l, (uint32_t)row)->owner, owner_word(l->me, r->state));
    r->row = row;
    if (r->state == SB_EXCLUSIVE) { /* after Owner, before any element: see shm/snapshot.go */
        atomic_store_explicit(&control(l)->writes, READ(control(l)->writes) + 1, memory_order_release);
        atomic_thread_fence(memory_order_release);
    }
    return 0;
}

/* Whether nothing holds the box of a waiting row and nothing that asked before waits for it. */
static int has_turn(const sb_locks *l, uint32_t row)
{
    const box *mine = box_at(l, row);
    uint32_t wants = state_of(mine->owner) - SB_WAITING_SHARED + SB_SHARED;
    sb_span spans[SB_MAX_NDIM];
    copy_spans(l, spans, mine->spans);
    for (uint32_t i = 0, n = used(l); i < n; i++) {
        const box *b = box_at(l, i);
        uint32_t state = state_of(b->owner);
        if (i == row || state == SB_FREE || state == SB_DAMAGED) /* who waits beside a mark must learn of it */
            continue;
        if ((!is_waiting(state) || b->ticket < mine->ticket) && conflicts(l, spans, wants, b, state))
            return 0;
    }
    return 1;
}

/* Marks as woken the waiting rows whose turn it is, but for one, gives the latch back, and wakes those that slept. More than fit
 * are woken at their next look. */
static void wake_turns(sb_locks *l, int except)
{
    uint32_t rows[16];
    size_t n = 0;
    int waits = 0;
    for (uint32_t i = 0, end = used(l); i < end; i++) {
        box *b = box_at(l, i);
        if (!is_waiting(state_of(b->owner)))
            continue;
        waits = 1;
        if ((int)i != except && !READ(b->wake) && has_turn(l, i)) {
            WRITE(b->wake, 1);
            if (n < sizeof rows / sizeof *rows)
                rows[n++] = i;
        }
    }
    if (!waits)
        atomic_store(&control(l)->waiting, 0);
    sb_unlatch(l);
    for (size_t i = 0; i < n; i++)
        sb_futex_wake(&box_at(l, rows[i])->wake); /* a row may be another's by now, which wakes it for no reason */
}

int sb_try(sb_locks *l, sb_request *r)
{
    if (!sb_latch_at_once(l))
        return EBUSY;
    int error = take(l, r, 0);
    sb_unlatch(l);
    return error;
}

struct look {
    const sb_locks *locks;
    const sb_request *request;
};

/* Whether nothing seems to hold the box, without the latch: what it says may be over already. */
static int is_unheld(void *of)
{
    const sb_locks *l = ((struct look *)of)->locks;
    const sb_request *r = ((struct look *)of)->request;
    for (uint32_t i = 0, n = used(l); i < n; i++) {
        const box *b = box_at(l, i);
        uint32_t state = state_of(b->owner);
        if (is_held(state) && conflicts(l, r->spans, r->state, b, state))
            return 0;
    }
    return 1;
}

void sb_wake_next(sb_locks *l)
{
    if (sb_latch_soon(l)) /* else their own sleeps' ends wake them */
        wake_turns(l, SB_NO_ROW);
}

void sb_abandon(sb_locks *l, sb_request *r)
{
    if (r->row == SB_NO_ROW)
        return;
    atomic_exchange(&box_at(l, (uint32_t)r->row)->owner, 0);
    r->row = SB_NO_ROW;
    sb_wake_next(l); /* this one may have been woken in place of another */
}

/* After a take for a waiting row, with the latch held: gives up, or goes to sleep again. */
static int settle(sb_locks *l, sb_request *r, int error, int64_t deadline)
{
    if (error == 0) {
        sb_unlatch(l);
        return 0;
    }
    box *b = box_at(l, (uint32_t)r->row);
    int64_t now = sb_now();
    if (error == EBUSY && now >= deadline)
        error = ETIMEDOUT;
    if (error != EBUSY) {
        atomic_store(&b->owner, 0);
        r->row = SB_NO_ROW;
        wake_turns(l, SB_NO_ROW);
        return error;
    }
    WRITE(b->wake, 0);
    if (r->expired > 0) /* whoever should have woken somebody may have died */
        wake_turns(l, r->row);
    else
        sb_unlatch(l);
    r->sleep = r->sleep == 0 ? SB_FIRST_SLEEP : SB_NEXT_SLEEPS;
    r->until = now + r->sleep;
    return EAGAIN;
}

/* Puts the request among the waiting rows, or serves it at once. */
static int begin(sb_locks *l, sb_request *r, int64_t deadline)
{
    int error = EBUSY;
    if (!r->looked) {
        r->looked = 1;
        struct look look = {l, r};
        if ((error = sb_try(l, r)) == EBUSY && deadline > sb_now() && sb_looks(is_unheld, &look))
            error = sb_try(l, r);
    }
    if (error != EBUSY)
        return error;
    if ((error = sb_latch(l, deadline)))
        return error;
    if (sb_now() >= deadline) { /* even who will not wait must learn of a death */
        error = take(l, r, SB_FIRST_SLEEP);
        sb_unlatch(l);
        return error == EBUSY ? ETIMEDOUT : error;
    }
    int row = free_row(l);
    if (row == SB_NO_ROW) {
        sb_unlatch(l);
        return ENOLCK;
    }
    write_row(l, row, r, r->state - SB_SHARED + SB_WAITING_SHARED);
    r->row = row;
    atomic_store(&control(l)->waiting, 1); /* before the rows are read: see shm/box.go */
    return settle(l, r, take(l, r, 0), deadline);
}

int sb_acquire(sb_locks *l, sb_request *r, int64_t deadline)
{
    if (r->row == SB_NO_ROW)
        return begin(l, r, deadline);
    if (r->until) {
        int64_t end = r->until < deadline ? r->until : deadline;
        int error = sb_futex_wait(&box_at(l, (uint32_t)r->row)->wake, 0, end);
        if (error == EINTR)
            return EAGAIN;
        if (error == EFAULT) {
            r->row = SB_NO_ROW; /* with the page */
            return error;
        }
        r->expired = error == 0 ? 0 : end == r->until ? r->sleep : SB_FIRST_SLEEP;
        r->until = 0;
    }
    int error = sb_latch(l, deadline);
    if (error == EAGAIN)
        return error;
    if (error) {
        sb_abandon(l, r);
        return error;
    }
    return settle(l, r, take(l, r, r->expired), deadline);
}

static int holds(const sb_locks *l, const sb_request *r, uint32_t row)
{
    const box *b = box_at(l, row);
    return b->owner == owner_word(l->me, r->state) && READ(b->thread) == r->thread && equal(l, r->spans, b->spans);
}

/* The row in which the request's thread holds the spans, or SB_NO_ROW. */
static int held_row(const sb_locks *l, const sb_request *r)
{
    uint32_t row = (uint32_t)r->row, n = used(l);
    if (!l->me) /* a forked child's parent may hold it */
        return SB_NO_ROW;
    if (r->row >= 0 && row < n && holds(l, r, row))
        return r->row;
    for (row = 0; row < n; row++) {
        if (holds(l, r, row))
            return (int)row;
    }
    return SB_NO_ROW;
}

int sb_holds(const sb_locks *l, const sb_request *r)
{
    return held_row(l, r) != SB_NO_ROW;
}

int sb_release(sb_locks *l, const sb_request *r, int *waited)
{
    int row = held_row(l, r);
    if (row == SB_NO_ROW)
        return EPERM;
    uint64_t expected = owner_word(l->me, r->state);
    if (!atomic_compare_exchange_strong(&box_at(l, (uint32_t)row)->owner, &expected, 0))
        return EPERM;
    *waited = atomic_load(&control(l)->waiting) != 0;
    return 0;
}

int sb_take_away(sb_locks *l, const sb_span *spans)
{
    int error = sb_latch(l, SB_FOREVER);
    if (error)
        return error;
    error = EPERM;
    for (uint32_t i = 0, end = used(l); i < end; i++) {
        box *b = box_at(l, i);
        uint64_t owner = b->owner; /* who may give it free meanwhile, but the row is no other's before the latch is given back */
        if ((state_of(owner) == SB_EXCLUSIVE || state_of(owner) == SB_DAMAGED) && equal(l, spans, b->spans) &&
            atomic_compare_exchange_strong(&b->owner, &owner, 0))
            error = 0;
    }
    sb_unlatch(l);
    if (!error && atomic_load(&control(l)->waiting) != 0)
        sb_wake_next(l);
    return error;
}

int sb_holds_any(const sb_locks *l)
{
    for (uint32_t i = 0, n = used(l); l->me && i < n; i++) {
        uint64_t owner = box_at(l, i)->owner;
        if ((uint32_t)owner == l->me && (is_held(state_of(owner)) || is_waiting(state_of(owner))))
            return 1;
    }
    return 0;
}

int sb_marks(sb_locks *l, const sb_span *within, sb_span *marks, size_t *n)
{
    int error = sb_latch(l, SB_FOREVER);
    if (error)
        return error;
    *n = 0;
    for (uint32_t i = 0, end = used(l); i < end; i++) {
        const box *b = box_at(l, i);
        if (state_of(b->owner) == SB_DAMAGED && contains(l, within, b->spans))
            copy_spans(l, marks + (*n)++ * l->ndim, b->spans);
    }
    sb_unlatch(l);
    return 0;
}

int sb_repaired(sb_locks *l, const sb_span *within)
{
    int error = sb_latch(l, SB_FOREVER);
    if (error)
        return error;
    for (uint32_t i = 0, end = used(l); i < end; i++) {
        box *b = box_at(l, i);
        if (state_of(b->owner) == SB_DAMAGED && contains(l, within, b->spans))
            b->owner = 0;
    }
    sb_unlatch(l);
    return 0;
}

int sb_quiet(sb_locks *l, const sb_span *spans, uint64_t thread, int look, uint64_t *writes, sb_span *damage)
{
    *writes = atomic_load(&control(l)->writes);
    int busy = 0;
    for (uint32_t i = 0, n = used(l); i < n; i++) {
        const box *b = box_at(l, i);
        uint64_t owner = b->owner;
        uint32_t state = state_of(owner);
        if ((state != SB_EXCLUSIVE && state != SB_DAMAGED) || !overlap(l, spans, b->spans))
            continue;
        if (l->me && owner == owner_word(l->me, SB_EXCLUSIVE) && READ(b->thread) == thread)
            continue;
        int dead = state == SB_DAMAGED || (look && sb_is_dead(l, (uint32_t)owner));
        if (dead && !(l->flags & SB_RECOVER_ALWAYS)) {
            copy_spans(l, damage, b->spans);
            return EOWNERDEAD;
        }
        busy |= !dead;
    }
    return busy ? EBUSY : 0;
}

int sb_unchanged(const sb_locks *l, uint64_t writes)
{
    atomic_thread_fence(memory_order_acquire);
    return READ(control(l)->writes) == writes;
}
