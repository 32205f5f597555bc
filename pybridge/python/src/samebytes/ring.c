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
#include <sys/mman.h>

/* Where a ring has its words, from its beginning, and a slot its message. Each side's are on a cache line of their own. */
enum { SENT = 0, RECEIVER_SLEEPS = 8, TAKEN = 64, SENDER_SLEEPS = 72, WORDS_SIZE = 128, LENGTH_SIZE = 4 };

/* What a message begins with: its kind, and the number of its call. */
enum { KIND_SIZE = 1, HEAD_SIZE = 9 };

/* What a ring is once it is stopped: what has come is still received; or not even that. */
enum { STOPPED = 1, LEFT = 2 };

#define SECOND INT64_C(1000000000) /* ns */

typedef struct {
    PyObject_HEAD
    Mapping *mapping;
    char *words, *slots;
    uint64_t nslots;
    Py_ssize_t slot_size;
    uint64_t position; /* messages sent, or taken, by this process */
    const char *ours; /* not zero in the process that has made it */
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

/* A page that is zero in children of the process that has made the first ring: the kernel wipes it at fork, also at one that
 * Python does not know of. There it would go on with its parent's half of the conversation. */
static const char *ours;

static int mark_process(void)
{
    if (ours && *ours)
        return 0;
    char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || madvise(page, 1, MADV_WIPEONFORK) < 0) { /* Linux 4.14 has it */
        PyErr_SetFromErrno(PyExc_OSError);
        if (page != MAP_FAILED)
            munmap(page, 1);
        return -1;
    }
    *page = 1;
    ours = page;
    return 0;
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
    if (mark_process() < 0)
        return NULL;
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
    self->ours = ours;
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

/* Whether what was waited for has come, and is wanted. */
static int is_turn(const struct turn *t)
{
    return t->found != t->since && t->ring->stopped != LEFT;
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

/* Waits for the turn: 1, or 0 when the timeout (ns, negative for none) has passed or the ring is stopped; -1 with an exception. A turn that has come counts also where the ring is stopped: what was sent before is received. */
static int turn_wait(struct turn *t, int64_t timeout)
{
    if (!*t->ring->ours) {
        PyErr_SetString(PyExc_ValueError, "expected the process that has made the ring, found a child of it");
        return -1;
    }
    if (turn_came(t))
        return is_turn(t);
    if (timeout == 0)
        return 0;
    int64_t start = sb_now();
    int64_t deadline = timeout < 0 || timeout > INT64_MAX - start ? INT64_MAX : start + timeout;
    int error = EINTR, stopped = 0;
    while (error == EINTR && (stopped = is_stopped(Py_None)) == 0) {
        Py_BEGIN_ALLOW_THREADS
        error = turn_sleep(t, deadline);
        Py_END_ALLOW_THREADS
    }
    return stopped < 0 ? -1 : is_turn(t);
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

static PyObject *expected_args(const char *what)
{
    PyErr_Format(PyExc_TypeError, "expected %s", what);
    return NULL;
}

static PyObject *ring_send(Ring *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 4)
        return expected_args("kind, id, payload and timeout");
    if (!self->sends) {
        PyErr_SetString(PyExc_ValueError, "expected the sending side");
        return NULL;
    }
    long kind = PyLong_AsLong(args[0]);
    uint64_t id = kind == -1 && PyErr_Occurred() ? 0 : PyLong_AsUnsignedLongLong(args[1]);
    long long timeout = PyErr_Occurred() ? 0 : PyLong_AsLongLong(args[3]);
    if (PyErr_Occurred())
        return NULL;
    struct turn t = {self, TAKEN, SENDER_SLEEPS, self->position - self->nslots, 0};
    int room = turn_wait(&t, timeout);
    if (room < 0)
        return NULL;
    if (!room || self->stopped)
        Py_RETURN_FALSE;
    if (self->position - t.found > self->nslots)
        return broken("more messages taken than sent");
    Py_buffer payload;
    if (PyObject_GetBuffer(args[2], &payload, PyBUF_SIMPLE) < 0)
        return NULL;
    Py_ssize_t most = self->slot_size - LENGTH_SIZE - HEAD_SIZE;
    if (payload.len > most) {
        PyErr_Format(PyExc_ValueError, "expected a payload of at most %zd bytes, found %zd", most, payload.len);
        PyBuffer_Release(&payload);
        return NULL;
    }
    uint32_t length = (uint32_t)payload.len + HEAD_SIZE;
    char *to = slot(self);
    memcpy(to, &length, LENGTH_SIZE);
    to[LENGTH_SIZE] = (char)kind;
    memcpy(to + LENGTH_SIZE + KIND_SIZE, &id, sizeof id);
    memcpy(to + LENGTH_SIZE + HEAD_SIZE, payload.buf, (size_t)payload.len);
    PyBuffer_Release(&payload);
    advance(self, SENT, RECEIVER_SLEEPS);
    Py_RETURN_TRUE;
}

static PyObject *ring_receive(Ring *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 1)
        return expected_args("a timeout");
    if (self->sends) {
        PyErr_SetString(PyExc_ValueError, "expected the receiving side");
        return NULL;
    }
    long long timeout = PyLong_AsLongLong(args[0]);
    if (timeout == -1 && PyErr_Occurred())
        return NULL;
    struct turn t = {self, SENT, RECEIVER_SLEEPS, self->position, 0};
    int came = turn_wait(&t, timeout);
    if (came < 0)
        return NULL;
    if (!came)
        Py_RETURN_NONE;
    if (t.found - self->position > self->nslots)
        return broken("more messages than slots");
    const char *from = slot(self);
    uint32_t length;
    memcpy(&length, from, LENGTH_SIZE); /* once: the other side may change it meanwhile */
    if (length > (size_t)(self->slot_size - LENGTH_SIZE))
        return broken("a message longer than its slot");
    if (length < HEAD_SIZE)
        return broken("a message shorter than its head");
    uint64_t id;
    memcpy(&id, from + LENGTH_SIZE + KIND_SIZE, sizeof id);
    PyObject *message = PyTuple_New(3);
    if (!message)
        return NULL;
    PyObject *parts[3] = {PyLong_FromLong((unsigned char)from[LENGTH_SIZE]), PyLong_FromUnsignedLongLong(id),
                          PyBytes_FromStringAndSize(from + LENGTH_SIZE + HEAD_SIZE, length - HEAD_SIZE)};
    for (int i = 0; i < 3; i++)
        if (!parts[i] || PyTuple_SetItem(message, i, parts[i]) < 0) { /* which takes the reference, also where it fails */
            while (++i < 3)
                Py_XDECREF(parts[i]);
            Py_DECREF(message);
            return NULL;
        }
    advance(self, TAKEN, SENDER_SLEEPS);
    return message;
}

static PyObject *ring_stop(Ring *self, PyObject *leave)
{
    int left = PyObject_IsTrue(leave);
    if (left < 0)
        return NULL;
    self->stopped = left ? LEFT : STOPPED;
    /* Also where the word says that nobody sleeps: the other process may have been killed between making it zero and waking. */
    _Atomic uint32_t *word = sleeps(self, self->sends ? SENDER_SLEEPS : RECEIVER_SLEEPS);
    atomic_store(word, 0);
    sb_futex_wake(word);
    Py_RETURN_NONE;
}

static PyMethodDef ring_methods[] = {
    {"send", (PyCFunction)(void (*)(void))ring_send, METH_FASTCALL,
     "send($self, kind, id, payload, timeout, /)\n--\n\nPut a message into the next slot, as soon as one is free. False when the timeout (ns; negative: none)\n"
     "has passed, or the ring is stopped."},
    {"receive", (PyCFunction)(void (*)(void))ring_receive, METH_FASTCALL,
     "receive($self, timeout, /)\n--\n\nThe next message, as soon as it is there: its kind, id and payload; None as send returns False. Other\n"
     "threads run meanwhile."},
    {"stop", (PyCFunction)ring_stop, METH_O, "stop($self, leave, /)\n--\n\nMake all calls of send or receive, this process's, end and do nothing from now on. What has come is received first,\n"
     "or left to the other side."},
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
