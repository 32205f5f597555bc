/* select: waits until one of several readers of streams and words of mappings is ready. shm/select.go has the same in Go. */
#include "stream_objects.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)     /* ns */
#define LOOK_AGAIN INT64_C(1000000)    /* ns between looks where the system cannot wait for several words */

/* futex_waitv(2), which headers older than Linux 5.16 do not have. */
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
enum { SIZE_32 = 2, MAX_WAITERS = 128 };

struct waiter {
    uint64_t value, word;
    uint32_t flags, unused;
};

typedef struct {
    Mapping *mapping;
    reader *reader; /* NULL: ready is that the word is another than since */
    _Atomic uint64_t *word;
    uint64_t since, seen; /* seen: what the word was before the last look */
} awaited;

typedef struct {
    awaited *all;
    size_t n;
    struct waiter *waiters; /* room for n */
} selection;

/* The system has said that it cannot wait for several words. */
static atomic_int lacks_waitv;

/* Each call begins to look at another place, so that none is overlooked for ever. */
static atomic_uint calls;

static int changed(void *of)
{
    const selection *s = of;
    for (size_t i = 0; i < s->n; i++)
        if (atomic_load(s->all[i].word) != s->all[i].seen)
            return 1;
    return 0;
}

/* Whether a word is what was seen: ETIMEDOUT, or EFAULT if it is no address any more; else 0. The kernel looks, whom a page that is gone
 * does not kill. It is the word's low half, as everywhere. With a time it sleeps until then as long as that is so. */
static int probe(const awaited *a, int64_t until)
{
    return sb_futex_wait((_Atomic uint32_t *)a->word, (uint32_t)a->seen, until);
}

/* Sleeps until a word is not what was seen, or until then: 0, ETIMEDOUT, EINTR or EFAULT. */
static int sleep_on_one(const selection *s, int64_t until)
{
    for (int64_t now; (now = sb_now()) < until;) {
        for (size_t i = 0; i < s->n; i++) {
            int error = probe(&s->all[i], i ? 0 : stream_earlier(now + LOOK_AGAIN, until));
            if (error != ETIMEDOUT)
                return error;
        }
    }
    return ETIMEDOUT;
}

static int sleep_on_all(const selection *s, int64_t until)
{
    if (s->n > MAX_WAITERS || atomic_load(&lacks_waitv))
        return sleep_on_one(s, until);
    for (size_t i = 0; i < s->n; i++)
        s->waiters[i] = (struct waiter){(uint32_t)s->all[i].seen, (uintptr_t)s->all[i].word, SIZE_32, 0};
    struct timespec end = {until / SECOND, until % SECOND};
    if (syscall(SYS_futex_waitv, s->waiters, s->n, 0, &end, CLOCK_MONOTONIC) >= 0 || errno == EAGAIN)
        return 0;
    if (errno != ENOSYS && errno != EPERM) /* a filter of a container's may know no call as new */
        return errno;
    atomic_store(&lacks_waitv, 1);
    return sleep_on_one(s, until);
}

/* Whether a page is gone, which would kill who looks at it: then with an exception. */
static int are_gone(const selection *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const awaited *a = &s->all[i];
        if (probe(a, 0) != EFAULT)
            continue;
        atomic_store(&a->mapping->locks.broken, EFAULT);
        if (a->reader)
            stream_failed(a->reader->stream, EFAULT);
        else
            mapping_is_broken(a->mapping);
        return 1;
    }
    return 0;
}

/* The index of one that is ready, after the words are noted: what comes later changes them. -1: none is; -2 with an exception. */
static Py_ssize_t look(const selection *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->all[i].seen = atomic_load(s->all[i].word);
    size_t first = atomic_fetch_add(&calls, 1);
    for (size_t k = 0; k < s->n; k++) {
        size_t i = (first + k) % s->n;
        awaited *a = &s->all[i];
        int error = 0, ready;
        if (a->reader)
            ready = reader_is_ready(a->reader, &error);
        else {
            ready = a->seen != a->since;
            if (a->mapping->has_locks)
                sb_whole(&a->mapping->locks); /* which notes what it finds */
            if (mapping_is_broken(a->mapping))
                return -2;
        }
        if (error) {
            stream_failed(a->reader->stream, error);
            return -2;
        }
        if (ready)
            return (Py_ssize_t)i;
    }
    return -1;
}

/* What one of the objects waits for: 0, or -1 with an exception. */
static int await_one(awaited *a, PyObject *one)
{
    if (is_reader(one)) {
        a->reader = (reader *)one;
        a->mapping = a->reader->stream->mapping;
        a->word = (_Atomic uint64_t *)(a->mapping->locks.control + SB_BLOCK_PUBLISHED);
        return 0;
    }
    PyObject *mapping, *offset;
    unsigned long long since;
    if (!PyTuple_Check(one) || !PyArg_ParseTuple(one, "OOK:select", &mapping, &offset, &since) || !is_mapping(mapping)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "expected a port, or a mapping, an offset and a value");
        return -1;
    }
    a->mapping = (Mapping *)mapping;
    a->since = since;
    return (a->word = mapping_word(a->mapping, offset)) ? 0 : -1;
}

static Py_ssize_t wait_for(selection *s, int64_t timeout, PyObject *stop)
{
    Py_ssize_t found = look(s);
    if (found != -1 || timeout == 0)
        return found;
    int64_t deadline = stream_deadline(timeout), most = SECOND;
    for (size_t i = 0; i < s->n; i++)
        if (s->all[i].reader && s->all[i].reader->place.group != SB_NO_GROUP)
            most = SB_NEXT_SLEEPS; /* a death may give an item */
    for (int looks = 1;; looks = 0) {
        if ((found = look(s)) != -1)
            return found;
        int stopped = is_stopped(stop);
        if (stopped)
            return stopped < 0 ? -2 : -1;
        int64_t now = sb_now();
        if (now >= deadline)
            return -1;
        int error;
        Py_BEGIN_ALLOW_THREADS
        error = looks && sb_looks(changed, s) ? 0 : sleep_on_all(s, stream_earlier(now + most, deadline));
        Py_END_ALLOW_THREADS
        if (error && are_gone(s))
            return -2;
        if (error && error != ETIMEDOUT && error != EINTR && error != EFAULT) {
            errno = error;
            PyErr_SetFromErrno(PyExc_OSError);
            return -2;
        }
    }
}

PyObject *core_select(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *of, *stop;
    long long timeout; /* ns; negative for none */
    if (!PyArg_ParseTuple(args, "O!LO:select", &PyTuple_Type, &of, &timeout, &stop))
        return NULL;
    selection s = {.n = (size_t)PyTuple_Size(of)};
    if (!s.n) {
        PyErr_SetString(PyExc_ValueError, "expected something to wait for");
        return NULL;
    }
    s.all = calloc(s.n, sizeof *s.all);
    s.waiters = calloc(s.n, sizeof *s.waiters);
    Py_ssize_t found = -2;
    if (!s.all || !s.waiters)
        PyErr_NoMemory();
    else {
        size_t i = 0;
        while (i < s.n && await_one(&s.all[i], PyTuple_GetItem(of, (Py_ssize_t)i)) == 0)
            i++;
        if (i == s.n)
            found = wait_for(&s, timeout, stop); /* the tuple, which the caller holds, holds all that is awaited */
    }
    free(s.all);
    free(s.waiters);
    if (found == -1)
        Py_RETURN_NONE;
    return found < 0 ? NULL : PyLong_FromSsize_t(found);
}
