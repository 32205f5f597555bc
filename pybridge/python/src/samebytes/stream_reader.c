/* Port: a reader's place in a stream. See stream_objects.c. */
#include "stream_objects.h"

#include <stdlib.h>
#include <string.h>
#include <structmember.h> /* PyMemberDef's types: in Python.h from 3.12 */

#define SECOND INT64_C(1000000000) /* ns */

/* How many items a member of a group takes before it looks again whether another has died. */
enum { REDELIVER = 32 };

static const char *group_of(const reader *p)
{
    return p->has_name ? p->name : NULL;
}

static PyObject *reader_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"stream", "start", "number", "group", "window", NULL};
    PyObject *stream, *group;
    int start;
    unsigned long long number;
    unsigned int window;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OiKOI:Port", names, &stream, &start, &number, &group, &window))
        return NULL;
    char *name = NULL;
    Py_ssize_t n = 0;
    if (!is_stream(stream)) {
        PyErr_SetString(PyExc_TypeError, "expected a stream");
        return NULL;
    }
    if (group != Py_None && PyBytes_AsStringAndSize(group, &name, &n) < 0)
        return NULL;
    Stream *s = (Stream *)stream;
    if (n > SB_GROUP_NAME || !window || window > s->ring.ring || number > SB_LAST_ITEM || start < SB_FROM_ITEM || start > SB_FROM_NEXT) {
        PyErr_SetString(PyExc_ValueError, "expected a start, a number, a name and a window within the bounds");
        return NULL;
    }
    reader *p = stream_new_object(type);
    if (!p)
        return NULL;
    p->closed = 1;
    Py_INCREF(stream);
    p->stream = s;
    p->window = window;
    p->has_name = name != NULL;
    if (name)
        memcpy(p->name, name, (size_t)n);
    p->kept = calloc(window, sizeof *p->kept);
    int error = p->kept ? stream_begin(s) : ENOMEM;
    if (!error)
        error = stream_latch(s);
    if (!error) {
        error = sb_ring_join(&s->ring, group_of(p), start, number, &p->place);
        stream_unlatch(s);
    }
    if (error) {
        stream_failed(s, error);
        Py_DECREF((PyObject *)p);
        return NULL;
    }
    p->closed = 0;
    p->next = s->readers;
    if (s->readers)
        s->readers->previous = p;
    s->readers = p;
    return (PyObject *)p;
}

static void reader_dealloc(reader *p)
{
    Stream *s = p->stream;
    if (s && !p->closed) {
        if (stream_is_mine(s, p->place.me)) {
            if (sb_latch_soon(&s->mapping->locks)) {
                sb_ring_leave(&s->ring, p->place.row, p->in_hand);
                stream_unlatch(s);
            } else
                sb_ring_abandon_port(&s->ring, p->place.row);
            sb_ring_feed(&s->ring);
        }
        stream_unlink_reader(p);
    }
    free(p->kept);
    Py_XDECREF((PyObject *)s);
    stream_free_object(p);
}

/* Before the port is used: as stream_begin. A forked child goes on where its parent was, by a port of its own. */
static int reader_begin(reader *p)
{
    Stream *s = p->stream;
    int error = p->closed ? CLOSED : stream_begin(s);
    if (error || p->place.me == s->mapping->locks.me)
        return error;
    if ((error = stream_latch(s)))
        return error;
    uint64_t missed = p->place.missed, next = p->place.to;
    error = sb_ring_join(&s->ring, group_of(p), SB_FROM_ITEM, next, &p->place);
    if (!error && p->place.group == SB_NO_GROUP)
        missed += p->place.to - next; /* since the fork */
    p->place.missed = missed;
    p->in_hand = 0;
    stream_unlatch(s);
    return error;
}

static void release(reader *p)
{
    if (!p->in_hand)
        return;
    p->in_hand = 0;
    uint64_t from = p->place.from, to = p->place.to;
    if (p->place.group != SB_NO_GROUP || to - from >= p->window) /* else the next window needs it */
        sb_ring_release(&p->stream->ring, &p->place, to - (p->window - 1));
}

