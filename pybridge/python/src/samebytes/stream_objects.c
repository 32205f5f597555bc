/* Stream, Loan and Port: an opening of a stream's ring, what is on loan from it, and a reader's place in it. What takes the latch of the
 * segment calls nothing of Python's until it has given it back: a signal's handler runs between two tries. Waits, and a latch that
 * others have, give up the GIL. Errors are named by Stream's own method _failed, as those of Lock. */
#include "stream_objects.h"

#include <stdlib.h>
#include <structmember.h> /* PyMemberDef's types: in Python.h from 3.12 */
#include <time.h>

#define SECOND INT64_C(1000000000) /* ns */

void *stream_new_object(PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    return alloc(type, 0);
}

void stream_free_object(void *object)
{
    PyTypeObject *type = Py_TYPE((PyObject *)object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type); /* an instance of a heap type holds a reference to it */
}

/* Whether the type is that of objects which this function ends, or one made of it. */
int stream_is_type(PyObject *type, void *dealloc)
{
    if (!PyType_Check(type))
        return 0;
    PyTypeObject *t = (PyTypeObject *)type;
    while (t && PyType_GetSlot(t, Py_tp_dealloc) != dealloc)
        t = PyType_GetSlot(t, Py_tp_base);
    return t != NULL;
}

/* Raises what _failed makes of the error; of -1 what is raised already. Returns NULL. */
PyObject *stream_failed(Stream *self, int error)
{
    if (error < 0)
        return NULL;
    if (error == EFAULT)
        atomic_store(&self->mapping->locks.broken, EFAULT);
    PyObject *result = PyObject_CallMethod((PyObject *)self, "_failed", "i", error);
    if (result) {
        Py_DECREF(result);
        PyErr_Format(PyExc_SystemError, "_failed returned after error %d", error);
    }
    return NULL;
}

/* Before the ring is touched: 0, an errno, or -1 with an exception. In a forked child the process takes part anew. */
int stream_begin(Stream *self)
{
    sb_locks *l = &self->mapping->locks;
    if (self->closed)
        return CLOSED;
    int error = sb_whole(l);
    if (!error && !atomic_load_explicit(&l->joined, memory_order_acquire))
        error = mapping_enter(self->mapping);
    return error;
}

/* Takes the latch: likewise. It is not waited for with the GIL. Nor is it held while the GIL is waited for, which another thread may keep
 * for long: so it is tried with the GIL, after it was had without. */
int stream_latch(Stream *self)
{
    sb_locks *l = &self->mapping->locks;
    for (;;) {
        int error = stream_begin(self); /* closed meanwhile, or forked by a signal's handler */
        if (error)
            return error;
        if (sb_latch_soon(l))
            break;
        Py_BEGIN_ALLOW_THREADS
        error = sb_latch(l, SB_FOREVER);
        if (!error)
            sb_unlatch(l);
        Py_END_ALLOW_THREADS
        if (error && error != EAGAIN)
            return error;
        if (PyErr_CheckSignals() < 0)
            return -1;
    }
    if (!self->closed)
        return 0;
    sb_unlatch(l); /* closed while the process took part anew */
    return CLOSED;
}

void stream_unlatch(Stream *self)
{
    sb_unlatch(&self->mapping->locks);
}

int stream_is_broken(const Stream *self)
{
    return atomic_load_explicit(&self->mapping->locks.broken, memory_order_relaxed);
}

int64_t stream_deadline(long long timeout)
{
    int64_t start = sb_now();
    return timeout < 0 || timeout > SB_FOREVER - start ? SB_FOREVER : start + timeout;
}

int64_t stream_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Stream */

