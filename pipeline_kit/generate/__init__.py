"""What follows from the options: schema, action, templates, reference. Generated, committed, and compared in a test.

``python -m pipeline_kit.generate`` writes them all.
"""
