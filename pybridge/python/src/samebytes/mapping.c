/* Mapping: a file's memory, and the words and tables of a segment in it. */
#define _GNU_SOURCE
#include "core.h"

#include <structmember.h> /* PyMemberDef's types: in Python.h from 3.12 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void mapping_set_status(Mapping *self, const struct stat *st)
{
    self->dev = st->st_dev;
    self->ino = st->st_ino;
    self->mode = st->st_mode;
    self->nlink = (unsigned int)st->st_nlink;
    self->uid = st->st_uid;
}

static Mapping *mapping_alloc(PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Mapping *self = (Mapping *)alloc(type, 0);
    if (self) {
        self->fd = -1;
        self->locks.row = SB_NO_ROW;
    }
    return self;
}

static void *map(void *where, int fd, Py_ssize_t size, int writable)
{
    return mmap(where, (size_t)size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED | (where ? MAP_FIXED : 0), fd, 0);
}

int is_stopped(PyObject *stop)
{
    if (PyErr_CheckSignals() < 0)
        return -1;
    if (stop == Py_None)
        return 0;
    PyObject *answer = PyObject_CallNoArgs(stop);
    int stopped = answer ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    return stopped;
}

int mapping_enter(Mapping *self)
{
    int error;
    do {
        Py_BEGIN_ALLOW_THREADS
        error = sb_enter(&self->locks);
        Py_END_ALLOW_THREADS
        if (error == EAGAIN && PyErr_CheckSignals() < 0)
            return -1;
    } while (error == EAGAIN);
    return error;
}

/* Makes the tables of a mapped file known: (offset, slots, boxes, axes, flags, record), see sb_locks_init. fd is a descriptor of the
 * file. Returns 0, or -1 with an exception. */
static int mapping_start_locks(Mapping *self, int fd, PyObject *tables)
{
    unsigned long long offset;
    unsigned int slots, boxes, axes, flags;
    PyObject *bytes;
    char *record = NULL;
    Py_ssize_t n = 0;
    if (!PyArg_ParseTuple(tables, "KIIIIO:tables", &offset, &slots, &boxes, &axes, &flags, &bytes) ||
        (bytes != Py_None && PyBytes_AsStringAndSize(bytes, &record, &n) < 0))
        return -1;
    if ((record && (n != SB_PARTICIPANT_SIZE || !self->writable)) || offset > (unsigned long long)self->size) {
        PyErr_SetString(PyExc_ValueError, "expected tables in the file, and a participant's record");
        return -1;
    }
    int error = sb_locks_init(&self->locks, self->start, self->size, (off_t)offset, slots, boxes, axes, flags, fd, record);
    self->has_locks = error == 0;
    if (!error && record)
        error = mapping_enter(self);
    if (error > 0) {
        errno = error;
        PyErr_SetFromErrno(PyExc_OSError);
    }
    return error ? -1 : 0;
}

static void mapping_guard(Mapping *self)
{
    int protection = PROT_READ | (self->writable ? PROT_WRITE : 0);
    self->region = guard_add(self->start, (size_t)self->size, protection, &self->locks.broken);
}

/* Maps the file, and makes its tables known unless they are None. Returns 0, or -1 with an exception. */
static int mapping_start(Mapping *self, int fd, PyObject *tables)
{
    void *start = map(NULL, fd, self->size, self->writable);
    if (start == MAP_FAILED) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    self->start = start;
    self->forks = sb_forks();
    mapping_guard(self);
    return tables == Py_None ? 0 : mapping_start_locks(self, fd, tables);
}

static PyObject *mapping_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"fd", "size", "writable", "tables", NULL};
    int fd, writable;
    Py_ssize_t size;
    PyObject *tables = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "inp|O:Mapping", names, &fd, &size, &writable, &tables))
        return NULL;
    if (size <= 0)
        return PyErr_Format(PyExc_ValueError, "expected a positive size, found %zd", size);
    Mapping *self = mapping_alloc(type);
    if (!self)
        return NULL;
    self->size = size;
    self->writable = writable;
    struct stat st;
    int failed = fstat(fd, &st);
    if (failed)
        PyErr_SetFromErrno(PyExc_OSError);
    else
        failed = mapping_start(self, fd, tables);
    if (failed) {
        Py_DECREF(self);
        return NULL;
    }
    mapping_set_status(self, &st);
    return (PyObject *)self;
}

