/* SIGBUS: what touching a page is that is gone from its file. A handler puts a page of zeros in its place, for this process alone, marks
 * the mapping broken, and has Python's own handler run as soon as it may. Faults elsewhere are the handler's that was there before.
 *
 * The handler may run at any instruction of any thread, so what it reads is a table of regions without a lock. Regions are
 * used again but never freed, and `start`, which makes one valid, is stored last. */
#define _GNU_SOURCE
#include "core.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct region {
    _Atomic uintptr_t start, end; /* start is 0: free */
    atomic_int *broken;
    int protection;
};

enum { REGIONS = 64 };

struct chunk {
    struct region regions[REGIONS];
    struct chunk *_Atomic next;
};

static struct chunk first;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* for who adds; held for no system call */

struct region *guard_add(char *start, size_t size, int protection, atomic_int *broken)
{
    struct region *found = NULL;
    pthread_mutex_lock(&mutex);
    for (struct chunk *c = &first; !found;) {
        for (int i = 0; i < REGIONS && !found; i++) {
            if (!c->regions[i].start)
                found = &c->regions[i];
        }
        if (!c->next)
            c->next = calloc(1, sizeof *c);
        if (!(c = c->next))
            break;
    }
    if (found) {
        found->end = (uintptr_t)start + size;
        found->broken = broken;
        found->protection = protection;
        found->start = (uintptr_t)start;
    }
    pthread_mutex_unlock(&mutex);
    return found;
}

void guard_remove(struct region *region)
{
    if (region)
        region->start = 0;
}

static struct sigaction previous;
static uintptr_t page_size;
static _Atomic unsigned long faults;
static int is_on;

/* Whether the address is in a mapping, whose page there is zeros now. */
static int mend(uintptr_t address)
{
    for (struct chunk *c = &first; c; c = c->next) {
        for (int i = 0; i < REGIONS; i++) {
            struct region *r = &c->regions[i];
            uintptr_t start = r->start, end = r->end;
            if (!start || address < start || address >= end || r->start != start)
                continue;
            /* Sound: the region's mapping is alive, since somebody touches it, and this replaces a page of it that is lost. */
            void *page = mmap((void *)(address & ~(page_size - 1)), page_size, r->protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            if (page == MAP_FAILED)
                return 0;
            atomic_store(r->broken, EFAULT);
            return 1;
        }
    }
    return 0;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    int error = errno;
    if (info->si_code == BUS_ADRERR && mend((uintptr_t)info->si_addr)) {
        faults++;
        PyErr_SetInterruptEx(SIGBUS); /* as its documentation allows in a handler */
        errno = error;
        return;
    }
    errno = error;
    if (previous.sa_flags & SA_SIGINFO)
        previous.sa_sigaction(number, info, context);
    else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
        previous.sa_handler(number);
    else if (info->si_code > 0) /* a fault, which is repeated, and that ends the process */
        signal(number, SIG_DFL);
    else if (previous.sa_handler == SIG_DFL) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

PyObject *core_guard(PyObject *module, PyObject *prepare)
{
    (void)module;
    if (is_on)
        Py_RETURN_NONE;
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction before, ours = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&ours.sa_mask);
    if (sigaction(SIGBUS, NULL, &before) < 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    PyObject *done = PyObject_CallNoArgs(prepare);
    if (!done)
        return NULL;
    Py_DECREF(done);
    previous = before; /* not what `prepare` put there, which only notes that a signal came: a fault would be repeated for ever */
    if (sigaction(SIGBUS, &ours, NULL) < 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    is_on = 1;
    Py_RETURN_NONE;
}

PyObject *core_faults(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyLong_FromUnsignedLong(faults);
}
