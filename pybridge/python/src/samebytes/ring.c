/* Ring: messages from one process to another, in slots of a file that both have mapped. docs/reference/wire.md draws it.
 *
 * One process sends and one receives. Each writes only its own word, with release, and reads the other's with acquire: what is
 * in a slot was written before `sent` said so, and is not written again before `taken` says that it was read. A process that
 * is about to sleep says so in a word beside the one it waits for, looks once more, and sleeps on that word, unless it is zero
 * again (all sequentially consistent, as is the other's advance and look at that word): either it sees the advance, or the
 * other sees that it sleeps, makes the word zero and wakes it. So does stop, by a flag of this process. What a slot says of its
 * length, and what the words say, is checked: the other process may write anything. */
#include "core.h"
#include "locks_internal.h"

#include <limits.h>
#include <string.h>

/* Where a ring has its words, from its beginning, and a slot its message. Each side's are on a cache line of their own. */
enum { SENT = 0, RECEIVER_SLEEPS = 8, TAKEN = 64, SENDER_SLEEPS = 72, WORDS_SIZE = 128, LENGTH_SIZE = 4 };

#define SECOND INT64_C(1000000000) /* ns */

typedef struct {
    PyObject_HEAD
    Mapping *mapping;
    char *words, *slots;
    uint64_t nslots;
    Py_ssize_t slot_size;
    uint64_t position; /* messages sent, or taken, by this process */
    char sends;
    atomic_char stopped;
} Ring;

static _Atomic uint64_t *counter(const Ring *self, Py_ssize_t at)
{
    /* Sound: aligned and within the mapping, as ring_new has checked, and always touched by atomic operations of this size. */
    return (_Atomic uint64_t *)(self->words + at);
}

static _Atomic uint32_t *sleeps(const Ring *self, Py_ssize_t at)
{
    return (_Atomic uint32_t *)(self->words + at);
}

static PyObject *ring_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"mapping", "words", "slots", "nslots", "slot_size", "sends", NULL};
    PyObject *mapping;
    Py_ssize_t words, slots, nslots, slot_size;
    int sends;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Onnnnp:Ring", names, &mapping, &words, &slots, &nslots, &slot_size, &sends))
        return NULL;
    if (!is_mapping(mapping) || mapping_is_empty((Mapping *)mapping) || !((Mapping *)mapping)->writable) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "expected a mapping to write to");
        return NULL;
    }
    Py_ssize_t size = ((Mapping *)mapping)->size;
    if (words < 0 || words % 64 || slots < 0 || slots % 64 || nslots <= 0 || slot_size <= LENGTH_SIZE || slot_size % 8 ||
        size < WORDS_SIZE || words > size - WORDS_SIZE || slots > size || nslots > (size - slots) / slot_size) {
        PyErr_SetString(PyExc_ValueError, "expected a ring within the mapping");
        return NULL;
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Ring *self = (Ring *)alloc(type, 0);
    if (!self)
        return NULL;
    Py_INCREF(mapping);
    self->mapping = (Mapping *)mapping;
    self->words = self->mapping->start + words;
    self->slots = self->mapping->start + slots;
    self->nslots = (uint64_t)nslots;
    self->slot_size = slot_size;
    self->sends = (char)sends;
    return (PyObject *)self;
}

static void ring_dealloc(Ring *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    Py_XDECREF((PyObject *)self->mapping);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type); /* an instance of a heap type holds a reference to it */
}

/* What is waited for: that the other process's word is another than since. */
struct turn {
    const Ring *ring;
    Py_ssize_t at, sleeps_at;
    uint64_t since, found;
};

static int turn_came(void *of)
{
    struct turn *t = of;
    t->found = atomic_load(counter(t->ring, t->at));
    return t->found != t->since || t->ring->stopped;
}

/* Sleeps until the turn has come (0), the deadline (ns as sb_now() counts) has passed (ETIMEDOUT), or a signal came or a second
 * passed (EINTR): the process on the other side may have died, which the caller's stop finds out. */
static int turn_sleep(struct turn *t, int64_t deadline)
{
    int64_t tick = sb_now() + SECOND, end = tick < deadline ? tick : deadline;
    int error = 0;
    atomic_store(sleeps(t->ring, t->sleeps_at), 1);
    if (!turn_came(t))
        error = sb_futex_wait(sleeps(t->ring, t->sleeps_at), 1, end);
    atomic_store(sleeps(t->ring, t->sleeps_at), 0);
    if (turn_came(t))
        return 0;
    return error == ETIMEDOUT && end == deadline ? ETIMEDOUT : EINTR;
}

/* Waits for the turn: 1, or 0 when the timeout (ns, negative for none) has passed, the ring is stopped or stop says so; -1 with
 * an exception. A turn that has come counts also where the ring is stopped: what was sent before is received. */
static int turn_wait(struct turn *t, int64_t timeout, PyObject *stop)
{
    if (turn_came(t))
        return t->found != t->since;
    if (timeout == 0)
        return 0;
    int64_t start = sb_now();
    int64_t deadline = timeout < 0 || timeout > INT64_MAX - start ? INT64_MAX : start + timeout;
    int error = EINTR, stopped = 0;
    while (error == EINTR && (stopped = is_stopped(stop)) == 0) {
        Py_BEGIN_ALLOW_THREADS
        error = turn_sleep(t, deadline);
        Py_END_ALLOW_THREADS
    }
    return stopped < 0 ? -1 : t->found != t->since;
}

