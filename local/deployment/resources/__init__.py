"""The AWS provider of the local run: creates each declared resource in moto and returns moto's own outputs.

`provider` finds what creates a resource type: one module for each package of pulumi_aws, named after it. A
new AWS service is a new module here. `target` is where the modules create their resources, and `declaration`
is how they say which properties they take.
"""

from local.deployment.resources.declaration import Created, Properties, ResourceError
from local.deployment.resources.provider import Resources
from local.deployment.resources.target import FunctionLogging

__all__ = ["Created", "FunctionLogging", "Properties", "ResourceError", "Resources"]
