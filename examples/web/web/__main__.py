"""Serve on port 8080 until told to stop."""

import os
import signal
import sys
import threading

from web.server import Server


def main() -> None:
    """Run the service; SIGTERM and SIGINT end it at once and cleanly."""
    server = Server(("", 8080), os.environ.get("SERVICE_VERSION", "unknown"))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stderr.write(f"web {server.version} serves on port 8080\n")
    server.serve_forever()
    server.server_close()


main()
