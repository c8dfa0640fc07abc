"""gtm-pixel on AWS: settings → components → outputs. Declares no resource itself."""

# First: refuses a Python in which the rest may not even parse.
from bootstrap import python_version  # noqa: F401  # pyright: ignore[reportUnusedImport]

# isort: split
from pathlib import Path

import pulumi

import settings
from bootstrap import prerequisites
from components.event_processor import EventProcessor, EventProcessorArgs
from components.event_queue import EventQueue, EventQueueArgs
from components.lambda_package import PackageArgs, build
from components.location import current_location
from components.pixel_api import PixelApi, PixelApiArgs
from components.token_authorizer import TokenAuthorizer, TokenAuthorizerArgs

project = Path(__file__).parent
name = pulumi.get_project()

prerequisites.check(pulumi.get_project())
stack = settings.load(pulumi.Config())


def archive(requirements: str, services: set[str]) -> Path:
    """The handler's code with these requirements and the models of these AWS services."""
    handler = project / "handler"
    return build(
        PackageArgs(
            sources=[handler, project / "contract"],
            requirements=handler / requirements,
            services=services,
            cache=project / ".cache",
        )
    )


# All code is built before the first resource is declared: what is declared before an error is created, and an
# API that takes events for a processor that was never deployed would be public.
processor_archive = archive(
    "requirements.txt", {"sqs", *(destination.sdk_service for destination in stack.destinations)}
)
authorizer_archive = archive("requirements-authorizer.txt", set()) if stack.oidc else None

location = current_location()
queue = EventQueue(
    f"{name}-events",
    EventQueueArgs(
        consumer_timeout_seconds=stack.function_timeout_seconds,
        batch_window_seconds=stack.batch_window_seconds,
        max_receive_count=stack.max_receive_count,
        protect=stack.protect,
    ),
)

authorizer = None
if stack.oidc and authorizer_archive:
    authorizer = TokenAuthorizer(
        f"{name}-authorizer",
        TokenAuthorizerArgs(
            archive=authorizer_archive,
            oidc=stack.oidc,
            log_retention_days=stack.log_retention_days,
        ),
    )

processor = EventProcessor(
    f"{name}-processor",
    EventProcessorArgs(
        location=location,
        archive=processor_archive,
        queue_arn=queue.queue_arn,
        queue_url=queue.queue_url,
        dead_letter_queue_arn=queue.dead_letter_queue_arn,
        dead_letter_queue_url=queue.dead_letter_queue_url,
        destinations=stack.destinations,
        auth_mode=stack.auth_mode,
        profile_updates=stack.profile_updates,
        profile_attributes=stack.profile_attributes,
        timestamp_source=stack.timestamp_source,
        ignored_endpoint_ids=stack.ignored_endpoint_ids,
        retry_hours=stack.retry_hours,
        max_receive_count=stack.max_receive_count,
        batch_size=stack.batch_size,
        batch_window_seconds=stack.batch_window_seconds,
        maximum_concurrency=stack.maximum_concurrency,
        timeout_seconds=stack.function_timeout_seconds,
        memory_mb=stack.function_memory_mb,
        log_retention_days=stack.log_retention_days,
        tracing=stack.tracing,
    ),
)

api = PixelApi(
    f"{name}-api",
    PixelApiArgs(
        location=location,
        queue_arn=queue.queue_arn,
        queue_name=queue.queue_name,
        authorizer=authorizer,
        stage_name=stack.stage_name,
        allowed_origins=stack.allowed_origins,
        allow_credentials=stack.oidc is not None and stack.oidc.cookie is not None,
        protect=stack.protect,
        # Nobody can send events before something takes them; and while the API is protected, pulumi destroy
        # leaves what it depends on.
        after=[queue, processor],
        throttling_rate_limit=stack.throttling_rate_limit,
        throttling_burst_limit=stack.throttling_burst_limit,
        access_log_retention_days=stack.log_retention_days if stack.access_logs else None,
    ),
)

pulumi.export("events_url", api.events_url)
# Ready to paste into a Custom Image tag: GTM fills in its variables. The endpoint comes first, because filter
# lists block queries that begin with some events' names (docs/gtm.md).
pulumi.export(
    "gtm_image_url",
    pulumi.Output.concat(api.events_url, "?endpoint_id={{endpoint_id}}&event={{Event}}"),
)
pulumi.export("region", location.region)
pulumi.export("queue_url", queue.queue_url)
pulumi.export("dead_letter_queue_url", queue.dead_letter_queue_url)
pulumi.export("function_name", processor.function_name)
pulumi.export("log_group", processor.log_group_name)
pulumi.export("auth_mode", stack.auth_mode.value)
pulumi.export("destinations", [destination.name for destination in stack.destinations])
for output, value in processor.destination_outputs.items():
    pulumi.export(output, value)