/* Ends a sleep on the word, if there is one. */
static void wake(Ring *self, Py_ssize_t sleeps_at)
{
    if (atomic_load(sleeps(self, sleeps_at)) && atomic_exchange(sleeps(self, sleeps_at), 0))
        sb_futex_wake(sleeps(self, sleeps_at));
}

static void advance(Ring *self, Py_ssize_t at, Py_ssize_t sleeps_at)
{
    atomic_store(counter(self, at), ++self->position);
    wake(self, sleeps_at);
}

static char *slot(const Ring *self)
{
    return self->slots + (Py_ssize_t)(self->position % self->nslots) * self->slot_size;
}

static PyObject *broken(const char *found)
{
    PyErr_Format(PyExc_ValueError, "expected a ring that both sides keep, found %s", found);
    return NULL;
}

static PyObject *ring_send(Ring *self, PyObject *args)
{
    Py_buffer data;
    long long timeout;
    PyObject *object, *stop = Py_None;
    if (!PyArg_ParseTuple(args, "OL|O:send", &object, &timeout, &stop))
        return NULL;
    if (!self->sends) {
        PyErr_SetString(PyExc_ValueError, "expected the sending side");
        return NULL;
    }
    struct turn t = {self, TAKEN, SENDER_SLEEPS, self->position - self->nslots, 0};
    int room = turn_wait(&t, timeout, stop);
    if (room < 0)
        return NULL;
    if (!room || self->stopped)
        Py_RETURN_FALSE;
    if (self->position - t.found > self->nslots)
        return broken("more messages taken than sent");
    if (PyObject_GetBuffer(object, &data, PyBUF_SIMPLE) < 0)
        return NULL;
    if (data.len > self->slot_size - LENGTH_SIZE) {
        PyErr_Format(PyExc_ValueError, "expected a message of at most %zd bytes, found %zd", self->slot_size - LENGTH_SIZE, data.len);
        PyBuffer_Release(&data);
        return NULL;
    }
    uint32_t length = (uint32_t)data.len;
    memcpy(slot(self), &length, LENGTH_SIZE);
    memcpy(slot(self) + LENGTH_SIZE, data.buf, length);
    PyBuffer_Release(&data);
    advance(self, SENT, RECEIVER_SLEEPS);
    Py_RETURN_TRUE;
}

static PyObject *ring_receive(Ring *self, PyObject *args)
{
    long long timeout;
    PyObject *stop = Py_None;
    if (!PyArg_ParseTuple(args, "L|O:receive", &timeout, &stop))
        return NULL;
    if (self->sends) {
        PyErr_SetString(PyExc_ValueError, "expected the receiving side");
        return NULL;
    }
    struct turn t = {self, SENT, RECEIVER_SLEEPS, self->position, 0};
    int came = turn_wait(&t, timeout, stop);
    if (came < 0)
        return NULL;
    if (!came)
        Py_RETURN_NONE;
    if (t.found - self->position > self->nslots)
        return broken("more messages than slots");
    uint32_t length;
    memcpy(&length, slot(self), LENGTH_SIZE); /* once: the other side may change it meanwhile */
    if (length > (size_t)(self->slot_size - LENGTH_SIZE))
        return broken("a message longer than its slot");
    PyObject *message = PyBytes_FromStringAndSize(slot(self) + LENGTH_SIZE, length);
    if (message)
        advance(self, TAKEN, SENDER_SLEEPS);
    return message;
}

static PyObject *ring_stop(Ring *self, PyObject *unused)
{
    (void)unused;
    self->stopped = 1;
    wake(self, self->sends ? SENDER_SLEEPS : RECEIVER_SLEEPS);
    Py_RETURN_NONE;
}

static PyMethodDef ring_methods[] = {
    {"send", (PyCFunction)ring_send, METH_VARARGS,
     "send($self, message, timeout, stop=None, /)\n--\n\nPut a message into the next slot, as soon as one is free. False when the timeout (ns; negative: none)\n"
     "has passed, the ring is stopped, or stop, called every second, returned a true value."},
    {"receive", (PyCFunction)ring_receive, METH_VARARGS,
     "receive($self, timeout, stop=None, /)\n--\n\nThe next message, as soon as it is there; None as send returns False. Other threads run meanwhile."},
    {"stop", (PyCFunction)ring_stop, METH_NOARGS, "stop($self, /)\n--\n\nMake all calls of send or receive, this process's, end and do nothing from now on. What has come is received first."},
    {NULL},
};

static PyType_Slot ring_slots[] = {
    {Py_tp_doc, "Ring(mapping, words, slots, nslots, slot_size, sends)\n--\n\nOne side of a ring of messages. One thread at a time may use it."},
    {Py_tp_new, ring_new},
    {Py_tp_dealloc, ring_dealloc},
    {Py_tp_methods, ring_methods},
    {0, NULL},
};

PyType_Spec ring_spec = {
    .name = "samebytes._core.Ring",
    .basicsize = sizeof(Ring),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = ring_slots,
};
