/* samebytes._core: what Python cannot do for itself, or not fast enough: files mapped into memory as objects that keep no
 * descriptor of the mapped file, atomic words in them on which processes sleep, and the locks of locks.c. No parsing and no
 * policy: what the bytes mean, and whether they can be trusted, is the caller's matter, and so is what an error is called.
 *
 * Ownership: a Mapping owns its memory and unmaps it when it is freed. Whatever looks into that memory holds a reference to
 * it, by the buffer protocol, as a method's object, or as a Lock's mapping: it is never unmapped under a living view or a
 * sleeping wait.
 *
 * Threads: all functions are called with the GIL held. What is in the kernel or waits gives it up, and touches no Python
 * object then.
 */
#include "core.h"

#include <stdlib.h>

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
    {"guard", core_guard, METH_O,
     "guard(prepare, /)\n--\n\nFrom now on pages that are gone from a mapped file become zeros, and Python's handler of SIGBUS runs then, which\n"
     "prepare, called once, may set. What that replaces stays the handler of all other faults."},
    {"faults", core_faults, METH_NOARGS, "faults()\n--\n\nHow many pages became zeros."},
    {"select", core_select, METH_VARARGS,
     "select(of, timeout, stop, /)\n--\n\nThe index of one of a tuple that is ready: a Port whose take would return at once, or a mapping, an offset and a\n"
     "value where the word is another. None when the timeout (ns; negative: none) has passed, or stop, a function or None, says so."},
    {NULL},
};

static int core_exec(PyObject *module)
{
    PyType_Spec *specs[] = {&mapping_spec, &lock_spec, &ring_spec, &stream_spec, &loan_spec, &port_spec};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        PyObject *type = PyType_FromModuleAndSpec(module, specs[i], NULL);
        if (!type)
            return -1;
        int failed = PyModule_AddType(module, (PyTypeObject *)type);
        Py_DECREF(type);
        if (failed)
            return failed;
    }
    /* Byte offsets in the control block. */
    static const struct {
        const char *name;
        long offset;
    } words[] = {
        {"PUBLISHED", SB_BLOCK_PUBLISHED}, {"DIRTY", SB_BLOCK_DIRTY}, {"IN_FLIGHT", SB_BLOCK_IN_FLIGHT},
        {"KEEPER", SB_BLOCK_KEEPER},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (PyModule_AddIntConstant(module, words[i].name, words[i].offset) < 0)
            return -1;
    }
    return 0;
}

static PyModuleDef_Slot core_slots[] = {
    {Py_mod_exec, core_exec},
    {0, NULL},
};

static struct PyModuleDef core_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "samebytes._core",
    .m_doc = "Mapped files, atomic words in them that processes sleep on, and locks.",
    .m_methods = core_methods,
    .m_slots = core_slots,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&core_module);
}
