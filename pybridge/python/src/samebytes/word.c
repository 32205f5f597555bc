/* Words: those of 64 bits in a mapping, stored and loaded atomically, published and waited for. */
#include "core.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The word at a byte offset; NULL with an exception when there is none, it cannot be written, or the control block is overwritten. */
static _Atomic uint64_t *word_at(Mapping *self, PyObject *offset, int writing)
{
    Py_ssize_t off = PyLong_AsSsize_t(offset);
    if (off == -1 && PyErr_Occurred())
        return NULL;
    if (mapping_is_empty(self))
        return NULL;
    if (off < 0 || off % 8 || self->size < 8 || off > self->size - 8) {
        PyErr_Format(PyExc_ValueError, "expected a multiple of 8 that has 8 bytes behind it in %zd, found %zd", self->size, off);
        return NULL;
    }
    if (writing && !self->writable) {
        PyErr_SetString(PyExc_ValueError, "mapping is read-only");
        return NULL;
    }
    if (self->has_locks)
        sb_whole(&self->locks); /* which notes what it finds */
    if (mapping_is_broken(self))
        return NULL;
    /* Sound: aligned, since mappings begin on a page; within the mapping; and every process that touches the word does so
     * with atomic 64-bit operations, which are address-free where they are lock-free (C11 7.17.5). */
    return (_Atomic uint64_t *)(self->start + off);
}

_Atomic uint64_t *mapping_word(Mapping *self, PyObject *offset)
{
    return word_at(self, offset, 0);
}

PyObject *mapping_load(PyObject *object, PyObject *offset)
{
    Mapping *self = (Mapping *)object;
    _Atomic uint64_t *word = word_at(self, offset, 0);
    if (!word)
        return NULL;
    uint64_t value = atomic_load_explicit(word, memory_order_acquire);
    return mapping_is_broken(self) ? NULL : PyLong_FromUnsignedLongLong(value);
}

PyObject *mapping_store(PyObject *object, PyObject *args)
{
    Mapping *self = (Mapping *)object;
    PyObject *offset;
    unsigned long long value;
    if (!PyArg_ParseTuple(args, "OK:store", &offset, &value))
        return NULL;
    _Atomic uint64_t *word = word_at(self, offset, 1);
    if (!word)
        return NULL;
    atomic_store(word, value);
    if (mapping_is_broken(self))
        return NULL;
    Py_RETURN_NONE;
}

PyObject *mapping_publish(PyObject *object, PyObject *offset)
{
    Mapping *self = (Mapping *)object;
    _Atomic uint64_t *word = word_at(self, offset, 1);
    if (!word)
        return NULL;
    uint64_t value = atomic_fetch_add(word, 1) + 1;
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); /* cannot fail: the page was just written */
    return mapping_is_broken(self) ? NULL : PyLong_FromUnsignedLongLong(value);
}

#define SECOND INT64_C(1000000000) /* ns */

struct change {
    _Atomic uint64_t *word;
    uint64_t since, found;
};

static int word_changed(void *of)
{
    struct change *c = of;
    return (c->found = atomic_load_explicit(c->word, memory_order_acquire)) != c->since;
}

/* Sleeps until the word is another than since (returns 0), the deadline (ns as sb_now() counts) has passed
 * (ETIMEDOUT), a signal came (EINTR), or its page is gone from the file (EFAULT). The kernel compares the word's low half
 * under the lock that a wake takes, so a publication between our look and the sleep is not missed.
 *
 * When the file is cut under a sleeper, nobody can wake it: the word is no address any more. So every sleep ends after a
 * second, for EINTR too (the timer costs 0.6 us), and in the next one the kernel finds the page gone. */
static int word_wait(struct change *c, int64_t deadline)
{
    for (;;) {
        int64_t tick = sb_now() + SECOND;
        int64_t end = tick < deadline ? tick : deadline;
        struct timespec until = {end / SECOND, end % SECOND};
        if (syscall(SYS_futex, c->word, FUTEX_WAIT_BITSET, (uint32_t)c->since, &until, NULL, FUTEX_BITSET_MATCH_ANY) < 0 && errno != EAGAIN)
            return errno == ETIMEDOUT && end < deadline ? EINTR : errno;
        if (word_changed(c))
            return 0;
    }
}

PyObject *mapping_wait(PyObject *object, PyObject *args)
{
    Mapping *self = (Mapping *)object;
    PyObject *offset, *seen, *stop = Py_None;
    long long timeout; /* nanoseconds; negative for none */
    if (!PyArg_ParseTuple(args, "OOL|O:wait", &offset, &seen, &timeout, &stop))
        return NULL;
    PyObject *index = PyNumber_Index(seen);
    if (!index)
        return NULL;
    uint64_t since = PyLong_AsUnsignedLongLong(index);
    Py_DECREF(index);
    if (PyErr_Occurred())
        return NULL;
    _Atomic uint64_t *word = word_at(self, offset, 0);
    if (!word)
        return NULL;
    int64_t start = sb_now();
    int64_t deadline = timeout < 0 || timeout > INT64_MAX - start ? INT64_MAX : start + timeout;
    struct change change = {word, since, since};
    if (word_changed(&change))
        return mapping_is_broken(self) ? NULL : PyLong_FromUnsignedLongLong(change.found);
    int error = EINTR, stopped = 0;
    Py_BEGIN_ALLOW_THREADS
    if (timeout != 0 && sb_looks(word_changed, &change))
        error = 0;
    Py_END_ALLOW_THREADS
    /* Before every sleep: the interpreter only notes a signal, and one that came since the last look would be slept over. One
     * that comes between this look and the sleep waits for the second's end. */
    while (error == EINTR && !self->locks.broken && (stopped = is_stopped(stop)) == 0) {
        Py_BEGIN_ALLOW_THREADS
        error = word_wait(&change, deadline);
        Py_END_ALLOW_THREADS
    }
    if (error == EFAULT)
        self->locks.broken = EFAULT;
    if (stopped >= 0 && mapping_is_broken(self))
        return NULL;
    if (error == 0)
        return PyLong_FromUnsignedLongLong(change.found);
    if (error == ETIMEDOUT || (error == EINTR && stopped > 0))
        Py_RETURN_NONE;
    if (error == EINTR)
        return NULL; /* what the signal's handler raised */
    errno = error;
    return PyErr_SetFromErrno(PyExc_OSError);
}
