"""What is done when the process ends."""

import atexit
import sys
from collections.abc import Callable
from typing import Any

# After the threads of multiprocessing's queues have sent what they have (-5), and after children have ended.
_LAST = -100


def at_end(function: Callable[..., object], *args: Any) -> None:
    """Calls the function when the process ends, after what multiprocessing does then.

    Its children end by ``os._exit``, some releases of Python without calling what `atexit` knows, others before the queues' threads
    have sent what they have.
    """
    util = sys.modules.get("multiprocessing.util")
    if util:
        util.Finalize(None, function, args, exitpriority=_LAST)
    else:  # if it is loaded later, it ends earlier
        atexit.register(function, *args)
