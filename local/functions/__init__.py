"""Runs the deployed Lambda functions, and feeds them from the queue.

`lambda_runtime` invokes a function and writes its log; `execution_environment` is the process that it runs
in, and `lambda_bootstrap` what that process runs. `task_roots` unpacks the archive, and `native_packages`
replaces its compiled packages. `event_source` polls the queue.
"""
