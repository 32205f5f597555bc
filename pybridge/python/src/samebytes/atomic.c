/* Atomic operations on elements: one call for any number of them. */
#include "core.h"

/* As _atomic.py names them. */
enum { LOAD, STORE, ADD, COMPARE_AND_SWAP };

#define OPERATE(type)                                                                                                        \
    do {                                                                                                                     \
        const type *x = first->buf, *y = second->buf;                                                                        \
        type *results = out->buf;                                                                                            \
        for (Py_ssize_t i = 0; i < n; i++) {                                                                                 \
            _Atomic type *element = (_Atomic type *)(start + offsets[i]);                                                    \
            type expected;                                                                                                   \
            switch (op) {                                                                                                    \
            case LOAD:                                                                                                       \
                results[i] = atomic_load(element);                                                                           \
                break;                                                                                                       \
            case STORE:                                                                                                      \
                atomic_store(element, x[i]);                                                                                 \
                break;                                                                                                       \
            case ADD:                                                                                                        \
                results[i] = atomic_fetch_add(element, x[i]) + x[i];                                                         \
                break;                                                                                                       \
            case COMPARE_AND_SWAP:                                                                                           \
                expected = x[i];                                                                                             \
                ((char *)out->buf)[i] = atomic_compare_exchange_strong(element, &expected, y[i]);                            \
                break;                                                                                                       \
            }                                                                                                                \
        }                                                                                                                    \
    } while (0)

static void operate(int op, int itemsize, char *start, const int64_t *offsets, Py_ssize_t n, const Py_buffer *first,
                    const Py_buffer *second, const Py_buffer *out)
{
    if (itemsize == 4)
        OPERATE(uint32_t);
    else
        OPERATE(uint64_t);
}

/* Whether the elements lie in the mapping, aligned, and the operands have room: what memory safety needs. */
static int is_sound(const Mapping *m, int op, int itemsize, const Py_buffer *at, const Py_buffer *first, const Py_buffer *second,
                    const Py_buffer *out)
{
    Py_ssize_t n = at->len / (Py_ssize_t)sizeof(int64_t);
    const int64_t *offsets = at->buf;
    if (!m->start || (itemsize != 4 && itemsize != 8) || op < LOAD || op > COMPARE_AND_SWAP || (op != LOAD && !m->writable) ||
        at->len % (Py_ssize_t)sizeof(int64_t) != 0)
        return 0;
    if ((op != LOAD && first->len / itemsize < n) || (op == COMPARE_AND_SWAP && (second->len / itemsize < n || out->len < n)) ||
        ((op == LOAD || op == ADD) && out->len / itemsize < n))
        return 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (offsets[i] < 0 || offsets[i] > m->size - itemsize || offsets[i] % itemsize != 0)
            return 0;
    }
    return 1;
}

enum { MANY = 1000 }; /* operations: some 10 us, in which other threads may run */

PyObject *mapping_atomic(PyObject *self, PyObject *args)
{
    int op, itemsize;
    Py_buffer at, first, second, out;
    if (!PyArg_ParseTuple(args, "iiy*y*y*w*:atomic", &op, &itemsize, &at, &first, &second, &out))
        return NULL;
    Mapping *m = (Mapping *)self;
    Py_ssize_t n = at.len / (Py_ssize_t)sizeof(int64_t);
    int sound = is_sound(m, op, itemsize, &at, &first, &second, &out);
    if (m->locks.broken)
        ; /* as said below */
    else if (sound && n < MANY)
        operate(op, itemsize, m->start, at.buf, n, &first, &second, &out);
    else if (sound) {
        Py_BEGIN_ALLOW_THREADS
        operate(op, itemsize, m->start, at.buf, n, &first, &second, &out);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&at);
    PyBuffer_Release(&first);
    PyBuffer_Release(&second);
    PyBuffer_Release(&out);
    if (mapping_is_broken(m))
        return NULL;
    if (!sound) {
        PyErr_SetString(PyExc_ValueError, "expected aligned elements of the mapping and operands for each");
        return NULL;
    }
    Py_RETURN_NONE;
}
