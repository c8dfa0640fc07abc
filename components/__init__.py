"""The AWS resources of a stack, as Pulumi components. event_pixel.py composes the others.

openapi.py and profile_template.py are pure: they write the documents that API Gateway and CloudFormation get.
"""
