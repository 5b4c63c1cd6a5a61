"""Ask the service in this container whether it is well; for the image's HEALTHCHECK."""

import urllib.request

with urllib.request.urlopen("http://127.0.0.1:8080/healthz", timeout=2) as answer:
    answer.read()
