"""The local run: the same program as `pulumi up`, on this machine, without an AWS account.

`run` starts and stops it, `python -m local` (`__main__`) does so from a terminal. `deployment/` runs the
Pulumi program and creates its resources in moto; `apigateway/` serves the deployed API; `functions/` polls
the queue and runs the deployed functions; `fakes/` are the services behind the destinations; `web/` is the
page. `traces/` follows each request from hop to hop; `recorder`, `queues` and `problems` say what happened so
far. `notes` says what is emulated, and `demo_users` signs users in.
docs/fidelity.md says what a local run does not prove. The program and the handler import nothing from here.
"""
