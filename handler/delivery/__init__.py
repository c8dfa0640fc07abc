"""Delivery, shared by all destinations: requests, retries, rates, and the outcome of each message.

On the way to a service: `batching` fills requests, `sending` sends and repeats them within `rate_limiter`'s
rate, `splitting` halves refused ones, `entry_results` and `failures` read the outcome.

For a message: `settlement` decides between done, copy and dead letter, `retry_schedule` when a copy returns,
`resting` spares a destination that takes nothing.
"""
