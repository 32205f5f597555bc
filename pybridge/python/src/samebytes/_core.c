/* samebytes._core: what Python cannot do for itself, or not fast enough: files mapped into memory as objects that keep no
 * descriptor, and atomic 64-bit words in them on which processes sleep. No parsing and no policy: what the bytes mean, and
 * whether they can be trusted, is the caller's matter.
 *
 * Ownership: a Mapping owns its memory and unmaps it when it is freed. Whatever looks into that memory holds a reference to
 * it, by the buffer protocol or as a method's object: it is never unmapped under a living view or a sleeping wait.
 *
 * Threads: all functions are called with the GIL held. open() and wait() give it up while they are in the kernel, and touch
 * no Python object then.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h> /* PyMemberDef's types: in Python.h from 3.12 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low half of a word must be its first four bytes");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics must not hide a lock: other processes would not know it");

typedef struct {
    PyObject_HEAD
    char *start;          /* NULL before map() */
    Py_ssize_t size;      /* bytes of the file, and of the memory */
    int fd;               /* -1 once mapped, and of what cannot be mapped */
    char writable;
    /* The file's status, when it was opened. */
    unsigned long long dev, ino;
    unsigned int mode, nlink, uid;
} Mapping;

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
    if (self)
        self->fd = -1;
    return self;
}

static void *map(int fd, Py_ssize_t size, int writable)
{
    return mmap(NULL, (size_t)size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
}

static PyObject *mapping_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"fd", "size", "writable", NULL};
    int fd, writable;
    Py_ssize_t size;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "inp:Mapping", names, &fd, &size, &writable))
        return NULL;
    if (size <= 0)
        return PyErr_Format(PyExc_ValueError, "expected a positive size, found %zd", size);
    Mapping *self = mapping_alloc(type);
    if (!self)
        return NULL;
    struct stat st;
    void *start = fstat(fd, &st) < 0 ? MAP_FAILED : map(fd, size, writable);
    if (start == MAP_FAILED) {
        PyErr_SetFromErrno(PyExc_OSError);
        Py_DECREF(self);
        return NULL;
    }
    self->start = start;
    self->size = size;
    self->writable = writable;
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
        opened = Py_BuildValue("Oy#y#", self, head, nhead, tail, ntail);
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

static PyObject *mapping_map(Mapping *self, PyObject *unused)
{
    (void)unused;
    if (self->fd < 0) {
        PyErr_SetString(PyExc_ValueError, "expected an open file with bytes in it that is not mapped yet");
        return NULL;
    }
    void *start = map(self->fd, self->size, self->writable);
    if (start == MAP_FAILED)
        return PyErr_SetFromErrno(PyExc_OSError);
    self->start = start;
    mapping_close_file(self);
    Py_RETURN_NONE;
}

static void mapping_dealloc(Mapping *self)
{
    PyTypeObject *type = Py_TYPE(self);
    if (self->start)
        munmap(self->start, (size_t)self->size); /* fails only for what is no mapping */
    mapping_close_file(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type); /* an instance of a heap type holds a reference to it */
}

static int mapping_is_empty(Mapping *self)
{
    if (self->start)
        return 0;
    PyErr_SetString(PyExc_ValueError, "nothing is mapped");
    return 1;
}

static int mapping_getbuffer(Mapping *self, Py_buffer *view, int flags)
{
    if (mapping_is_empty(self)) {
        view->obj = NULL;
        return -1;
    }
    return PyBuffer_FillInfo(view, (PyObject *)self, self->start, self->size, !self->writable, flags);
}

/* The word at a byte offset; NULL with an exception when there is none, or it cannot be written. */
static _Atomic uint64_t *mapping_word(Mapping *self, PyObject *offset, int writing)
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
    /* Sound: aligned, since mappings begin on a page; within the mapping; and every process that touches the word does so
     * with atomic 64-bit operations, which are address-free where they are lock-free (C11 7.17.5). */
    return (_Atomic uint64_t *)(self->start + off);
}

