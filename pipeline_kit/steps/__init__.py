"""The steps: one module each, with its options (click's) beside one plain typed function.

A value comes from a flag, else from ``PIPELINE_KIT_STEP_OPTION``, else from ``pipeline-kit.yml``, else it is the
default.
"""

ORDER = ("login", "version", "tag", "build", "scan", "push", "deploy")
# A step that runs when it is asked for, outside of the order: run --release asks for it.
BESIDE = ("bump",)
ALL = (*ORDER, *BESIDE)
