"""Ends a command's process group when the program that started it is gone, also after a SIGKILL.

It runs as a program of its own: ``keeper.py GROUP``, with a pipe as standard input whose other end the starting program
alone has. A byte in it says that the command has ended; the end of the pipe without one says that the program has.
"""

import os
import signal
import sys
import time


def keep(group: int) -> None:
    """Wait, and stop ``group`` if it is nobody's any more: the gentle signals first, on which builders clean up."""
    if os.read(0, 1):
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for _ in range(40):
            try:
                os.killpg(group, number if _ == 0 else 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)


if __name__ == "__main__":
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    keep(int(sys.argv[1]))
