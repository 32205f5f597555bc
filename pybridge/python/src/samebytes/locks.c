/* Participants and the latch. See locks.h for the functions, and shm/participant.go and shm/latch.go for why the protocol holds.
 * The order of stores and loads is theirs; atomics are sequentially consistent unless they say otherwise. */
#define _GNU_SOURCE
#include "locks_internal.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Time, and sleeping. */

#define SECOND INT64_C(1000000000) /* ns */

int64_t sb_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

int sb_futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t until)
{
    struct timespec end = {until / SECOND, until % SECOND};
    if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, &end, NULL, FUTEX_BITSET_MATCH_ANY) == 0 || errno == EAGAIN)
        return 0;
    return errno;
}

void sb_futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0); /* a page that is gone has no sleepers: their sleep ends by itself */
}

/* How long a wait looks before it sleeps, ns: a worker on another CPU has doubled a MiB by then. To wake a sleeper there takes
 * longer (on a virtual machine 15 to 40 us each way). Each look gives the CPU away, to whoever is waited for if it wants to
 * run on this one, so that nothing is lost where there is no other. Where strangers want it, one of them may keep it for
 * milliseconds, when a sleeper would be run at once: after a look that took as long as LOST, the next waits of the process
 * sleep at once. */
enum { PATIENCE = 50000, LOST = 200000, IMPATIENT_WAITS = 1000 };

static atomic_int impatient; /* waits that are to sleep at once; threads that race for it only miscount a little */

int sb_looks(int (*ready)(void *of), void *of)
{
    if (READ(impatient) > 0) {
        atomic_fetch_sub_explicit(&impatient, 1, memory_order_relaxed);
        return 0;
    }
    for (int64_t begin = sb_now(), last = begin, time; last - begin < PATIENCE; last = time) {
        sched_yield();
        time = sb_now();
        if (time - last > LOST)
            WRITE(impatient, IMPATIENT_WAITS);
        if (ready(of))
            return 1;
    }
    return 0;
}

/* Participants. */

static uint32_t identity(int row, uint32_t generation)
{
    return (generation & SB_GENERATION_MASK) << SB_ROW_BITS | (uint32_t)(row + 1);
}

static _Atomic uint32_t *generation(const sb_locks *l, int row)
{
    return (_Atomic uint32_t *)(l->participants + (size_t)row * SB_PARTICIPANT_SIZE + SB_PARTICIPANT_GENERATION);
}

/* fcntl with a lock of n bytes for writing; lock says what it found. */
static int lock_bytes(int fd, int command, off_t start, off_t n, struct flock *lock)
{
    *lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = n};
    int failed;
    do
        failed = fcntl(fd, command, lock);
    while (failed < 0 && errno == EINTR);
    return failed < 0 ? errno : 0;
}

/* How many bytes of a row are locked together; see shm/participant.go. */
enum { ALIVE = 1, JOINING = 2 };

static off_t row_byte(int row)
{
    return SB_PARTICIPANT_BYTE + 2 * row;
}

static int unlock_bytes(int fd, off_t start, off_t n)
{
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = n};
    return fcntl(fd, F_OFD_SETLK, &lock);
}

/* Whether the descriptor is still the file's: a program may close what it does not know, and use the number again. */
static int descriptor_is_ours(const sb_locks *l)
{
    struct stat st;
    return fstat(l->fd, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino;
}

int sb_is_dead(const sb_locks *l, uint32_t who)
{
    int row = (int)(who & SB_ROW_MASK) - 1;
    struct flock lock;
    if (who && who == l->me) /* 0: a reader, who holds nothing */
        return 0;
    if (row < 0 || row >= (int)l->nslots || row == l->row) /* damaged words, and who had this process's row before */
        return 1;
    if (lock_bytes(l->fd, F_OFD_GETLK, row_byte(row), 1, &lock))
        return 0;
    if (lock.l_type == F_UNLCK)
        return descriptor_is_ours(l);
    return lock.l_len != ALIVE || identity(row, *generation(l, row)) != who; /* who has the row now raised Generation before */
}

/* Opens the file of a descriptor once more: another open file description, with locks of its own. -1 with errno on failure. */
static int reopen(int fd)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int opened;
    do
        opened = open(path, O_RDWR | O_CLOEXEC);
    while (opened < 0 && errno == EINTR);
    return opened;
}

/* All writable sb_locks of the process. A forked child must not keep its parent's open file descriptions, or the parent would
 * seem to live as long as the child. What makes or changes a descriptor holds the mutex, which a fork waits for. */
static sb_locks *all;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t registered = PTHREAD_ONCE_INIT;
static atomic_uint forks;

static void before_fork(void)
{
    pthread_mutex_lock(&mutex);
}

static void in_parent(void)
{
    atomic_fetch_add(&forks, 1);
    pthread_mutex_unlock(&mutex);
}