static PyObject *stream_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"mapping", "slots", "ports", "ring", "nports", "rows", "lossy", "patience", NULL};
    PyObject *mapping;
    Py_ssize_t slots, ports;
    unsigned int ring, nports;
    unsigned long long rows;
    int lossy;
    long long patience;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OnnIIKpL:Stream", names, &mapping, &slots, &ports, &ring, &nports, &rows, &lossy, &patience))
        return NULL;
    if (!is_mapping(mapping) || !((Mapping *)mapping)->has_locks || !((Mapping *)mapping)->writable) {
        PyErr_SetString(PyExc_TypeError, "expected a mapping with tables, to write to");
        return NULL;
    }
    Py_ssize_t size = ((Mapping *)mapping)->size;
    if (slots < 0 || slots % SB_CACHE_LINE || ports < 0 || ports % SB_CACHE_LINE || !ring || !nports || patience < 0 || slots > size ||
        ports > size || ring > (size_t)(size - slots) / SB_SLOT_SIZE || nports > (size_t)(size - ports) / SB_PORT_SIZE) {
        PyErr_SetString(PyExc_ValueError, "expected tables within the mapping");
        return NULL;
    }
    Stream *self = stream_new_object(type);
    if (!self)
        return NULL;
    Py_INCREF(mapping);
    self->mapping = (Mapping *)mapping;
    self->ring = (sb_ring){&self->mapping->locks, self->mapping->start + slots, self->mapping->start + ports, ring, nports, rows, lossy};
    self->patience = patience;
    self->writer = SB_NO_PORT;
    return (PyObject *)self;
}

/* Whether a port or slot of that participant is this process's to give back. */
int stream_is_mine(Stream *self, uint32_t me)
{
    return me && me == self->mapping->locks.me && sb_whole(&self->mapping->locks) == 0;
}

static void stream_dealloc(Stream *self)
{
    if (self->mapping) {
        if (!self->closed && self->writer != SB_NO_PORT && stream_is_mine(self, self->me))
            sb_ring_abandon_port(&self->ring, self->writer);
        Py_DECREF((PyObject *)self->mapping);
    }
    stream_free_object(self);
}

/* Opens this opening's port as a writer, once in each process. */
static int stream_write(Stream *self)
{
    if (self->writer != SB_NO_PORT && self->me == self->mapping->locks.me)
        return 0;
    int error = stream_latch(self);
    if (error)
        return error;
    uint32_t me = self->mapping->locks.me;
    if (self->writer == SB_NO_PORT || self->me != me) { /* no other thread has, meanwhile */
        uint32_t row;
        error = sb_ring_join_writer(&self->ring, &row);
        if (!error) {
            self->writer = row;
            self->me = me;
        }
    }
    stream_unlatch(self);
    return error;
}

/* Lends n slots within the deadline: 0, ETIMEDOUT or another errno, or -1 with an exception. */
static int stream_take_room(Stream *self, uint32_t *to, uint32_t n, int64_t deadline, PyObject *stop)
{
    int64_t began = 0, impatient = SB_FOREVER;
    int error = 0;
    for (int sleeps = 0;; sleeps++) {
        uint32_t room;
        if ((error = stream_write(self)) || (error = stream_latch(self)))
            break;
        int found = sb_ring_lend(&self->ring, to, n, sleeps > 0, &room);
        stream_unlatch(self);
        if ((error = stream_is_broken(self)) || found)
            break;
        if (self->ring.lossy) {
            error = NO_ROOM;
            break;
        }
        int64_t now = sb_now();
        if (!began) {
            began = now;
            if (self->patience && self->patience < SB_FOREVER - now)
                impatient = now + self->patience;
        }
        int stopped = is_stopped(stop);
        if (stopped || now >= deadline || now >= impatient || self->closed) {
            error = stopped < 0 ? -1 : self->closed ? CLOSED : now >= impatient ? NO_ROOM : ETIMEDOUT;
            break;
        }
        int64_t until = stream_earlier(now + (sleeps ? SB_NEXT_SLEEPS : SB_FIRST_SLEEP), stream_earlier(deadline, impatient));
        Py_BEGIN_ALLOW_THREADS
        error = sb_ring_wait_room(&self->ring, room, until);
        Py_END_ALLOW_THREADS
        if (error == EFAULT)
            break;
    }
    if (began && error != EFAULT)
        sb_ring_waited(&self->ring, sb_now() - began);
    return error;
}

