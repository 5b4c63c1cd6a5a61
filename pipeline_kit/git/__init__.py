"""The repository's answers: one function, one question, a few big git calls.

Reads go through ``process.Runner``, which gives git no secret and costs a tenth of GitPython's import; writes
(``release.py``) go through GitPython. Both take their environment from here.
"""

from pipeline_kit.git.environment import safe_environment
from pipeline_kit.git.repository import Git

__all__ = ["Git", "safe_environment"]
