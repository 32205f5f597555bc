/* What Stream, Loan and Port share. */
#ifndef SAMEBYTES_STREAM_OBJECTS_H
#define SAMEBYTES_STREAM_OBJECTS_H

#include "core.h"
#include "locks_internal.h"
#include "stream.h"

/* Errors beside those of locks.h, as _failed knows them. */
enum {
    CLOSED = ESHUTDOWN, /* the stream, or the reader */
    OVER = EPERM,       /* the loan: published, discarded, or the parent's of a forked child */
    NO_ROOM = ENOBUFS,  /* within the stream's patience, or in a lossy one */
};

typedef struct sb_loan loan;
typedef struct sb_reader reader;

typedef struct {
    PyObject_HEAD
    Mapping *mapping;
    sb_ring ring;
    int64_t patience; /* ns; 0: without end */
    uint32_t writer;  /* the port of this opening, or SB_NO_PORT */
    uint32_t me;      /* the participant whose that is */
    char closed;
    loan *loans;      /* all that are open */
    reader *readers;  /* all */
} Stream;

struct sb_loan {
    PyObject_HEAD
    Stream *stream;
    uint32_t slot, me;
    char open;
    loan *next, *previous;
};

struct sb_reader {
    PyObject_HEAD
    Stream *stream;
    sb_place place;
    uint32_t window;
    uint32_t *kept;  /* slots of the window's items, by their number modulo its length */
    char has_name, name[SB_GROUP_NAME]; /* of a group */
    char in_hand;    /* the item taken last is not released */
    char again;      /* it is the next one, too */
    uint64_t gap;    /* how many were missed just before it, */
    uint64_t told;   /* and up to it in all */
    char closed;
    reader *next, *previous;
};

/* An object of a type, and the end of one. */
void *stream_new_object(PyTypeObject *type);
void stream_free_object(void *object);

int is_stream(PyObject *object);

/* Raises what _failed makes of the error; of -1 what is raised already. Returns NULL. */
PyObject *stream_failed(Stream *self, int error);

/* Before the ring is touched: 0, an errno, or -1 with an exception. In a forked child the process takes part anew. */
int stream_begin(Stream *self);

/* Takes the latch: likewise. */
int stream_latch(Stream *self);
void stream_unlatch(Stream *self);

/* Whether a port or slot of that participant is this process's to give back. */
int stream_is_mine(Stream *self, uint32_t me);
int stream_is_broken(const Stream *self);

int64_t stream_deadline(long long timeout);
int64_t stream_earlier(int64_t a, int64_t b);

void stream_unlink_reader(reader *p);

int is_reader(PyObject *object);

/* Whether take would return at once: for select. *error is 0, an errno, or -1 with an exception. */
int reader_is_ready(reader *p, int *error);

/* Whether an object's type is that of objects which this function ends, or one made of it. */
int stream_is_type(PyObject *type, void *dealloc);

#endif
