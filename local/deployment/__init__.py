"""Deploys a stack on this machine: runs the Pulumi program, and creates its resources in moto.

`stack_config` reads the configuration, `program` runs the program. `stack` compares what it registers with
what exists, as the Pulumi engine does, and `resources` makes the calls of the AWS provider, as `deployer`.
`cloud` is the AWS account: moto, with `moto_corrections` where it differs from AWS, `trust_policy` for roles,
and `direct_calls` for calls of this process itself.
"""
