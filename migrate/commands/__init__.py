"""The commands of `python -m migrate`.

check_domain and endpoints declare their arguments; endpoints then runs preview (no calls to AWS) or send.
target, files, reading, progress and interrupts are what commands share.
"""
