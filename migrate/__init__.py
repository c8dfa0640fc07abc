"""Moving away from Amazon Pinpoint: what its exports hold, as Customer Profiles takes it."""