/* Takes the next item if there is one: 1, 0, or with *error 0. */
static int take(reader *p, int idle, int *error)
{
    Stream *s = p->stream;
    int found;
    if (p->place.group == SB_NO_GROUP)
        found = sb_ring_take(&s->ring, &p->place, p->window > 1, error);
    else {
        if (idle && !sb_ring_may_share(&s->ring, &p->place))
            return *error = 0;
        int look = idle || p->place.taken % REDELIVER == 0;
        if ((*error = stream_latch(s)))
            return 0;
        if (p->closed) { /* meanwhile */
            stream_unlatch(s);
            *error = CLOSED;
            return 0;
        }
        found = sb_ring_take_shared(&s->ring, &p->place, look, error);
        stream_unlatch(s);
    }
    if (!*error)
        *error = stream_is_broken(s);
    if (!found || *error)
        return 0;
    p->place.taken++;
    p->in_hand = 1;
    p->kept[p->place.number % p->window] = p->place.slot;
    return 1;
}

struct news {
    const sb_ring *ring;
    uint64_t version;
};

static int has_news(void *of)
{
    const struct news *n = of;
    return sb_ring_version(n->ring) != n->version;
}

/* Waits for the next item: 0, ETIMEDOUT, ENODATA at the end of the stream, another errno, or -1 with an exception. */
static int await(reader *p, int64_t deadline, PyObject *stop)
{
    Stream *s = p->stream;
    int64_t most = p->place.group == SB_NO_GROUP ? SECOND : SB_NEXT_SLEEPS; /* a death may give an item */
    for (;;) {
        struct news news = {&s->ring, sb_ring_version(&s->ring)};
        int ended = sb_ring_ended(&s->ring), error; /* before the look: what was published before the end is found */
        if (take(p, 1, &error) || error)
            return error;
        if (ended)
            return ENODATA;
        int stopped = is_stopped(stop);
        if (stopped)
            return stopped < 0 ? -1 : ETIMEDOUT;
        if (p->closed || s->closed)
            return CLOSED;
        int64_t now = sb_now();
        if (now >= deadline)
            return ETIMEDOUT;
        Py_BEGIN_ALLOW_THREADS
        error = sb_looks(has_news, &news) ? 0 : sb_ring_wait_item(&s->ring, news.version, stream_earlier(now + most, deadline));
        Py_END_ALLOW_THREADS
        if (error == EFAULT)
            return error;
        if (stream_is_broken(s))
            return stream_is_broken(s);
        if ((error = reader_begin(p))) /* closed, or forked by a signal's handler */
            return error;
    }
}

static PyObject *reader_take(reader *p, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "expected a timeout and stop");
        return NULL;
    }
    long long timeout = PyLong_AsLongLong(args[0]);
    if (timeout == -1 && PyErr_Occurred())
        return NULL;
    int error = reader_begin(p);
    int again = p->again && p->in_hand;
    p->again = 0;
    if (!error && !again) {
        release(p);
        int ended = timeout == 0 && sb_ring_ended(&p->stream->ring);
        if (!take(p, 0, &error) && !error) {
            if (timeout)
                error = await(p, stream_deadline(timeout), args[1]);
            else if (!take(p, 1, &error) && !error)
                error = ended ? ENODATA : ETIMEDOUT;
        }
        if (!error) {
            p->gap = p->place.missed - p->told; /* also by steps that found none */
            p->told = p->place.missed;
        }
    }
    int64_t time;
    uint64_t length;
    if (!error)
        error = sb_ring_item(&p->stream->ring, p->place.slot, &time, &length);
    if (!error)
        return Py_BuildValue("IKLKK", p->place.slot, (unsigned long long)length, (long long)time, (unsigned long long)p->place.number,
                             (unsigned long long)p->gap);
    if (error == ETIMEDOUT)
        Py_RETURN_NONE;
    if (error == ENODATA)
        return PyTuple_New(0);
    return stream_failed(p->stream, error);
}

static PyObject *reader_release(reader *p, PyObject *unused)
{
    (void)unused;
    int error = reader_begin(p);
    if (error)
        return stream_failed(p->stream, error);
    release(p);
    Py_RETURN_NONE;
}

static PyObject *reader_again(reader *p, PyObject *unused)
{
    (void)unused;
    p->again = 1;
    Py_RETURN_NONE;
}

static PyObject *reader_skip(reader *p, PyObject *unused)
{
    (void)unused;
    int error = reader_begin(p);
    if (error)
        return stream_failed(p->stream, error);
    release(p);
    if (p->place.group == SB_NO_GROUP)
        sb_ring_skip(&p->stream->ring, &p->place);
    Py_RETURN_NONE;
}