static void in_child(void)
{
    atomic_fetch_add(&forks, 1);
    for (sb_locks *l = all; l; l = l->next) {
        l->row = SB_NO_ROW;
        l->me = 0;
        atomic_store(&l->joined, 0);
        int opened = l->fd < 0 || !descriptor_is_ours(l) ? -1 : reopen(l->fd);
        if (opened >= 0 && dup3(opened, l->fd, O_CLOEXEC) >= 0)
            close(opened);
        else if (l->fd >= 0 && descriptor_is_ours(l)) { /* no descriptor to be had: the child cannot lock, but the parent can die */
            close(l->fd);
            l->fd = -1;
        }
    }
    pthread_mutex_unlock(&mutex);
}

static void register_at_fork(void)
{
    pthread_atfork(before_fork, in_parent, in_child); /* fails only without memory for it, before anything is locked */
}

unsigned int sb_forks(void)
{
    return atomic_load(&forks);
}

int sb_locks_init(sb_locks *l, char *start, off_t size, off_t offset, uint32_t nslots, uint32_t nboxes, uint32_t ndim, uint32_t flags,
                  int fd, const void *record)
{
    *l = (sb_locks){.nslots = nslots, .nboxes = nboxes, .ndim = ndim, .flags = flags, .offset = offset, .size = size, .row = SB_NO_ROW,
                    .fd = -1, .writable = record != NULL};
    l->box_size = (uint32_t)((SB_BOX_SIZE + sizeof(sb_span) * ndim + SB_CACHE_LINE - 1) / SB_CACHE_LINE * SB_CACHE_LINE);
    l->participants = start + offset;
    l->boxes = l->participants + (size_t)nslots * SB_PARTICIPANT_SIZE;
    l->control = start + size - SB_CONTROL_SIZE;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return errno;
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    if (!record)
        return (l->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0 ? errno : 0;
    memcpy(l->record, record, sizeof l->record);
    pthread_once(&registered, register_at_fork);
    pthread_mutex_lock(&mutex);
    l->fd = reopen(fd);
    int error = l->fd < 0 ? errno : 0;
    if (!error) {
        l->next = all;
        if (all)
            all->previous = l;
        all = l;
    } else
        l->writable = 0; /* not in the list */
    pthread_mutex_unlock(&mutex);
    return error;
}

/* Says in the row that it is left. By a system call: to touch the page of a file that was cut is a fault. For people only, so the
 * error is left. */
static void sign_off(const sb_locks *l)
{
    struct stat st;
    uint32_t left = 0;
    if (l->me && fstat(l->fd, &st) == 0 && st.st_size == l->size &&
        pwrite(l->fd, &left, sizeof left, l->offset + (off_t)l->row * SB_PARTICIPANT_SIZE + SB_PARTICIPANT_PID) < 0) {
    }
}

void sb_locks_free(sb_locks *l)
{
    pthread_mutex_lock(&mutex);
    if (l->writable) {
        if (l->previous)
            l->previous->next = l->next;
        else
            all = l->next;
        if (l->next)
            l->next->previous = l->previous;
    }
    if (descriptor_is_ours(l)) {
        sign_off(l);
        close(l->fd);
    }
    l->fd = -1;
    pthread_mutex_unlock(&mutex);
}

/* Whether handles of the segment are under way. By a system call, as in sign_off. */
static int in_flight(const sb_locks *l)
{
    uint64_t n = 0;
    return pread(l->fd, &n, sizeof n, l->size - SB_CONTROL_SIZE + SB_BLOCK_IN_FLIGHT) == sizeof n && n != 0;
}

int sb_leave(sb_locks *l)
{
    struct flock lock;
    pthread_mutex_lock(&mutex);
    int alone = 0;
    if (l->me && descriptor_is_ours(l)) {
        sign_off(l);
        atomic_store(&l->joined, 0);
        l->me = 0;
        /* One byte more than the rows have, by which take_row tells this from a participant's lock. */
        alone = unlock_bytes(l->fd, row_byte(l->row), 1) == 0 &&
                lock_bytes(l->fd, F_OFD_SETLK, row_byte(0), 2 * l->nslots + 1, &lock) == 0;
        if (alone && in_flight(l)) {
            unlock_bytes(l->fd, row_byte(0), 2 * l->nslots + 1); /* cannot fail: all of it is locked */
            alone = 0;
        }
        l->row = SB_NO_ROW;
    }
    pthread_mutex_unlock(&mutex);
    return alone;
}

/* Locks both bytes of a row that nobody has. */
static int take_row(sb_locks *l, int *row)
{
    struct flock lock;
    for (;;) {
        for (*row = 0; *row < (int)l->nslots; ++*row) {
            int error = lock_bytes(l->fd, F_OFD_SETLK, row_byte(*row), JOINING, &lock);
            if (error != EAGAIN && error != EACCES)
                return error;
        }
        /* Who deletes a temporary segment has all bytes at once, and then there is no segment to join. */
        int error = lock_bytes(l->fd, F_OFD_GETLK, row_byte(0), 2 * l->nslots, &lock);
        if (error)
            return error;
        if (lock.l_type != F_UNLCK && lock.l_len <= JOINING)
            return EUSERS;
        struct stat st;
        if (fstat(l->fd, &st) < 0 || st.st_nlink == 0)
            return ENOENT;
        sched_yield();
    }
}

static int enter(sb_locks *l)
{
    if (!l->me) {
        int row;
        int error = l->fd >= 0 && descriptor_is_ours(l) ? take_row(l, &row) : EBADF;
        if (error)
            return error;
        uint32_t pid = (uint32_t)getpid();
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        int64_t joined = t.tv_sec * SECOND + t.tv_nsec;
        memcpy(l->record + SB_PARTICIPANT_PID, &pid, sizeof pid);
        memcpy(l->record + SB_PARTICIPANT_JOINED, &joined, sizeof joined);
        l->row = row;
        l->me = identity(row, atomic_fetch_add(generation(l, row), 1) + 1); /* the byte's lock makes this process its only writer */
        unlock_bytes(l->fd, row_byte(row) + 1, 1);
        memcpy(l->participants + (size_t)row * SB_PARTICIPANT_SIZE + SB_PARTICIPANT_PID, l->record + SB_PARTICIPANT_PID,
               SB_PARTICIPANT_SIZE - SB_PARTICIPANT_PID);
    }
    int error = sb_latch(l, SB_FOREVER);
    if (error)
        return error;
    sb_sweep(l);
    sb_unlatch(l);
    atomic_store(&l->joined, 1);
    return 0;
}

int sb_enter(sb_locks *l)
{
    if (atomic_load_explicit(&l->joined, memory_order_acquire))
        return 0;
    pthread_mutex_lock(&mutex);
    int error = atomic_load(&l->joined) ? 0 : enter(l);
    pthread_mutex_unlock(&mutex);
    return error;
}

/* The latch. */

int sb_latch_at_once(sb_locks *l)
{
    uint32_t expected = 0;
    return atomic_compare_exchange_strong(&control(l)->latch, &expected, l->me);
}

/* The errors are EAGAIN, ETIMEDOUT and EFAULT. */
static int latch_slowly(sb_locks *l, int64_t deadline)
{
    _Atomic uint32_t *word = &control(l)->latch;
    for (int i = 0; i < SB_LATCH_SPINS; i++) {
        if (*word == 0 && sb_latch_at_once(l))
            return 0;
    }
    for (int sleeps = 0;;) {
        uint32_t w = *word;
        if (!(w & ~SB_LATCH_WAITERS)) {
            if (atomic_compare_exchange_strong(word, &w, l->me | SB_LATCH_WAITERS)) /* others may sleep still */
                return 0;
            continue;
        }
        if (sleeps == 2)
            return EAGAIN;
        int64_t now = sb_now(), end = now + (sleeps == 0 ? SB_FIRST_SLEEP : SB_NEXT_SLEEPS);
        if (now < deadline) {
            if (!(w & SB_LATCH_WAITERS)) {
                if (!atomic_compare_exchange_strong(word, &w, w | SB_LATCH_WAITERS))
                    continue;
                w |= SB_LATCH_WAITERS;
            }
            int error = sb_futex_wait(word, w, end < deadline ? end : deadline);
            if (error == EFAULT)
                return error;
            if (error == EINTR)
                sleeps = 2;
            else
                sleeps++;
        }
        if (*word == w && sb_is_dead(l, w & ~SB_LATCH_WAITERS) && atomic_compare_exchange_strong(word, &w, l->me | SB_LATCH_WAITERS))
            return 0;
        if (now >= deadline)
            return ETIMEDOUT;
    }
}

int sb_latch(sb_locks *l, int64_t deadline)
{
    return sb_latch_at_once(l) ? 0 : latch_slowly(l, deadline);
}

int sb_latch_soon(sb_locks *l)
{
    _Atomic uint32_t *word = &control(l)->latch;
    for (int i = 0; i < 2 * SB_LATCH_SPINS; i++) {
        uint32_t w = *word;
        if (!(w & ~SB_LATCH_WAITERS) && atomic_compare_exchange_strong(word, &w, l->me | w))
            return 1;
        if (i > SB_LATCH_SPINS)
            sched_yield();
    }
    return 0;
}

void sb_unlatch(sb_locks *l)
{
    if (atomic_exchange(&control(l)->latch, 0) & SB_LATCH_WAITERS)
        sb_futex_wake(&control(l)->latch);
}