static PyObject *mapping_load(Mapping *self, PyObject *offset)
{
    _Atomic uint64_t *word = mapping_word(self, offset, 0);
    return word ? PyLong_FromUnsignedLongLong(atomic_load_explicit(word, memory_order_acquire)) : NULL;
}

static PyObject *mapping_publish(Mapping *self, PyObject *offset)
{
    _Atomic uint64_t *word = mapping_word(self, offset, 1);
    if (!word)
        return NULL;
    uint64_t value = atomic_fetch_add(word, 1) + 1;
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); /* cannot fail: the page was just written */
    return PyLong_FromUnsignedLongLong(value);
}

/* How long a wait looks at its word before it sleeps, ns: a worker on another CPU has doubled a MiB by then. To wake a sleeper
 * there takes longer (on a virtual machine 15 to 40 us each way). Each look gives the CPU away, to whoever is waited for if it
 * wants to run on this one, so that nothing is lost where there is no other. Where strangers want it, one of them may keep it
 * for milliseconds, when a sleeper would be run at once: after a look that took as long as LOST, the next waits of the process
 * sleep at once. */
enum { PATIENCE = 50000, LOST = 200000, IMPATIENT_WAITS = 1000 };

static _Atomic int impatient; /* waits that are to sleep at once; threads that race for it only miscount a little */

#define SECOND INT64_C(1000000000) /* ns */

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

static int word_changes_soon(_Atomic uint64_t *word, uint64_t since, uint64_t *found)
{
    if (atomic_load_explicit(&impatient, memory_order_relaxed) > 0) {
        atomic_fetch_sub_explicit(&impatient, 1, memory_order_relaxed);
        return 0;
    }
    for (int64_t begin = now(), last = begin, time; last - begin < PATIENCE; last = time) {
        sched_yield();
        time = now();
        if (time - last > LOST)
            atomic_store_explicit(&impatient, IMPATIENT_WAITS, memory_order_relaxed);
        if ((*found = atomic_load_explicit(word, memory_order_acquire)) != since)
            return 1;
    }
    return 0;
}

/* Sleeps until the word is another than since (returns 0), the deadline (ns as now() counts) has passed
 * (ETIMEDOUT), a signal came (EINTR), or its page is gone from the file (EFAULT). The kernel compares the word's low half
 * under the lock that a wake takes, so a publication between our look and the sleep is not missed.
 *
 * When the file is cut under a sleeper, nobody can wake it: the word is no address any more. So every sleep ends after a
 * second, for EINTR too (the timer costs 0.6 us), and in the next one the kernel finds the page gone. */
static int word_wait(_Atomic uint64_t *word, uint64_t since, int64_t deadline, uint64_t *found)
{
    for (;;) {
        int64_t tick = now() + SECOND;
        int64_t end = tick < deadline ? tick : deadline;
        struct timespec until = {end / SECOND, end % SECOND};
        if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, (uint32_t)since, &until, NULL, FUTEX_BITSET_MATCH_ANY) < 0 && errno != EAGAIN)
            return errno == ETIMEDOUT && end < deadline ? EINTR : errno;
        if ((*found = atomic_load_explicit(word, memory_order_acquire)) != since)
            return 0;
    }
}