static PyObject *reader_window(reader *p, PyObject *unused)
{
    (void)unused;
    int error = reader_begin(p);
    if (error)
        return stream_failed(p->stream, error);
    uint64_t last = p->place.to, first = p->place.from;
    if (!p->in_hand || last - first > p->window)
        first = last; /* nothing is in hand */
    PyObject *slots = PyTuple_New((Py_ssize_t)(last - first));
    for (uint64_t number = first; slots && number < last; number++) {
        PyObject *slot = PyLong_FromUnsignedLong(p->kept[number % p->window]);
        if (!slot || PyTuple_SetItem(slots, (Py_ssize_t)(number - first), slot) < 0)
            Py_CLEAR(slots);
    }
    return slots;
}

static PyObject *reader_close(reader *p, PyObject *unused)
{
    (void)unused;
    Stream *s = p->stream;
    int error = p->closed ? CLOSED : stream_begin(s), forked = p->place.me != s->mapping->locks.me;
    if (!error && !forked)
        error = stream_latch(s);
    if (!error && p->closed) { /* meanwhile */
        if (!forked)
            stream_unlatch(s);
        error = CLOSED;
    }
    if (error == CLOSED || error < 0)
        return stream_failed(s, error);
    if (!error && !forked) {
        sb_ring_leave(&s->ring, p->place.row, p->in_hand);
        stream_unlatch(s);
        sb_ring_feed(&s->ring);
        sb_ring_stir(&s->ring); /* a thread that waits by it */
    }
    stream_unlink_reader(p);
    Py_RETURN_NONE; /* what is broken is closed too */
}

int is_reader(PyObject *object)
{
    return stream_is_type((PyObject *)Py_TYPE(object), (void *)reader_dealloc);
}

int reader_is_ready(reader *p, int *error)
{
    if ((*error = reader_begin(p)))
        return 0;
    const sb_ring *r = &p->stream->ring;
    int ready = (p->again && p->in_hand) || sb_ring_ended(r) || sb_ring_has_next(r, &p->place);
    *error = stream_is_broken(p->stream);
    return ready;
}

static PyMethodDef reader_methods[] = {
    {"take", (PyCFunction)(void (*)(void))reader_take, METH_FASTCALL,
     "take($self, timeout, stop, /)\n--\n\nRelease the item in hand and take the next, as soon as it is there: its slot, length, time, number, and how\n"
     "many were missed before it. None as of lend; an empty tuple when the stream has ended. Other threads run meanwhile."},
    {"release", (PyCFunction)reader_release, METH_NOARGS, "release($self, /)\n--\n\nRelease the item in hand."},
    {"again", (PyCFunction)reader_again, METH_NOARGS, "again($self, /)\n--\n\nMake the item in hand the next one too: nobody has seen it."},
    {"skip", (PyCFunction)reader_skip, METH_NOARGS, "skip($self, /)\n--\n\nRelease it, and go on to the newest; in a group only release it."},
    {"window", (PyCFunction)reader_window, METH_NOARGS, "window($self, /)\n--\n\nThe slots of the last items in hand, oldest first."},
    {"close", (PyCFunction)reader_close, METH_NOARGS, "close($self, /)\n--\n\nLeave the stream. What a group's member has in hand goes to another."},
    {NULL},
};

static PyMemberDef reader_members[] = {
    {"missed", T_ULONGLONG, offsetof(reader, place) + offsetof(sb_place, missed), READONLY, "How many items were missed in all."},
    {"number", T_ULONGLONG, offsetof(reader, place) + offsetof(sb_place, number), READONLY, "That of the item taken last."},
    {"in_hand", T_BOOL, offsetof(reader, in_hand), READONLY, "Whether that is not released."},
    {"closed", T_BOOL, offsetof(reader, closed), READONLY, "Whether this, or the stream, was closed."},
    {NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_doc, "Port(stream, start, number, group, window)\n--\n\nA reader's place. start is 0 for the item of that number or the next that is there, 1 for\n"
                "the newest, 2 for the next to come. group is a name's bytes or None. One thread at a time may use it."},
    {Py_tp_new, reader_new},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_methods, reader_methods},
    {Py_tp_members, reader_members},
    {0, NULL},
};

PyType_Spec port_spec = {
    .name = "samebytes._core.Port",
    .basicsize = sizeof(reader),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = reader_slots,
};
