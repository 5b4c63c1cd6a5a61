"""Azure Pipelines on this machine: templates are expanded, and the script steps of what comes out are run.

``expansion.py`` reads a pipeline and its templates, ``run.py`` runs the result; the language in between is in
``yaml_tree.py``, ``values.py``, ``expressions.py``, ``functions.py`` and ``directives.py``.
"""
