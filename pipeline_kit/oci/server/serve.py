"""Running a registry: in the background for as long as a block lasts, or in the foreground until somebody ends it."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pipeline_kit.errors import Stopped
from pipeline_kit.oci.server import address as addresses
from pipeline_kit.oci.server.listener import Listener
from pipeline_kit.oci.server.store import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def serving(
    folder: Path,
    address: str = "127.0.0.1:0",
    *,
    allow_remote: bool = False,
    durable: bool = True,
    log: Callable[[str], None] = lambda _: None,
) -> Iterator[str]:
    """A registry over ``folder`` while the block lasts; the block gets its "host:port".

    ``durable`` says whether an answer waits until the disk has what it confirms; without, a power cut can lose it.
    ``log`` gets a line for each request, from any thread. Failure ``registry.*`` if it can't be served.
    """
    place = addresses.parse(address, allow_remote=allow_remote)
    with opened(folder, durable=durable) as store:
        listener = Listener(place, store, log)
        listener.start()
        try:
            yield str(listener.address)
        finally:
            listener.stop()


def serve(
    folder: Path,
    address: str,
    *,
    allow_remote: bool,
    durable: bool,
    announce: Callable[[str], None],
    log: Callable[[str], None],
) -> None:
    """Serve until Ctrl-C or SIGTERM, which is how it is meant to end; ``announce`` gets the "host:port" before."""
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        with (
            suppress(KeyboardInterrupt, Stopped),
            serving(folder, address, allow_remote=allow_remote, durable=durable, log=log) as place,
        ):
            announce(place)
            while True:
                time.sleep(0.5)  # a signal that comes just before a longer wait would be seen after it
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, _: object) -> None:
    raise Stopped(number)