/* Reads up to n bytes at an offset; returns how many there are, or -1. */
static Py_ssize_t read_at(int fd, char *to, Py_ssize_t n, off_t offset)
{
    Py_ssize_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, to + done, (size_t)(n - done), offset + done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += got;
    }
    return done;
}

/* open(path, flags, nhead, ntail): all that is needed to judge a file with one call, since those of the module os take longer
 * than the system calls themselves. It is read by system calls: a file that is cut meanwhile makes a read short, where a load
 * from mapped memory would be a SIGBUS. What is no regular file, or has no bytes, is described but cannot be mapped. */
static PyObject *mapping_open(PyTypeObject *type, PyObject *args)
{
    PyObject *path;
    int flags;
    Py_ssize_t nhead, ntail;
    if (!PyArg_ParseTuple(args, "O&inn:open", PyUnicode_FSConverter, &path, &flags, &nhead, &ntail))
        return NULL;
    if (nhead < 0 || ntail < 0 || nhead > PY_SSIZE_T_MAX - ntail - 1) {
        Py_DECREF(path);
        return PyErr_Format(PyExc_ValueError, "expected sizes, found %zd and %zd", nhead, ntail);
    }
    char *head = malloc((size_t)(nhead + ntail + 1)); /* not 0, for which NULL is no failure */
    if (!head) {
        Py_DECREF(path);
        return PyErr_NoMemory();
    }
    Mapping *self = mapping_alloc(type);
    if (!self) {
        Py_DECREF(path);
        free(head);
        return NULL;
    }
    self->writable = (flags & O_ACCMODE) == O_RDWR;
    char *tail = head + nhead;
    struct stat st;
    int error = 0;
    Py_BEGIN_ALLOW_THREADS
    do {
        self->fd = open(PyBytes_AsString(path), flags | O_CLOEXEC);
    } while (self->fd < 0 && errno == EINTR);
    if (self->fd < 0 || fstat(self->fd, &st) < 0)
        error = errno;
    else if (!S_ISREG(st.st_mode) || st.st_size == 0) {
        nhead = ntail = 0;
        close(self->fd);
        self->fd = -1;
    } else if ((nhead = read_at(self->fd, head, nhead, 0)) < 0 ||
               (ntail = read_at(self->fd, tail, ntail, st.st_size > ntail ? st.st_size - ntail : 0)) < 0)
        error = errno;
    Py_END_ALLOW_THREADS
    Py_DECREF(path);
    PyObject *opened = NULL;
    if (error) {
        errno = error;
        PyErr_SetFromErrno(PyExc_OSError);
    } else {
        self->size = st.st_size;
        mapping_set_status(self, &st);
        PyObject *first = PyBytes_FromStringAndSize(head, nhead), *last = PyBytes_FromStringAndSize(tail, ntail);
        if (first && last)
            opened = PyTuple_Pack(3, self, first, last);
        Py_XDECREF(first);
        Py_XDECREF(last);
    }
    free(head);
    Py_DECREF(self);
    return opened;
}

static void mapping_close_file(Mapping *self)
{
    if (self->fd >= 0)
        close(self->fd); /* nothing was written: there is no error to lose */
    self->fd = -1;
}

static int mapping_is_open(Mapping *self)
{
    if (self->fd >= 0)
        return 1;
    PyErr_SetString(PyExc_ValueError, "expected an open file with bytes in it");
    return 0;
}