static PyObject *mapping_wait(Mapping *self, PyObject *args)
{
    PyObject *offset, *seen;
    long long timeout; /* nanoseconds; negative for none */
    if (!PyArg_ParseTuple(args, "OOL:wait", &offset, &seen, &timeout))
        return NULL;
    PyObject *index = PyNumber_Index(seen);
    if (!index)
        return NULL;
    uint64_t since = PyLong_AsUnsignedLongLong(index);
    Py_DECREF(index);
    if (PyErr_Occurred())
        return NULL;
    _Atomic uint64_t *word = mapping_word(self, offset, 0);
    if (!word)
        return NULL;
    int64_t start = now();
    int64_t deadline = timeout < 0 || timeout > INT64_MAX - start ? INT64_MAX : start + timeout;
    uint64_t found = atomic_load_explicit(word, memory_order_acquire);
    if (found != since)
        return PyLong_FromUnsignedLongLong(found);
    int error = EINTR;
    Py_BEGIN_ALLOW_THREADS
    if (timeout != 0 && word_changes_soon(word, since, &found))
        error = 0;
    Py_END_ALLOW_THREADS
    /* Before every sleep: the interpreter only notes a signal, and one that came since the last look would be slept over. One
     * that comes between this look and the sleep waits for the second's end. */
    while (error == EINTR && PyErr_CheckSignals() == 0) {
        Py_BEGIN_ALLOW_THREADS
        error = word_wait(word, since, deadline, &found);
        Py_END_ALLOW_THREADS
    }
    if (error == 0)
        return PyLong_FromUnsignedLongLong(found);
    if (error == ETIMEDOUT)
        Py_RETURN_NONE;
    if (error == EINTR)
        return NULL; /* what the signal's handler raised */
    errno = error;
    return PyErr_SetFromErrno(PyExc_OSError);
}

static PyMethodDef mapping_methods[] = {
    {"open", (PyCFunction)mapping_open, METH_VARARGS | METH_CLASS,
     "open(path, flags, nhead, ntail, /)\n--\n\nOpen a file, for writing if flags have O_RDWR. Returns a mapping without memory yet,\n"
     "and up to nhead bytes of the file's beginning and ntail of its end, of a regular file."},
    {"map", (PyCFunction)mapping_map, METH_NOARGS,
     "map()\n--\n\nMap all of an opened file, and close its descriptor."},
    {"load", (PyCFunction)mapping_load, METH_O, "load(offset, /)\n--\n\nThe 64-bit word at a byte offset (acquire)."},
    {"publish", (PyCFunction)mapping_publish, METH_O,
     "publish(offset, /)\n--\n\nAdd 1 to the word (release), wake all who wait on it, and return its new value."},
    {"wait", (PyCFunction)mapping_wait, METH_VARARGS,
     "wait(offset, since, timeout, /)\n--\n\nSleep until the word is another than since and return it (acquire), or None\n"
     "after timeout nanoseconds; a negative timeout is none. Other threads run meanwhile."},
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
    {NULL},
};

static PyType_Slot mapping_slots[] = {
    {Py_tp_doc, "Mapping(fd, size, writable)\n--\n\nThe first size bytes of an open file, shared with all who map it."},
    {Py_tp_new, mapping_new},
    {Py_tp_dealloc, mapping_dealloc},
    {Py_tp_methods, mapping_methods},
    {Py_tp_members, mapping_members},
    {Py_bf_getbuffer, mapping_getbuffer},
    {0, NULL},
};

static PyType_Spec mapping_spec = {
    .name = "samebytes._core.Mapping",
    .basicsize = sizeof(Mapping),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = mapping_slots,
};

static PyObject *core_getenv(PyObject *module, PyObject *name)
{
    (void)module;
    PyObject *key;
    if (!PyUnicode_FSConverter(name, &key))
        return NULL;
    const char *value = getenv(PyBytes_AsString(key)); /* os.environ puts what it is given there, too */
    Py_DECREF(key);
    if (!value)
        Py_RETURN_NONE;
    return PyUnicode_DecodeFSDefault(value);
}

static PyMethodDef core_methods[] = {
    {"getenv", core_getenv, METH_O, "getenv(name, /)\n--\n\nA variable of the environment, or None."},
    {NULL},
};

static int core_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &mapping_spec, NULL);
    if (!type)
        return -1;
    int failed = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return failed;
}

static PyModuleDef_Slot core_slots[] = {
    {Py_mod_exec, core_exec},
    {0, NULL},
};

static struct PyModuleDef core_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "samebytes._core",
    .m_doc = "Mapped files, and atomic words in them that processes sleep on.",
    .m_methods = core_methods,
    .m_slots = core_slots,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&core_module);
}