static void link_loan(Stream *self, loan *l)
{
    l->next = self->loans;
    if (self->loans)
        self->loans->previous = l;
    self->loans = l;
    l->open = 1;
}

static void unlink_loan(loan *l)
{
    if (l->previous)
        l->previous->next = l->next;
    else
        l->stream->loans = l->next;
    if (l->next)
        l->next->previous = l->previous;
    l->next = l->previous = NULL;
    l->open = 0;
}

static loan *new_loan(Stream *self, PyTypeObject *type)
{
    loan *l = stream_new_object(type);
    if (l) {
        Py_INCREF((PyObject *)self);
        l->stream = self;
    }
    return l;
}

/* Loan */

/* What nobody can publish any more is discarded. */
static void loan_dealloc(loan *l)
{
    Stream *s = l->stream;
    if (l->open) {
        if (stream_is_mine(s, l->me)) {
            if (sb_latch_soon(&s->mapping->locks)) {
                sb_ring_discard(&s->ring, &l->slot, 1);
                stream_unlatch(s);
            } else
                sb_ring_abandon_slot(&s->ring, l->slot);
            sb_ring_feed(&s->ring);
        }
        unlink_loan(l);
    }
    Py_XDECREF((PyObject *)s);
    stream_free_object(l);
}

static int is_loan_type(PyObject *type)
{
    return stream_is_type(type, (void *)loan_dealloc);
}

static PyMemberDef loan_members[] = {
    {"slot", T_UINT, offsetof(loan, slot), READONLY, "The slot that is on loan."},
    {"open", T_BOOL, offsetof(loan, open), READONLY, "Whether it is neither published nor discarded."},
    {NULL},
};

static PyType_Slot loan_slots[] = {
    {Py_tp_doc, "A slot on loan, as lend() returns it. With its last reference it is discarded."},
    {Py_tp_dealloc, loan_dealloc},
    {Py_tp_members, loan_members},
    {0, NULL},
};

PyType_Spec loan_spec = {
    .name = "samebytes._core.Loan",
    .basicsize = sizeof(loan),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = loan_slots,
};

/* The objects are made first: without memory for one nothing is lent. */
static PyObject *stream_lend(Stream *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 4 || !is_loan_type(args[0])) {
        PyErr_SetString(PyExc_TypeError, "expected a type of loans, n, timeout and stop");
        return NULL;
    }
    long n = PyLong_AsLong(args[1]);
    long long timeout = n == -1 && PyErr_Occurred() ? 0 : PyLong_AsLongLong(args[2]);
    if (PyErr_Occurred())
        return NULL;
    if (n < 1 || n > (long)self->ring.ring)
        return PyErr_Format(PyExc_ValueError, "expected 1 to %u slots, found %ld", self->ring.ring, n);
    PyObject *loans = PyTuple_New(n);
    uint32_t one, *slots = n == 1 ? &one : malloc((size_t)n * sizeof *slots);
    if (!slots)
        PyErr_NoMemory();
    for (long i = 0; slots && loans && i < n; i++) {
        loan *l = new_loan(self, (PyTypeObject *)args[0]);
        if (!l || PyTuple_SetItem(loans, i, (PyObject *)l) < 0)
            Py_CLEAR(loans);
    }
    int error = loans && slots ? stream_begin(self) : -1;
    if (!error)
        error = stream_take_room(self, slots, (uint32_t)n, timeout ? stream_deadline(timeout) : 0, args[3]);
    for (long i = 0; !error && i < n; i++) {
        loan *l = (loan *)PyTuple_GetItem(loans, i);
        l->slot = slots[i];
        l->me = self->mapping->locks.me;
        link_loan(self, l);
    }
    if (slots != &one)
        free(slots);
    if (error) {
        Py_XDECREF(loans);
        if (error == ETIMEDOUT)
            Py_RETURN_NONE;
        return stream_failed(self, error);
    }
    return loans;
}

/* Has the first n loans go on that were ended. */
static void go_on(PyObject *loans, Py_ssize_t n)
{
    while (n-- > 0)
        ((loan *)PyTuple_GetItem(loans, n))->open = 1;
}

