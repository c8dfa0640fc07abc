"""The local run: the same program as `pulumi up`, on this machine, without an AWS account.

`python -m local` runs `__main__.py` against moto, serves the deployed API on loopback and feeds the
packaged handler from the queue. docs/fidelity.md says what it does not prove. It may run the program and
read its files; nothing of the program or the handler imports it.
"""
