"""Least-privilege IAM policies for the people who work with a stack, as files with placeholders.

`operator.json` is for `python -m ops` and the `aws` commands of docs/operations.md. A placeholder is a stack
output in braces (`{log_group}`), or one of `{partition}`, `{region}`, `{account}`, `{queue}` and
`{dead_letter_queue}`.

    pulumi stack output --json | .venv/bin/python -m policies operator > operator.json

`deployer.json`, `deployer-destinations.json` and `deployer-options.json` together are for `pulumi up`,
`refresh` and `destroy`, whatever the settings of the stack. They name resources by the project's name, and by
the settings that name what exists already.

    pulumi config --json | .venv/bin/python -m policies deployer --account 123456789012 > deployer.json

docs/deployment.md says how to create them on AWS.
"""
