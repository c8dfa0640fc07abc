"""The AWS Lambda functions: the event processor and the token authorizer.

`processor` and `authorizer` are the entry points. Pure modules read and decide: `queue_message` and `events`
read a message, `event_identity` finds duplicates, `update_policy` decides on profile updates. `delivery/` and
`destinations/` record events, `tokens/` verifies tokens. `aws_calls` is the only module that uses botocore.
"""
