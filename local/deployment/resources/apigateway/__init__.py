"""Amazon API Gateway: REST APIs from OpenAPI documents, deployments and stages, and custom domain names.

One module for each of the three. `patching` and `security_policy` have what they share.
"""

from local.deployment.resources.apigateway import domain_names, rest_apis, stages

RESOURCES = {**rest_apis.RESOURCES, **stages.RESOURCES, **domain_names.RESOURCES}
