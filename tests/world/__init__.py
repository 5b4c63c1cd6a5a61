"""The real parts that a user would have, started here: engine, base images, registry, scanner, CI runners.

Tests take them as fixtures (``tests/conftest.py``), the demo and the benchmarks as context managers.
"""
