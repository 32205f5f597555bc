/* Lock: a box of a segment, as Python asks for it. See locks.h for what the numbers of errors mean: Lock calls its own method
 * _failed with them, which raises. */
#include "core.h"

#include <pythread.h>
#include <stdlib.h>
#include <structmember.h> /* PyMemberDef's types: in Python.h from 3.12 */

/* Threads share a Lock, and each has its own turn: what is held stands in the table alone, and the row here is where to look first. */
typedef struct {
    PyObject_HEAD
    Mapping *mapping;
    PyObject *spans; /* bytes: pairs of int64, one for each axis */
    uint32_t state;
    int row;
} Lock;

static PyObject *lock_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"mapping", "spans", "exclusive", NULL};
    PyObject *mapping, *spans;
    int exclusive;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OSp:Lock", names, &mapping, &spans, &exclusive))
        return NULL;
    if (!is_mapping(mapping) || !((Mapping *)mapping)->has_locks) {
        PyErr_SetString(PyExc_TypeError, "expected a mapping with tables");
        return NULL;
    }
    Py_ssize_t n = (Py_ssize_t)(((Mapping *)mapping)->locks.ndim * sizeof(sb_span));
    if (PyBytes_Size(spans) != n)
        return PyErr_Format(PyExc_ValueError, "expected %zd bytes of ranges, found %zd", n, PyBytes_Size(spans));
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Lock *self = (Lock *)alloc(type, 0);
    if (!self)
        return NULL;
    Py_INCREF(mapping);
    Py_INCREF(spans);
    self->mapping = (Mapping *)mapping;
    self->spans = spans;
    self->state = exclusive ? SB_EXCLUSIVE : SB_SHARED;
    self->row = SB_NO_ROW;
    return (PyObject *)self;
}

static void lock_dealloc(Lock *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    Py_XDECREF((PyObject *)self->mapping);
    Py_XDECREF(self->spans);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type); /* an instance of a heap type holds a reference to it */
}

/* Raises what _failed makes of the error; damage, if any, is the box that may be half written. Returns NULL. */
static PyObject *lock_failed(Lock *self, int error, const sb_span *damage)
{
    if (error == EFAULT)
        atomic_store(&self->mapping->locks.broken, EFAULT);
    /* Made here, as no format with # is the same for all releases of the limited API. */
    PyObject *box = PyBytes_FromStringAndSize((const char *)damage, damage ? PyBytes_Size(self->spans) : 0);
    PyObject *result = box ? PyObject_CallMethod((PyObject *)self, "_failed", "iN", error, box) : NULL;
    if (result) {
        Py_DECREF(result);
        PyErr_Format(PyExc_SystemError, "_failed returned after error %d", error);
    }
    return NULL;
}

static sb_request lock_request(Lock *self, uint64_t thread, int row, sb_span *damage)
{
    return (sb_request){.spans = (const sb_span *)PyBytes_AsString(self->spans), .damage = damage, .thread = thread, .state = self->state,
                        .row = row};
}

/* True, or False when the timeout (ns, negative for none) has passed or stop, a function, says so; NULL with an exception. */
static PyObject *lock_acquire(Lock *self, int64_t timeout, uint64_t thread, int recover, PyObject *stop)
{
    sb_locks *l = &self->mapping->locks;
    sb_span damage[SB_MAX_NDIM];
    sb_request r = lock_request(self, thread, SB_NO_ROW, damage);
    r.recover = recover;
    int error = sb_whole(l);
    if (!error && !atomic_load_explicit(&l->joined, memory_order_acquire) && (error = mapping_enter(self->mapping)) < 0)
        return NULL;
    if (!error)
        error = sb_try(l, &r);
    if (error == EBUSY) {
        int64_t start = sb_now();
        int64_t deadline = timeout < 0 || timeout > SB_FOREVER - start ? SB_FOREVER : start + timeout;
        int stopped = 0;
        do {
            Py_BEGIN_ALLOW_THREADS
            error = sb_acquire(l, &r, deadline);
            Py_END_ALLOW_THREADS
        } while (error == EAGAIN && !l->broken && (stopped = is_stopped(stop)) == 0);
        if (error == EAGAIN) {
            Py_BEGIN_ALLOW_THREADS
            sb_abandon(l, &r);
            Py_END_ALLOW_THREADS
            if (stopped < 0)
                return NULL;
            error = ETIMEDOUT;
        }
    }
    if (l->broken)
        error = l->broken;
    if (error == ETIMEDOUT)
        Py_RETURN_FALSE;
    if (error)
        return lock_failed(self, error, error == EOWNERDEAD ? damage : NULL);
    self->row = r.row;
    Py_RETURN_TRUE;
}

