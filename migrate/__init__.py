"""Moving away from Amazon Pinpoint: what its exports hold, as Customer Profiles takes it.

Imports nothing of the rest of the project.
"""
