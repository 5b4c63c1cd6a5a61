"""The repository's answers: one function, one question, a few big git calls.

All of them go through ``process.Runner``, which gives git, ssh and gpg no secret; ``release/`` writes through it, too.
"""

from pipeline_kit.git.environment import safe_environment
from pipeline_kit.git.repository import Git

__all__ = ["Git", "safe_environment"]
