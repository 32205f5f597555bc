"""Functions that fail as those of main.go beside it do: tests/conformance/calls.json has how."""

import os
import signal
import threading

import samebytes as sb

echo = lambda value: value  # noqa: E731
attach = sb.attach


def fails(text):
    raise ValueError(text)


def huge():
    return sb.create("huge", 1 << 50)


def strange():
    return threading.Lock()


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def exit(code):
    os._exit(code)


def wait():
    while True:
        signal.pause()
