"""The AWS provider of the local run: creates, changes and deletes resources in moto, and returns moto's
own outputs.

`provider` finds what serves a resource type: one module for each package of pulumi_aws, named after it;
`apigateway` is a package. A new AWS service is a new module here. `target` is where the modules create their
resources, and `declaration` is how they say which properties they take.
"""

from local.deployment.resources.declaration import Change, Created, Existing, Properties, ResourceError
from local.deployment.resources.provider import Resources

__all__ = ["Change", "Created", "Existing", "Properties", "ResourceError", "Resources"]
