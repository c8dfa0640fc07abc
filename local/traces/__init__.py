"""What went over each hop of every request: gateway, queue, function, destinations, profiles.

`store` keeps it, in memory and bounded. `recording` wraps the gateway, the functions, the queues and the
services, so that they write to it; none of them knows. `story` tells one request as JSON for `/traces`, with
`state`, `destination_hops` and `authorizer_decision` for its parts, and `faults` makes a destination fail on
purpose.
"""
