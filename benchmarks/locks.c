/* Command bench-locks is the C half of the benchmarks of locks and wakes: the extension's locks, without Python, and what the
 * system offers. benchmarks/ starts it, and reads what it prints.
 *
 *     bench-locks uncontended PATH ROUNDS        seconds for lock + unlock, as JSON
 *     bench-locks count PATH                     counts in the first element under the lock, until the time that stdin says
 *                                                (ns since 1970); prints how often
 *     bench-locks die PATH                       locks, says that, and after a moment says the time and kills itself
 *     bench-locks futex WARMUP MOST BUDGET       seconds for round trips between two processes, as JSON
 *     bench-locks wake INTERVAL MOST             seconds from a store to who sleeps for it, at such intervals, as JSON
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "locks.h"

static void fail(const char *what, int error)
{
    fprintf(stderr, "bench-locks: %s: %s\n", what, strerror(error));
    exit(1);
}

/* The locks of the segment at that path, which this process takes part in. *data is its first element. The mapping stays. */
static void join(sb_locks *l, const char *path, int64_t **data)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        fail(path, errno);
    char *start = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (start == MAP_FAILED)
        fail(path, errno);
    const char *control = start + st.st_size - SB_CONTROL_SIZE;
    uint64_t tables, offset;
    uint32_t slots, boxes, ndim, flags;
    memcpy(&tables, control + SB_BLOCK_CONTROL_OFFSET, sizeof tables);
    memcpy(&offset, control + SB_BLOCK_DATA_OFFSET, sizeof offset);
    memcpy(&slots, control + SB_BLOCK_SLOTS, sizeof slots);
    memcpy(&boxes, control + SB_BLOCK_BOXES, sizeof boxes);
    memcpy(&ndim, control + SB_BLOCK_NDIM, sizeof ndim);
    memcpy(&flags, control + SB_BLOCK_FLAGS, sizeof flags);
    if (ndim != 2)
        fail("expected an array of two axes", EINVAL);
    char record[SB_PARTICIPANT_SIZE] = {0};
    strcpy(record + SB_PARTICIPANT_LANGUAGE, "c");
    strcpy(record + SB_PARTICIPANT_PROGRAM, "bench-locks");
    int error = sb_locks_init(l, start, st.st_size, (off_t)tables, slots, boxes, ndim, flags, fd, record);
    if (error)
        fail("open the locks", error);
    while ((error = sb_enter(l)) == EAGAIN)
        ;
    if (error)
        fail("join", error);
    close(fd);
    *data = (int64_t *)(start + offset);
}

static const sb_span whole[2] = {{0, INT64_MAX}, {0, INT64_MAX}}, part[2] = {{2, 5}, {0, 4}};

static void lock(sb_locks *l, sb_request *r, const sb_span *spans)
{
    static sb_span damage[2];
    *r = (sb_request){.spans = spans, .damage = damage, .state = SB_EXCLUSIVE, .row = SB_NO_ROW};
    int error;
    while ((error = sb_acquire(l, r, SB_FOREVER)) == EAGAIN)
        ;
    if (error)
        fail("lock", error);
}

static void unlock(sb_locks *l, const sb_request *r)
{
    int waited, error = sb_release(l, r, &waited);
    if (error)
        fail("unlock", error);
    if (waited)
        sb_wake_next(l);
}

/* Uncontended. */

enum { PAIRS = 20000 }; /* of lock and unlock for a sample */

static sb_locks locks;
static pthread_mutex_t robust; /* what POSIX offers to processes that may die */

static void latch_pair(void)
{
    int error = sb_latch(&locks, SB_FOREVER);
    if (error)
        fail("latch", error);
    sb_unlatch(&locks);
}

static void whole_pair(void)
{
    sb_request r;
    lock(&locks, &r, whole);
    unlock(&locks, &r);
}

static void box_pair(void)
{
    sb_request r;
    lock(&locks, &r, part);
    unlock(&locks, &r);
}

static void robust_pair(void)
{
    int error = pthread_mutex_lock(&robust);
    if (error || (error = pthread_mutex_unlock(&robust)))
        fail("pthread_mutex", error);
}

static void make_robust(void)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);
    if (error || (error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED)) ||
        (error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST)) || (error = pthread_mutex_init(&robust, &attributes)))
        fail("pthread_mutex_init", error);
}

static void print_seconds(const double *seconds, int n)
{
    putchar('[');
    for (int i = 0; i < n; i++)
        printf("%s%.10g", i ? "," : "", seconds[i]);
    putchar(']');
}

static void uncontended(const char *path, int rounds)
{
    static const struct {
        const char *key;
        void (*pair)(void);
    } items[] = {{"c_latch", latch_pair}, {"c_robust", robust_pair}, {"c_whole", whole_pair}, {"c_box", box_pair}};
    enum { ITEMS = sizeof items / sizeof *items };
    int64_t *data;
    join(&locks, path, &data);
    make_robust();
    double *seconds = calloc((size_t)rounds * ITEMS, sizeof *seconds);
    if (!seconds)
        fail("calloc", errno);
    for (int round = 0; round < rounds; round++) {
        for (int item = 0; item < ITEMS; item++) {
            int64_t begin = sb_now();
            for (int i = 0; i < PAIRS; i++)
                items[item].pair();
            seconds[item * rounds + round] = (double)(sb_now() - begin) / 1e9 / PAIRS;
        }
    }
    for (int item = 0; item < ITEMS; item++) {
        printf("%s\"%s\": ", item ? ", " : "{", items[item].key);
        print_seconds(seconds + item * rounds, rounds);
    }
    puts("}");
    sb_locks_free(&locks);
}