static PyObject *lock_give(Lock *self, uint64_t thread)
{
    sb_locks *l = &self->mapping->locks;
    sb_request r = lock_request(self, thread, self->row, NULL);
    int waited = 0;
    int error = sb_whole(l);
    if (!error)
        error = sb_release(l, &r, &waited);
    if (l->broken)
        error = l->broken;
    if (error)
        return lock_failed(self, error, NULL);
    if (waited) {
        Py_BEGIN_ALLOW_THREADS
        sb_wake_next(l);
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

static PyObject *lock_enter(Lock *self, PyObject *unused)
{
    (void)unused;
    return lock_acquire(self, -1, PyThread_get_thread_ident(), 0, Py_None);
}

static PyObject *lock_exit(Lock *self, PyObject *const *args, Py_ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return lock_give(self, PyThread_get_thread_ident());
}

static PyObject *lock_take(Lock *self, PyObject *args)
{
    long long timeout;
    unsigned long long thread;
    int recover;
    PyObject *stop;
    if (!PyArg_ParseTuple(args, "LKpO:take", &timeout, &thread, &recover, &stop))
        return NULL;
    return lock_acquire(self, timeout, thread, recover, stop);
}

static PyObject *lock_release_for(Lock *self, PyObject *thread)
{
    unsigned long long id = PyLong_AsUnsignedLongLong(thread);
    return PyErr_Occurred() ? NULL : lock_give(self, id);
}

static PyObject *lock_release(Lock *self, PyObject *unused)
{
    (void)unused;
    return lock_give(self, PyThread_get_thread_ident());
}

static PyObject *lock_held(Lock *self, PyObject *thread)
{
    unsigned long long id = PyLong_AsUnsignedLongLong(thread);
    if (PyErr_Occurred())
        return NULL;
    sb_locks *l = &self->mapping->locks;
    sb_request r = lock_request(self, id, self->row, NULL);
    int error = sb_whole(l);
    return error ? lock_failed(self, error, NULL) : PyBool_FromLong(sb_holds(l, &r));
}

static PyObject *lock_marks(Lock *self, PyObject *unused)
{
    (void)unused;
    sb_locks *l = &self->mapping->locks;
    size_t row = (size_t)PyBytes_Size(self->spans), n = 0;
    char *marks = malloc(row * l->nboxes + 1); /* not 0, for which NULL is no failure */
    if (!marks)
        return PyErr_NoMemory();
    int error, stopped = 0;
    do {
        Py_BEGIN_ALLOW_THREADS
        error = sb_marks(l, (const sb_span *)PyBytes_AsString(self->spans), (sb_span *)marks, &n);
        Py_END_ALLOW_THREADS
    } while (error == EAGAIN && (stopped = is_stopped(Py_None)) == 0);
    PyObject *list = NULL;
    if (error && stopped == 0)
        lock_failed(self, error, NULL);
    else if (!error)
        list = PyList_New(0);
    for (size_t i = 0; list && i < n; i++) {
        PyObject *mark = PyBytes_FromStringAndSize(marks + i * row, (Py_ssize_t)row);
        if (!mark || PyList_Append(list, mark) < 0)
            Py_CLEAR(list);
        Py_XDECREF(mark);
    }
    free(marks);
    return list;
}

static PyObject *lock_repaired(Lock *self, PyObject *unused)
{
    (void)unused;
    int error, stopped = 0;
    do {
        Py_BEGIN_ALLOW_THREADS
        error = sb_repaired(&self->mapping->locks, (const sb_span *)PyBytes_AsString(self->spans));
        Py_END_ALLOW_THREADS
    } while (error == EAGAIN && (stopped = is_stopped(Py_None)) == 0);
    if (stopped)
        return NULL;
    if (error)
        return lock_failed(self, error, NULL);
    Py_RETURN_NONE;
}

static PyObject *lock_take_away(Lock *self, PyObject *unused)
{
    (void)unused;
    sb_locks *l = &self->mapping->locks;
    int error = sb_whole(l), stopped = 0;
    if (!error && !atomic_load_explicit(&l->joined, memory_order_acquire) && (error = mapping_enter(self->mapping)) < 0)
        return NULL;
    if (!error) {
        do {
            Py_BEGIN_ALLOW_THREADS
            error = sb_take_away(l, (const sb_span *)PyBytes_AsString(self->spans));
            Py_END_ALLOW_THREADS
        } while (error == EAGAIN && (stopped = is_stopped(Py_None)) == 0);
    }
    if (stopped)
        return NULL;
    if (l->broken)
        error = l->broken;
    if (error && error != EPERM)
        return lock_failed(self, error, NULL);
    return PyBool_FromLong(!error);
}

static PyObject *lock_quiet(Lock *self, PyObject *args)
{
    sb_locks *l = &self->mapping->locks;
    sb_span damage[SB_MAX_NDIM];
    uint64_t writes;
    unsigned long long thread;
    int look;
    if (!PyArg_ParseTuple(args, "Kp:quiet", &thread, &look))
        return NULL;
    int error = sb_whole(l);
    if (!error)
        error = sb_quiet(l, (const sb_span *)PyBytes_AsString(self->spans), thread, look, &writes, damage);
    if (l->broken)
        error = l->broken;
    if (error == EBUSY)
        Py_RETURN_NONE;
    if (error)
        return lock_failed(self, error, error == EOWNERDEAD ? damage : NULL);
    return PyLong_FromUnsignedLongLong(writes);
}

static PyObject *lock_unchanged(Lock *self, PyObject *writes)
{
    uint64_t before = PyLong_AsUnsignedLongLong(writes);
    if (PyErr_Occurred())
        return NULL;
    sb_locks *l = &self->mapping->locks;
    int unchanged = sb_unchanged(l, before);
    return l->broken ? lock_failed(self, l->broken, NULL) : PyBool_FromLong(unchanged);
}

static PyMethodDef lock_methods[] = {
    {"__enter__", (PyCFunction)lock_enter, METH_NOARGS, "__enter__($self, /)\n--\n\nWait for the lock, for this thread."},
    {"__exit__", (PyCFunction)(void (*)(void))lock_exit, METH_FASTCALL, "__exit__($self, /, *exception)\n--\n\nGive the lock free."},
    {"release", (PyCFunction)lock_release, METH_NOARGS, "release($self, /)\n--\n\nGive free what this thread holds."},
    {"take", (PyCFunction)lock_take, METH_VARARGS,
     "take($self, timeout, thread, recover, stop, /)\n--\n\nWait for the lock for up to timeout nanoseconds (negative for no end), for the thread\n"
     "of that number. recover takes it also where the dead left marks. stop, a function or None, is called every few\n"
     "milliseconds and ends the wait by a true value. Returns whether the lock is held."},
    {"give", (PyCFunction)lock_release_for, METH_O, "give($self, thread, /)\n--\n\nGive free what the thread of that number holds."},
    {"take_away", (PyCFunction)lock_take_away, METH_NOARGS,
     "take_away($self, /)\n--\n\nGive free what any thread of any process holds, or died with. Returns whether one did."},
    {"held", (PyCFunction)lock_held, METH_O, "held($self, thread, /)\n--\n\nWhether the thread of that number holds it."},
    {"marks", (PyCFunction)lock_marks, METH_NOARGS, "marks($self, /)\n--\n\nThe boxes within this one that dead holders left half written, as spans."},
    {"repaired", (PyCFunction)lock_repaired, METH_NOARGS, "repaired($self, /)\n--\n\nClear those marks."},
    {"quiet", (PyCFunction)lock_quiet, METH_VARARGS,
     "quiet($self, thread, look, /)\n--\n\nThe number of exclusive locks ever granted, if none but the thread's is held on the box; else None.\n"
     "look: find out which holders live."},
    {"unchanged", (PyCFunction)lock_unchanged, METH_O, "unchanged($self, writes, /)\n--\n\nWhether that still is the number, after what was read before."},
    {NULL},
};

static PyMemberDef lock_members[] = {
    {"mapping", T_OBJECT, offsetof(Lock, mapping), READONLY, "The mapping of the segment."},
    {"spans", T_OBJECT, offsetof(Lock, spans), READONLY, "The box: pairs of int64, one for each axis."},
    {NULL},
};

static PyType_Slot lock_slots[] = {
    {Py_tp_doc, "Lock(mapping, spans, exclusive)\n--\n\nA box of a segment. Threads may share it: each holds its own turn."},
    {Py_tp_new, lock_new},
    {Py_tp_dealloc, lock_dealloc},
    {Py_tp_methods, lock_methods},
    {Py_tp_members, lock_members},
    {0, NULL},
};

PyType_Spec lock_spec = {
    .name = "samebytes._core.Lock",
    .basicsize = sizeof(Lock),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = lock_slots,
};
