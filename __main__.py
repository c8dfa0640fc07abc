"""gtm-pixel on AWS: settings → EventPixel → stack outputs."""

# First: refuses a Python version in which the rest may not even parse.
from bootstrap import python_version  # noqa: F401  # pyright: ignore[reportUnusedImport]

# isort: split
import pulumi

import settings
from bootstrap import prerequisites
from components.event_pixel import EventPixel

name = pulumi.get_project()
prerequisites.check(name)
stack = settings.load()
pixel = EventPixel(name, stack)

pulumi.export("events_url", pixel.events_url)
pulumi.export("gtm_image_url", pixel.gtm_image_url)
for output, value in pixel.domain_outputs.items():
    pulumi.export(output, value)
pulumi.export("region", pixel.region)
pulumi.export("queue_url", pixel.queue_url)
pulumi.export("dead_letter_queue_url", pixel.dead_letter_queue_url)
pulumi.export("function_name", pixel.function_name)
pulumi.export("log_group", pixel.log_group_name)
pulumi.export("auth_mode", stack.auth_mode.value)
pulumi.export("timestamp_source", stack.timestamp_source.value)
pulumi.export("profile_updates", stack.profile_updates.value)
pulumi.export("profile_attributes", list(stack.profile_attributes))
pulumi.export("destinations", [destination.name for destination in stack.destinations])
for output, value in {**pixel.destination_outputs, **pixel.operator_outputs}.items():
    pulumi.export(output, value)