/* Contended, and dying. */

enum { BETWEEN_LOOKS = 16 }; /* sections between two looks at the clock */

static int64_t wall_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void say_ready(void)
{
    puts("ready");
    fflush(stdout);
}

static void count(const char *path)
{
    int64_t *counter, n = 0, end;
    join(&locks, path, &counter);
    say_ready();
    if (scanf("%" SCNd64, &end) != 1)
        fail("expected a time on stdin", EINVAL);
    while (wall_clock() < end) {
        for (int i = 0; i < BETWEEN_LOOKS; i++, n++) {
            sb_request r;
            lock(&locks, &r, whole);
            ++*counter;
            unlock(&locks, &r);
        }
    }
    printf("%" PRId64 "\n", n);
    sb_locks_free(&locks);
}

/* How long the lock is held, ns: long enough for the next one to wait, and then at random, since it looks for the dead every
 * 10 ms. */
enum { HELD = 5000000, HELD_MORE = 20000000 };

static void die(const char *path)
{
    int64_t *data;
    sb_request r;
    join(&locks, path, &data);
    lock(&locks, &r, whole);
    say_ready();
    struct timespec pause = {0, HELD + sb_now() % HELD_MORE};
    nanosleep(&pause, NULL);
    printf("%" PRId64 "\n", wall_clock());
    fflush(stdout);
    kill(getpid(), SIGKILL);
}

/* A round trip over two futex words, each untimed. */

struct court {
    _Atomic uint32_t there, back;
};

static void strike(_Atomic uint32_t *word, uint32_t value)
{
    *word = value;
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void await_ball(_Atomic uint32_t *word, uint32_t value)
{
    for (uint32_t seen; (seen = *word) != value;)
        syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void futex(double warmup, int most, double budget)
{
    struct court *court = mmap(NULL, sizeof *court, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double *seconds = calloc((size_t)most, sizeof *seconds);
    if (court == MAP_FAILED || !seconds)
        fail("memory", errno);
    pid_t child = fork();
    if (child < 0)
        fail("fork", errno);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (uint32_t i = 1;; i++) {
            await_ball(&court->there, i);
            strike(&court->back, i);
        }
    }
    int n = 0;
    int64_t begin = sb_now(), counted = begin + (int64_t)(warmup * 1e9), end = counted + (int64_t)(budget * 1e9);
    for (uint32_t i = 1; n == 0 || (n < most && sb_now() < end); i++) {
        int64_t struck = sb_now();
        strike(&court->there, i);
        await_ball(&court->back, i);
        if (struck >= counted)
            seconds[n++] = (double)(sb_now() - struck) / 1e9;
    }
    kill(child, SIGKILL);
    print_seconds(seconds, n);
    putchar('\n');
}

/* One way alone, to who has slept for the interval. */

struct sleeper {
    _Atomic uint32_t word;
    _Atomic int64_t struck; /* ns */
};

static void wake(double interval, int most)
{
    struct sleeper *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double *seconds = calloc((size_t)most, sizeof *seconds);
    if (s == MAP_FAILED || !seconds)
        fail("memory", errno);
    pid_t sender = getpid(), child = fork();
    if (child < 0)
        fail("fork", errno);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct timespec pause = {0, (long)(interval * 1e9)};
        for (uint32_t i = 1; getppid() == sender; i++) {
            nanosleep(&pause, NULL);
            s->struck = sb_now();
            strike(&s->word, i);
        }
        _exit(0);
    }
    uint32_t seen = 0;
    for (int n = 0; n < most;) {
        uint32_t last = seen;
        while ((seen = s->word) == last)
            syscall(SYS_futex, &s->word, FUTEX_WAIT, last, NULL, NULL, 0);
        double took = (double)(sb_now() - s->struck) / 1e9;
        if (s->word == seen && seen == last + 1) /* else it came too late, and the next one was on its way */
            seconds[n++] = took;
    }
    kill(child, SIGKILL);
    print_seconds(seconds, most);
    putchar('\n');
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (argc == 4 && strcmp(verb, "uncontended") == 0 && atoi(argv[3]) > 0)
        uncontended(argv[2], atoi(argv[3]));
    else if (argc == 3 && strcmp(verb, "count") == 0)
        count(argv[2]);
    else if (argc == 3 && strcmp(verb, "die") == 0)
        die(argv[2]);
    else if (argc == 5 && strcmp(verb, "futex") == 0 && atoi(argv[3]) > 0)
        futex(atof(argv[2]), atoi(argv[3]), atof(argv[4]));
    else if (argc == 4 && strcmp(verb, "wake") == 0 && atof(argv[2]) > 0 && atof(argv[2]) < 1 && atoi(argv[3]) > 0)
        wake(atof(argv[2]), atoi(argv[3]));
    else
        fail("expected one of uncontended, count, die, futex, wake, with arguments as in locks.c", EINVAL);
    return 0;
}
