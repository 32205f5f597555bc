/* What the extension's files share. */
#ifndef SAMEBYTES_CORE_H
#define SAMEBYTES_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "locks.h"

/* Memory of a file, and the segment's tables in it. */
typedef struct {
    PyObject_HEAD
    char *start;          /* NULL before map() */
    Py_ssize_t size;      /* bytes of the file, and of the memory */
    int fd;               /* -1 once mapped, unless map_by kept it, and of what cannot be mapped */
    char writable;
    char has_locks;       /* locks is set */
    sb_locks locks;       /* of a plain file only `broken` is used */
    struct region *region; /* what the guard knows of the memory */
    char *temporary;      /* the file's path, if it goes with its last participant; else NULL */
    char alone;           /* leave() found no other participant */
    unsigned int forks;   /* how often the process had forked when this was mapped */
    /* The file's status, when it was opened. */
    unsigned long long dev, ino;
    unsigned int mode, nlink, uid;
} Mapping;

extern PyType_Spec mapping_spec, lock_spec, ring_spec, stream_spec, loan_spec, port_spec;

/* Whether the object is a Mapping, of whichever interpreter. */
int is_mapping(PyObject *object);

/* Makes the process a participant: 0, an errno, or -1 with what a signal's handler raised. */
int mapping_enter(Mapping *self);

/* Between two sleeps: looks at signals, and calls stop unless it is None. -1 with an exception, 1 if stop says to give up, else 0. */
int is_stopped(PyObject *stop);

/* Raises OSError if a page of the file is known to be gone, or the control block to be overwritten. */
int mapping_is_broken(Mapping *self);

/* Makes the memory known to the SIGBUS handler, which sets *broken to EFAULT. NULL, without memory for it, is unknown to it. */
struct region *guard_add(char *start, size_t size, int protection, atomic_int *broken);
void guard_remove(struct region *region);

/* The word at a byte offset; NULL with an exception. */
_Atomic uint64_t *mapping_word(Mapping *self, PyObject *offset);

/* Functions of the module. */
PyObject *core_guard(PyObject *module, PyObject *prepare);
PyObject *core_faults(PyObject *module, PyObject *unused);
PyObject *core_select(PyObject *module, PyObject *args);

/* Raises ValueError if nothing is mapped yet. */
int mapping_is_empty(Mapping *self);

/* Methods of a Mapping. */
PyObject *mapping_atomic(PyObject *self, PyObject *args);
PyObject *mapping_load(PyObject *self, PyObject *offset);
PyObject *mapping_store(PyObject *self, PyObject *args);
PyObject *mapping_publish(PyObject *self, PyObject *offset);
PyObject *mapping_wait(PyObject *self, PyObject *args);

#endif
