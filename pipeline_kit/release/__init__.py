"""Making a release: the commit with its files, the tag, and one push that moves both or none.

Everything is made as objects of git that no ref names yet; the remote is asked first, and only when it has taken
commit and tag does anything change here. So a refusal, a lost race or a kill before that leaves this clone as it was,
and whatever happens after it is completed by the next run (``journal.py``).
"""
