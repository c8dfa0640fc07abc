"""The AWS resources of a stack, as Pulumi components.

The modules:

    event_pixel.py       composes the others
    pixel_api.py         API Gateway, which puts each request on the queue (openapi.py writes its document)
    token_authorizer.py  verifies tokens in the authenticated scenario
    event_queue.py       the queue and its dead-letter queue
    event_processor.py   records events in the destinations
    destinations/        a module for each destination; profile_template.py is for Customer Profiles
    lambda_function.py service_role.py iam.py location.py   shared by several of them
    lambda_package.py    builds the code archives

openapi.py and profile_template.py are pure.
"""
