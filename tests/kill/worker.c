/* The C worker of test_kill.py: tests/peer/work.go has the same in Go.
 *
 *     worker ARRAY ORACLE    the paths of a segment, and of a plain .npy file of int64 that no lock knows
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "locks.h"

/* The oracle's columns for each row of the array; and of its last row. */
enum { INSIDE, BEGUN, ENDED, COLUMNS };
enum { VIOLATIONS, RECOVERED, SECTIONS };
enum { LONGEST = COLUMNS }; /* the first word of the row behind that */
enum { MAX_BOXES = 1024 };

static void fail(const char *what, int error)
{
    fprintf(stderr, "worker: %s: %s\n", what, strerror(error));
    exit(1);
}

static char *map(const char *path, off_t *size, int *fd)
{
    struct stat st;
    *fd = open(path, O_RDWR | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &st) < 0)
        fail(path, errno);
    *size = st.st_size;
    char *start = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (start == MAP_FAILED)
        fail(path, errno);
    return start;
}

static uint32_t word(const char *control, int offset)
{
    uint32_t value;
    memcpy(&value, control + offset, sizeof value);
    return value;
}

static int64_t *oracle;
static int64_t rows, *tally, me;

static void check(int holds)
{
    if (!holds)
        __atomic_fetch_add(&tally[VIOLATIONS], 1, __ATOMIC_SEQ_CST);
}

static int64_t *row(int64_t i) { return oracle + i * COLUMNS; }

/* Makes whole what the dead left: only rows that are said to be damaged may be. */
static void mend(sb_locks *l)
{
    sb_span all[2] = {{0, INT64_MAX}, {0, INT64_MAX}}, damage[2];
    static sb_span marks[MAX_BOXES * 2];
    size_t n;
    sb_request r = {.spans = all, .damage = damage, .state = SB_EXCLUSIVE, .recover = 1, .row = SB_NO_ROW};
    int error, waited;
    while ((error = sb_acquire(l, &r, SB_FOREVER)) == EAGAIN)
        ;
    while (!error && (error = sb_marks(l, all, marks, &n)) == EAGAIN)
        error = 0;
    if (error)
        fail("recover", error);
    for (int64_t i = 0; i < rows; i++) {
        int damaged = 0;
        for (size_t k = 0; k < n; k++)
            damaged |= marks[k * l->ndim].first <= i && i < marks[k * l->ndim].last;
        int64_t *o = row(i);
        check(damaged || (o[INSIDE] == 0 && o[BEGUN] == o[ENDED]));
        if (damaged)
            __atomic_fetch_add(&tally[RECOVERED], 1, __ATOMIC_SEQ_CST);
        o[INSIDE] = me;
        o[ENDED] = o[BEGUN];
        o[INSIDE] = 0;
    }
    while ((error = sb_repaired(l, all)) == EAGAIN)
        ;
    if (error || (error = sb_release(l, &r, &waited)))
        fail("repaired", error);
    if (waited)
        sb_wake_next(l);
}

int main(int argc, char **argv)
{
    off_t size, oracle_size;
    int fd, oracle_fd, error, waited;
    if (argc != 3)
        fail("usage", EINVAL);
    char *start = map(argv[1], &size, &fd);
    const char *control = start + size - SB_CONTROL_SIZE;
    uint64_t tables;
    memcpy(&tables, control + SB_BLOCK_CONTROL_OFFSET, sizeof tables);
    char record[SB_PARTICIPANT_SIZE] = {0};
    strcpy(record + SB_PARTICIPANT_LANGUAGE, "c");
    strcpy(record + SB_PARTICIPANT_PROGRAM, "worker");
    sb_locks l;
    if ((error = sb_locks_init(&l, start, size, (off_t)tables, word(control, SB_BLOCK_SLOTS), word(control, SB_BLOCK_BOXES),
                               word(control, SB_BLOCK_NDIM), word(control, SB_BLOCK_FLAGS), fd, record)))
        fail("open", error);
    while ((error = sb_enter(&l)) == EAGAIN)
        ;
    if (error)
        fail("join", error);
    close(fd);
    /* Headers of NumPy's are a multiple of 64 bytes; the oracle's is the first. */
    oracle = (int64_t *)(map(argv[2], &oracle_size, &oracle_fd) + 128);
    rows = (oracle_size - 128) / (COLUMNS * (int64_t)sizeof *oracle) - 2;
    tally = row(rows);
    me = getpid();
    unsigned seed = (unsigned)me;
    for (;;) {
        int64_t first = 0, last = rows;
        if (rand_r(&seed) % 3) {
            first = rand_r(&seed) % rows;
            last = first + 1 + rand_r(&seed) % (rows - first);
        }
        int shared = rand_r(&seed) % 4 == 0;
        sb_span spans[2] = {{first, last}, {0, INT64_MAX}}, damage[2];
        sb_request r = {.spans = spans, .damage = damage, .state = shared ? SB_SHARED : SB_EXCLUSIVE, .row = SB_NO_ROW};
        int64_t begin = sb_now();
        while ((error = sb_acquire(&l, &r, SB_FOREVER)) == EAGAIN)
            ;
        int64_t took = sb_now() - begin;
        if (took > tally[LONGEST])
            tally[LONGEST] = took;
        if (error == EOWNERDEAD) {
            mend(&l);
            continue;
        }
        if (error)
            fail("lock", error);
        for (int64_t i = first; i < last; i++) {
            int64_t *o = row(i);
            check(o[INSIDE] == 0 && o[BEGUN] == o[ENDED]);
            if (!shared) {
                o[INSIDE] = me;
                o[BEGUN]++;
            }
        }
        for (int k = rand_r(&seed) % 100; k > 0; k--)
            (void)__atomic_load_n(&tally[SECTIONS], __ATOMIC_SEQ_CST); /* takes a while */
        for (int64_t i = first; i < last && !shared; i++) {
            int64_t *o = row(i);
            check(o[INSIDE] == me);
            o[ENDED]++;
            o[INSIDE] = 0;
        }
        __atomic_fetch_add(&tally[SECTIONS], 1, __ATOMIC_SEQ_CST);
        if ((error = sb_release(&l, &r, &waited)))
            fail("unlock", error);
        if (waited)
            sb_wake_next(&l);
    }
}
