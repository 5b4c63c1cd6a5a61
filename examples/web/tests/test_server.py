"""The service over real HTTP."""

import json
import threading
import unittest
import urllib.error
import urllib.request

from web.server import Server


class ServerTest(unittest.TestCase):
    """Each test has a server of its own."""

    def setUp(self) -> None:
        """Serve on a free port."""
        self.server = Server(("127.0.0.1", 0), "1.2.3")
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)

    def ask(self, path: str, body: bytes | None = None) -> object:
        """The answer's JSON."""
        url = f"http://127.0.0.1:{self.server.server_port}{path}"
        with urllib.request.urlopen(url, data=body, timeout=5) as answer:
            return json.load(answer)

    def test_it_says_which_version_answers(self) -> None:
        self.assertEqual(self.ask("/"), {"service": "web", "version": "1.2.3"})

    def test_it_is_well(self) -> None:
        self.assertEqual(self.ask("/healthz"), {"status": "ok"})

    def test_a_note_that_was_left_can_be_read(self) -> None:
        self.ask("/notes", b"hello")
        self.assertEqual(self.ask("/notes"), {"notes": ["hello"]})

    def test_an_empty_note_is_refused(self) -> None:
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.ask("/notes", b"  ")
        self.assertEqual(refused.exception.code, 400)
        refused.exception.close()