/* Ends open loans of this process's, each of which may be there once: 0 and their slots, or OVER. */
static int slots_of(Stream *self, PyObject *loans, uint32_t *slots)
{
    for (Py_ssize_t i = 0, n = PyTuple_Size(loans); i < n; i++) {
        loan *l = (loan *)PyTuple_GetItem(loans, i);
        if (!l->open || l->stream != self || l->me != self->mapping->locks.me) {
            go_on(loans, i);
            return OVER;
        }
        slots[i] = l->slot;
        l->open = 0;
    }
    return 0;
}

/* Publishes the loans, or with a negative length discards them, all at once. */
static int end_loans(Stream *self, PyObject *loans, long long length, uint64_t *number)
{
    Py_ssize_t n = PyTuple_Size(loans);
    uint32_t one, *slots = n == 1 ? &one : malloc((size_t)n * sizeof *slots + 1);
    if (!slots)
        return ENOMEM;
    int error = stream_begin(self);
    if (!error)
        error = stream_latch(self);
    if (!error) {
        error = slots_of(self, loans, slots);
        if (!error && length >= 0) {
            struct timespec t;
            clock_gettime(CLOCK_REALTIME, &t);
            error = sb_ring_publish(&self->ring, slots, (uint32_t)n, (uint64_t)length, t.tv_sec * SECOND + t.tv_nsec, self->writer, number);
            if (error)
                go_on(loans, n);
        } else if (!error)
            sb_ring_discard(&self->ring, slots, (uint32_t)n);
        stream_unlatch(self);
    }
    if (slots != &one)
        free(slots);
    if (error)
        return error;
    for (Py_ssize_t i = 0; i < n; i++)
        unlink_loan((loan *)PyTuple_GetItem(loans, i));
    if (length >= 0)
        sb_ring_announce(&self->ring);
    sb_ring_feed(&self->ring);
    return stream_is_broken(self);
}

static PyObject *stream_end(Stream *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 2 || !PyTuple_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "expected a tuple of loans, and a length");
        return NULL;
    }
    long long length = PyLong_AsLongLong(args[1]);
    if (length == -1 && PyErr_Occurred())
        return NULL;
    uint64_t number = 0;
    int error = length > 0 && (uint64_t)length > self->ring.rows ? EINVAL : end_loans(self, args[0], length, &number);
    return error ? stream_failed(self, error) : PyLong_FromUnsignedLongLong(number);
}

void stream_unlink_reader(reader *p)
{
    if (p->closed)
        return;
    p->closed = 1;
    if (p->previous)
        p->previous->next = p->next;
    else
        p->stream->readers = p->next;
    if (p->next)
        p->next->previous = p->previous;
    p->next = p->previous = NULL;
}

static PyObject *stream_close(Stream *self, PyObject *unused)
{
    (void)unused;
    int error = stream_begin(self);
    if (error == CLOSED)
        return stream_failed(self, error);
    if (!error)
        error = stream_latch(self);
    if (error < 0 || error == CLOSED)
        return stream_failed(self, error);
    uint32_t me = self->mapping->locks.me;
    int wrote = self->writer != SB_NO_PORT && self->me == me;
    self->closed = 1;
    while (self->loans) {
        loan *l = self->loans;
        if (!error && l->me == me)
            sb_ring_discard(&self->ring, &l->slot, 1);
        unlink_loan(l);
    }
    while (self->readers) {
        reader *p = self->readers;
        if (!error && p->place.me == me)
            sb_ring_leave(&self->ring, p->place.row, p->in_hand);
        stream_unlink_reader(p);
    }
    if (!error) {
        if (wrote) {
            sb_ring_leave(&self->ring, self->writer, 0);
            if (!sb_ring_has_writers(&self->ring))
                sb_ring_set_ended(&self->ring, 1);
        }
        stream_unlatch(self);
        sb_ring_stir(&self->ring); /* threads of this process, and those who wait for the end, or for room */
    }
    Py_RETURN_NONE; /* what is broken is closed too */
}

