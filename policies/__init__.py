"""Least-privilege IAM policies for the people who work with a stack, as files with placeholders.

`operator.json` is for `python -m ops` and the `aws` commands of docs/operations.md. A placeholder is a stack
output in braces (`{log_group}`), or one of `{partition}`, `{region}`, `{account}`, `{queue}` and
`{dead_letter_queue}`. Fill it in for a stack and create the policy on AWS:

    pulumi stack output --json | .venv/bin/python -m policies operator > operator-policy.json
    aws iam create-policy --policy-name gtm-pixel-live-operator --policy-document file://operator-policy.json
"""
