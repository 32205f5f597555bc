"""Runs CPython's own tests of multiprocessing, from the interpreter's installation, with samebytes.mp in its place.

    python tests/cpython_multiprocessing.py fork|spawn|forkserver [unittest's arguments]

They are the tests of test._test_multiprocessing for the objects that samebytes.mp replaces and for queues and pools, in the flavour of
processes. None is left out. One check within three of them looks into the standard Condition's own semaphores, and is replaced by
the same question to this one. Exits with 0 if all that ran passed, 1 if not or if none ran, and 77 where the interpreter ships no tests.
"""

import importlib
import sys
import unittest

NO_TESTS = 77  # as automake calls a test that was skipped

if len(sys.argv) < 2:
    sys.exit(__doc__)
START_METHOD = sys.argv[1]  # in the children too

CLASSES = [
    "_TestLock",  # and RLock
    "_TestSemaphore",
    "_TestCondition",
    "_TestEvent",
    "_TestBarrier",
    "_TestValue",
    "_TestArray",
    "_TestSharedCTypes",
    "_TestQueue",
    "_TestPool",
    "_TestPoolWorkerErrors",
    "_TestPoolWorkerLifetime",
]

try:
    theirs = importlib.import_module("test._test_multiprocessing")
except ImportError as error:
    print(f"this interpreter ships no tests of multiprocessing: {error}", file=sys.stderr)
    sys.exit(NO_TESTS)

from samebytes import mp  # noqa: E402  # only where there are tests to run


def replace() -> None:
    """Has the tests use samebytes.mp: by the module's own names, and by what its mixin took from multiprocessing."""
    theirs.multiprocessing = mp
    theirs.Value, theirs.copy = mp.sharedctypes.Value, mp.sharedctypes.copy
    for name in set(mp.__all__) & vars(theirs.ProcessesMixin).keys():
        value = getattr(mp, name)
        setattr(theirs.ProcessesMixin, name, value if isinstance(value, type) else staticmethod(value))
    theirs._TestCondition.check_invariant = check_invariant


def check_invariant(self: unittest.TestCase, condition: mp.synchronize.Condition) -> None:
    """Asserts that nobody waits for a condition: theirs counts that in its semaphores."""
    with condition:
        self.assertRegex(repr(condition), r", 0\)>$")


def leave_out_others() -> None:
    """Takes away the tests of what samebytes.mp does not replace."""
    for name, value in list(vars(theirs).items()):
        if isinstance(value, type) and issubclass(value, theirs.BaseTestCase) and name not in [*CLASSES, "BaseTestCase"]:
            delattr(theirs, name)


replace()
leave_out_others()
theirs.install_tests_in_module_dict(globals(), START_METHOD, only_type="processes")  # as WithProcessesTestLock and so on


def main() -> int:
    program = unittest.main(argv=[sys.argv[0], *sys.argv[2:]], exit=False)
    result = program.result
    if result.testsRun == len(result.skipped):
        print("no test ran", file=sys.stderr)
        return 1
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