int is_stream(PyObject *object)
{
    return stream_is_type((PyObject *)Py_TYPE(object), (void *)stream_dealloc);
}

static PyObject *stream_ports(Stream *self, PyObject *unused)
{
    (void)unused;
    int error = stream_begin(self);
    if (error)
        return stream_failed(self, error);
    PyObject *list = PyList_New(0);
    for (uint32_t row = 0; list && row < self->ring.nports; row++) {
        sb_port_info p;
        if (!sb_ring_port(&self->ring, row, &p))
            continue;
        PyObject *name = PyBytes_FromStringAndSize(p.name, SB_GROUP_NAME);
        PyObject *one = name ? Py_BuildValue("IIKKKKNi", p.owner, p.role, (unsigned long long)p.from, (unsigned long long)p.to,
                                             (unsigned long long)p.items, (unsigned long long)p.missed, name, p.alive)
                             : NULL;
        if (!one || PyList_Append(list, one) < 0)
            Py_CLEAR(list);
        Py_XDECREF(one);
    }
    return list;
}

static PyObject *stream_counts(Stream *self, PyObject *unused)
{
    (void)unused;
    int error = stream_begin(self);
    if (error)
        return stream_failed(self, error);
    uint64_t c[3];
    sb_ring_counts(&self->ring, c);
    return stream_is_broken(self) ? stream_failed(self, stream_is_broken(self))
                           : Py_BuildValue("KKK", (unsigned long long)c[0], (unsigned long long)c[1], (unsigned long long)c[2]);
}

static PyObject *stream_wake(Stream *self, PyObject *unused)
{
    (void)unused;
    if (stream_begin(self) == 0)
        sb_ring_wake(&self->ring);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef stream_methods[] = {
    {"lend", (PyCFunction)(void (*)(void))stream_lend, METH_FASTCALL,
     "lend($self, type, n, timeout, stop, /)\n--\n\nTake n slots on loan, as soon as there are as many: a tuple of instances of the type, which is Loan.\n"
     "None when the timeout (ns; negative: none) has passed, or stop, a function or None, says so."},
    {"end", (PyCFunction)(void (*)(void))stream_end, METH_FASTCALL,
     "end($self, loans, length, /)\n--\n\nPublish all loans of a tuple at once, each with so many elements on its first axis, and return the\n"
     "number of the last; or with a negative length discard them."},
    {"close", (PyCFunction)stream_close, METH_NOARGS, "close($self, /)\n--\n\nEnd all loans and readers, and the stream, if no other writer lives."},
    {"wake", (PyCFunction)stream_wake, METH_NOARGS, "wake($self, /)\n--\n\nHave all who wait look again, as for what their stop says."},
    {"ports", (PyCFunction)stream_ports, METH_NOARGS,
     "ports($self, /)\n--\n\nThe ports that somebody has: owner, role, from, to, items, missed, name, and whether that one lives."},
    {"counts", (PyCFunction)stream_counts, METH_NOARGS,
     "counts($self, /)\n--\n\nThe number of the last item, how often a writer has waited for room, and for how many nanoseconds."},
    {NULL},
};

static PyMemberDef stream_members[] = {
    {"mapping", T_OBJECT, offsetof(Stream, mapping), READONLY, "The mapping of the segment."},
    {"closed", T_BOOL, offsetof(Stream, closed), READONLY, "Whether close() was called."},
    {NULL},
};

static PyType_Slot stream_slots[] = {
    {Py_tp_doc, "Stream(mapping, slots, ports, ring, nports, rows, lossy, patience)\n--\n\nAn opening of a stream, whose tables are at those offsets.\n"
                "rows is the most elements on an item's first axis, patience ns for which a writer waits."},
    {Py_tp_new, stream_new},
    {Py_tp_dealloc, stream_dealloc},
    {Py_tp_methods, stream_methods},
    {Py_tp_members, stream_members},
    {0, NULL},
};

PyType_Spec stream_spec = {
    .name = "samebytes._core.Stream",
    .basicsize = sizeof(Stream),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = stream_slots,
};