static PyObject *mapping_map(Mapping *self, PyObject *args)
{
    PyObject *tables = Py_None;
    if (!PyArg_ParseTuple(args, "|O:map", &tables) || !mapping_is_open(self))
        return NULL;
    int failed = mapping_start(self, self->fd, tables);
    mapping_close_file(self);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *mapping_map_by(Mapping *self, PyObject *args)
{
    PyObject *opened;
    int keep = 0;
    if (!PyArg_ParseTuple(args, "O|p:map_by", &opened, &keep))
        return NULL;
    Mapping *other = (Mapping *)opened;
    if (!is_mapping(opened) || other->size != self->size || other->dev != self->dev || other->ino != self->ino || !self->start) {
        PyErr_SetString(PyExc_ValueError, "expected another opening of the mapped file");
        return NULL;
    }
    if (!mapping_is_open(other))
        return NULL;
    if (map(self->start, other->fd, self->size, self->writable) == MAP_FAILED)
        return PyErr_SetFromErrno(PyExc_OSError); /* MAP_FIXED: the memory is as before, or this process is out of mappings */
    if (keep) {
        mapping_close_file(self);
        self->fd = other->fd;
        other->fd = -1;
    } else
        mapping_close_file(other);
    Py_RETURN_NONE;
}

int mapping_is_empty(Mapping *self)
{
    if (self->start)
        return 0;
    PyErr_SetString(PyExc_ValueError, "nothing is mapped");
    return 1;
}

static PyObject *mapping_fileno(Mapping *self, PyObject *unused)
{
    (void)unused;
    return mapping_is_open(self) ? PyLong_FromLong(self->fd) : NULL;
}

static PyObject *mapping_links(Mapping *self, PyObject *unused)
{
    (void)unused;
    struct stat st;
    int fd = self->has_locks ? self->locks.fd : self->fd;
    int known = fstat(fd, &st) == 0 && st.st_dev == self->dev && st.st_ino == self->ino && st.st_size == self->size;
    return PyLong_FromUnsignedLong(known ? st.st_nlink : 0);
}

static PyObject *mapping_holds_locks(Mapping *self, PyObject *unused)
{
    (void)unused;
    return PyBool_FromLong(self->has_locks && sb_whole(&self->locks) == 0 && sb_holds_any(&self->locks));
}

static PyObject *mapping_flush(Mapping *self, PyObject *unused)
{
    (void)unused;
    if (mapping_is_empty(self))
        return NULL;
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = msync(self->start, (size_t)self->size, MS_SYNC);
    Py_END_ALLOW_THREADS
    if (failed)
        return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

static PyObject *mapping_delete_last(Mapping *self, PyObject *name)
{
    PyObject *path;
    if (!PyUnicode_FSConverter(name, &path))
        return NULL;
    free(self->temporary);
    self->temporary = strdup(PyBytes_AsString(path)); /* without memory it is left to who collects */
    Py_DECREF(path);
    Py_RETURN_NONE;
}

static PyObject *mapping_keep_file(Mapping *self, PyObject *unused)
{
    (void)unused;
    free(self->temporary);
    self->temporary = NULL;
    Py_RETURN_NONE;
}

static PyObject *mapping_leave(Mapping *self, PyObject *unused)
{
    (void)unused;
    if (self->has_locks && !self->alone)
        self->alone = (char)sb_leave(&self->locks);
    return PyBool_FromLong(self->alone);
}

static PyObject *mapping_join(Mapping *self, PyObject *tables)
{
    if (mapping_is_empty(self) || !mapping_is_open(self))
        return NULL;
    if (self->has_locks) {
        PyErr_SetString(PyExc_ValueError, "the tables are known already");
        return NULL;
    }
    self->alone = 0;
    if (mapping_start_locks(self, self->fd, tables))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *mapping_forked(Mapping *self, PyObject *unused)
{
    (void)unused;
    return PyBool_FromLong(self->forks != sb_forks());
}

static PyObject *mapping_take(PyTypeObject *type, PyObject *from)
{
    if (!is_mapping(from) || mapping_is_empty((Mapping *)from)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "expected a mapping");
        return NULL;
    }
    Mapping *self = mapping_alloc(type), *other = (Mapping *)from;
    if (!self)
        return NULL;
    self->size = other->size;
    self->writable = other->writable;
    self->alone = other->alone;
    self->forks = other->forks;
    self->dev = other->dev;
    self->ino = other->ino;
    self->mode = other->mode;
    self->nlink = other->nlink;
    self->uid = other->uid;
    guard_remove(other->region);
    other->region = NULL;
    self->start = other->start;
    other->start = NULL;
    self->fd = other->fd;
    other->fd = -1;
    self->temporary = other->temporary;
    other->temporary = NULL;
    mapping_guard(self);
    return (PyObject *)self;
}

static void unlink_if_same(const char *path, const Mapping *self)
{
    struct stat st;
    if (lstat(path, &st) == 0 && st.st_dev == self->dev && st.st_ino == self->ino)
        unlink(path); /* what cannot be deleted is left to who collects */
}

static void delete_if_last(Mapping *self)
{
    if (self->temporary && (self->alone || (self->has_locks && sb_leave(&self->locks))))
        unlink_if_same(self->temporary, self);
    free(self->temporary);
    self->temporary = NULL;
}

static PyObject *mapping_delete_if_last(Mapping *self, PyObject *unused)
{
    (void)unused;
    delete_if_last(self);
    Py_RETURN_NONE;
}

static void mapping_dealloc(Mapping *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    delete_if_last(self);
    if (self->has_locks)
        sb_locks_free(&self->locks);
    guard_remove(self->region);
    if (self->start)
        munmap(self->start, (size_t)self->size); /* fails only for what is no mapping */
    mapping_close_file(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type); /* an instance of a heap type holds a reference to it */
}

int is_mapping(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    while (type && PyType_GetSlot(type, Py_tp_dealloc) != (void *)mapping_dealloc)
        type = PyType_GetSlot(type, Py_tp_base);
    return type != NULL;
}

static int mapping_getbuffer(Mapping *self, Py_buffer *view, int flags)
{
    if (mapping_is_empty(self)) {
        view->obj = NULL;
        return -1;
    }
    return PyBuffer_FillInfo(view, (PyObject *)self, self->start, self->size, !self->writable, flags);
}

int mapping_is_broken(Mapping *self)
{
    int error = atomic_load_explicit(&self->locks.broken, memory_order_relaxed);
    if (!error)
        return 0;
    errno = error;
    PyErr_SetFromErrno(PyExc_OSError);
    return 1;
}

static PyObject *mapping_holds(Mapping *self, PyObject *args)
{
    Py_ssize_t offset, n;
    PyObject *object;
    char *bytes;
    if (!PyArg_ParseTuple(args, "nO:holds", &offset, &object) || PyBytes_AsStringAndSize(object, &bytes, &n) < 0 || mapping_is_empty(self))
        return NULL;
    return PyBool_FromLong(offset >= 0 && n <= self->size && offset <= self->size - n && memcmp(self->start + offset, bytes, (size_t)n) == 0);
}

static PyObject *mapping_is_dead(Mapping *self, PyObject *who)
{
    unsigned long id = PyLong_AsUnsignedLong(who);
    if (PyErr_Occurred())
        return NULL;
    if (!self->has_locks || id > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "expected a mapping with tables, and a participant's identity");
        return NULL;
    }
    return PyBool_FromLong(sb_is_dead(&self->locks, (uint32_t)id));
}

static PyMethodDef mapping_methods[] = {
    {"open", (PyCFunction)mapping_open, METH_VARARGS | METH_CLASS,
     "open($type, path, flags, nhead, ntail, /)\n--\n\nOpen a file, for writing if flags have O_RDWR. Returns a mapping without memory yet,\n"
     "and up to nhead bytes of the file's beginning and ntail of its end, of a regular file."},
    {"map", (PyCFunction)mapping_map, METH_VARARGS,
     "map($self, tables=None, /)\n--\n\nMap all of an opened file, and close its descriptor. With a segment's tables (offset in the file,\n"
     "slots, boxes, axes, flags, record) and a record, a participant's row, the process takes part in its locks."},
    {"map_by", (PyCFunction)mapping_map_by, METH_VARARGS,
     "map_by($self, opened, keep=False, /)\n--\n\nMap the same file by another opening, at the same place, which shows that one's path in\n"
     "/proc/self/maps. Its descriptor is closed, or kept as this mapping's."},
    {"is_dead", (PyCFunction)mapping_is_dead, METH_O, "is_dead($self, who, /)\n--\n\nWhether the participant of that identity has ended."},
    {"fileno", (PyCFunction)mapping_fileno, METH_NOARGS, "fileno($self, /)\n--\n\nThe descriptor of an opened file that is not mapped yet, or was kept."},
    {"links", (PyCFunction)mapping_links, METH_NOARGS,
     "links($self, /)\n--\n\nHow many hard links the file has now, of a mapping with tables or whose descriptor was kept; 0 also when that cannot\n"
     "be found out, and for a file of another size, which is not what was mapped."},
    {"holds_locks", (PyCFunction)mapping_holds_locks, METH_NOARGS,
     "holds_locks($self, /)\n--\n\nWhether this process holds or waits for a lock of the segment."},
    {"flush", (PyCFunction)mapping_flush, METH_NOARGS,
     "flush($self, /)\n--\n\nWrite what was changed to the file's disk, and wait until it is there."},
    {"delete_last", (PyCFunction)mapping_delete_last, METH_O,
     "delete_last($self, path, /)\n--\n\nWhen this is freed and the process was the last to take part, delete the file, if it still has that path."},
    {"delete_if_last", (PyCFunction)mapping_delete_if_last, METH_NOARGS,
     "delete_if_last($self, /)\n--\n\nDo that now, while this process still uses it."},
    {"keep_file", (PyCFunction)mapping_keep_file, METH_NOARGS, "keep_file($self, /)\n--\n\nTake delete_last back."},
    {"leave", (PyCFunction)mapping_leave, METH_NOARGS,
     "leave($self, /)\n--\n\nGive the participant's row back. Whether nobody else has one; then nobody can take one as long as this has its tables."},
    {"take", (PyCFunction)mapping_take, METH_O | METH_CLASS,
     "take($type, other, /)\n--\n\nTake the memory, the kept descriptor, and the file to be deleted away from another mapping, which is empty then.\n"
     "The tables stay with the other."},
    {"join", (PyCFunction)mapping_join, METH_O, "join($self, tables, /)\n--\n\nDo to mapped memory whose descriptor was kept what map() does with tables."},
    {"forked", (PyCFunction)mapping_forked, METH_NOARGS,
     "forked($self, /)\n--\n\nWhether the process has forked since this was mapped: a child may have the memory too."},
    {"holds", (PyCFunction)mapping_holds, METH_VARARGS, "holds($self, offset, bytes, /)\n--\n\nWhether the memory has those bytes there."},
    {"store", mapping_store, METH_VARARGS, "store($self, offset, value, /)\n--\n\nSet the 64-bit word at a byte offset (release)."},
    {"load", mapping_load, METH_O, "load($self, offset, /)\n--\n\nThe 64-bit word at a byte offset (acquire)."},
    {"publish", mapping_publish, METH_O,
     "publish($self, offset, /)\n--\n\nAdd 1 to the word (release), wake all who wait on it, and return its new value."},
    {"wait", mapping_wait, METH_VARARGS,
     "wait($self, offset, since, timeout, stop=None, /)\n--\n\nSleep until the word is another than since and return it (acquire), or None\n"
     "after timeout nanoseconds; a negative timeout is none. Other threads run meanwhile. stop is called every\n"
     "second and ends the wait by a true value."},
    {"atomic", mapping_atomic, METH_VARARGS,
     "atomic($self, op, itemsize, offsets, first, second, out, /)\n--\n\nDo one of load, store, add and compare_and_swap (0 to 3) to each element of\n"
     "4 or 8 bytes at the offsets, int64 bytes from the mapping's start. first and second hold an operand for each, out\n"
     "is given the results: a byte each of compare_and_swap, else an element."},
    {NULL},
};

static PyMemberDef mapping_members[] = {
    {"size", T_PYSSIZET, offsetof(Mapping, size), READONLY, "Bytes of the file and of the memory."},
    {"writable", T_BOOL, offsetof(Mapping, writable), READONLY, "Whether the memory may be written."},
    {"dev", T_ULONGLONG, offsetof(Mapping, dev), READONLY, "The file's device, when it was opened."},
    {"ino", T_ULONGLONG, offsetof(Mapping, ino), READONLY, "Its inode."},
    {"mode", T_UINT, offsetof(Mapping, mode), READONLY, "Its type and permission bits."},
    {"nlink", T_UINT, offsetof(Mapping, nlink), READONLY, "Its hard links."},
    {"uid", T_UINT, offsetof(Mapping, uid), READONLY, "Its owner."},
    {"broken", T_INT, offsetof(Mapping, locks) + offsetof(sb_locks, broken), READONLY,
     "0, or for ever what was found once: EFAULT, a page is gone from the file, or EUCLEAN, the control block is overwritten."},
    {"row", T_INT, offsetof(Mapping, locks) + offsetof(sb_locks, row), READONLY, "This process's row among the participants; -1: none."},
    {"me", T_UINT, offsetof(Mapping, locks) + offsetof(sb_locks, me), READONLY,
     "This process's identity among them; 0: none, as after a fork until the first lock."},
    {NULL},
};

static PyType_Slot mapping_slots[] = {
    {Py_tp_doc, "Mapping(fd, size, writable, tables=None)\n--\n\nThe first size bytes of an open file, shared with all who map it. See map() for tables."},
    {Py_tp_new, mapping_new},
    {Py_tp_dealloc, mapping_dealloc},
    {Py_tp_methods, mapping_methods},
    {Py_tp_members, mapping_members},
    {Py_bf_getbuffer, mapping_getbuffer},
    {0, NULL},
};

PyType_Spec mapping_spec = {
    .name = "samebytes._core.Mapping",
    .basicsize = sizeof(Mapping),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = mapping_slots,
};
