"""The whole pixel: API, queue, token authorizer, and event processor with its destinations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.destinations import DestinationArgs
from components.domain import CustomDomain, CustomDomainArgs, DomainArgs
from components.event_processor import EventProcessor, EventProcessorArgs
from components.event_queue import EventQueue, EventQueueArgs
from components.first_deployment import same_as_at_first
from components.lambda_package import PackageArgs, build
from components.location import Location, current_location
from components.log_queries import Log
from components.monitoring import AlarmsArgs, Monitoring, MonitoringArgs
from components.openapi import gateway_response_headers
from components.pixel_api import MethodThrottle, PixelApi, PixelApiArgs
from components.safeguards import Safeguards
from components.stack_metrics import StackMetrics
from components.tls_policy import TlsPolicy
from components.token_authorizer import OidcArgs, TokenAuthorizer, TokenAuthorizerArgs
from components.web_acl import RULE, RateLimit, WebAcl, WebAclArgs
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource

_PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPixelArgs:
    """The arguments of a whole stack. Pulumi.yaml describes each setting."""

    # Project and stack at the first deployment, and the Region; None if only the AWS provider knows it.
    stack_name: str
    region: str | None

    # The authenticated scenario: whose tokens are accepted. None is the open scenario.
    oidc: OidcArgs | None

    # The URL that GTM calls.
    stage_name: str
    previous_stage_name: str | None
    allowed_origins: Sequence[str]
    throttling_rate_limit: int
    throttling_burst_limit: int
    method_throttles: Sequence[MethodThrottle]

    # A host name of one's own for that URL. None leaves API Gateway's own host name.
    domain: DomainArgs | None
    # Whether API Gateway's own host name answers, too.
    execute_api_endpoint: bool
    tls_policy: TlsPolicy

    # A limit for each IP address, the ARN of a web ACL that exists, or None.
    web_acl: RateLimit | str | None

    # The account's key, and the boundary of every role.
    safeguards: Safeguards

    # Where events are recorded (one or more destinations), and how a request becomes an event.
    destinations: Sequence[DestinationArgs]
    profile_updates: ProfileUpdates
    profile_attributes: Sequence[str]
    timestamp_source: TimestampSource
    ignored_endpoint_ids: Sequence[str]

    # How the event processor takes events off the queue.
    retry_hours: int
    max_receive_count: int
    batch_size: int
    batch_window_seconds: int
    maximum_concurrency: int
    function_timeout_seconds: int
    function_memory_mb: int

    # The published versions of the functions that are called; None is the newest.
    processor_version: int | None
    authorizer_version: int | None

    # Logs and traces.
    access_logs: bool
    log_retention_days: int
    tracing: bool

    # Alarms, or none; and whether to create a dashboard and saved log queries.
    alarms: AlarmsArgs | None
    dashboard: bool

    # Refuse to delete or replace the API and the queues.
    protect: bool

    @property
    def auth_mode(self) -> AuthMode:
        """The scenario."""
        return AuthMode.OPEN if self.oidc is None else AuthMode.AUTHENTICATED

    @property
    def allow_credentials(self) -> bool:
        """Whether scripts of the allowed origins may send cookies: one of these holds the token."""
        return self.oidc is not None and self.oidc.cookie is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The stack's parts, as far as it has them. The domain and the monitoring come on top."""

    queue: EventQueue
    authorizer: TokenAuthorizer | None
    processor: EventProcessor
    api: PixelApi
    web_acl: WebAcl | None


class EventPixel(pulumi.ComponentResource):
    """One URL that turns each GTM request into an event in every destination."""

    region: pulumi.Output[str]
    events_url: pulumi.Output[str]
    gtm_image_url: pulumi.Output[str]
    # Outputs of the domain, by name; empty without one.
    domain_outputs: Mapping[str, pulumi.Output[str]]
    queue_url: pulumi.Output[str]
    dead_letter_queue_url: pulumi.Output[str]
    function_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    # What operators' tools need to find the stack's parts.
    operator_outputs: Mapping[str, pulumi.Input[str]]

    # Outputs of the destinations, by name.
    destination_outputs: Mapping[str, pulumi.Input[Any]]

    def __init__(
        self,
        name: str,
        args: EventPixelArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        # Build all code before declaring anything: Pulumi creates what was declared before an error, which
        # could leave a public API without a processor (docs/adr/0018).
        services = {"sqs", *(destination.sdk_service for destination in args.destinations)}
        processor_archive = _archive("requirements.txt", services)
        authorizer_args = _authorizer_args(args)

        # Everything below waits for this check: children need their parent's URN.
        unchanged = same_as_at_first(name, args.stack_name, args.region)
        waiting = pulumi.ResourceOptions(depends_on=[unchanged])
        super().__init__(
            "gtm-pixel:index:EventPixel", name, None, pulumi.ResourceOptions.merge(opts, waiting)
        )
        child = pulumi.ResourceOptions(
            parent=self,
            # The children had no parent in earlier versions. A replaced REST API would have another URL.
            aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)],
        )
        location = current_location(self, unchanged)

        queue = self._create_queue(f"{name}-events", args, child)
        authorizer = None
        if authorizer_args is not None:
            authorizer = TokenAuthorizer(f"{name}-authorizer", authorizer_args, child)
        processor = self._create_processor(
            f"{name}-processor", args, location, queue, processor_archive, child
        )
        api = self._create_api(f"{name}-api", args, location, queue, authorizer, processor, child)
        web_acl = None
        if args.web_acl is not None:
            web_acl = self._create_web_acl(f"{name}-web-acl", args, args.web_acl, location, api, child)
        parts = _Parts(queue=queue, authorizer=authorizer, processor=processor, api=api, web_acl=web_acl)
        self.events_url, self.domain_outputs = api.events_url, {}
        if args.domain is not None:
            domain = self._create_domain(f"{name}-domain", args, args.domain, api, web_acl, child)
            self.events_url = domain.events_url
            self.domain_outputs = _domain_outputs(args, args.domain, domain, api)
        self.operator_outputs = _operator_outputs(args, parts)
        if args.alarms is not None or args.dashboard:
            # Without the alias: the monitoring never had another parent.
            own = pulumi.ResourceOptions(parent=self)
            monitoring = self._create_monitoring(f"{name}-monitoring", args, location, parts, own)
            self.operator_outputs = {**self.operator_outputs, **monitoring.outputs}

        self.region = pulumi.Output.from_input(location.region)
        # For a Custom Image tag: GTM fills in its variables. `endpoint_id` comes first, because filter lists
        # block queries that begin with some event names (docs/browsers.md).
        self.gtm_image_url = pulumi.Output.concat(
            self.events_url, "?endpoint_id={{endpoint_id}}&event={{Event}}"
        )
        self.queue_url = queue.queue_url
        self.dead_letter_queue_url = queue.dead_letter_queue_url
        self.function_name = processor.function_name
        self.log_group_name = processor.log_group_name
        self.destination_outputs = processor.destination_outputs
        self.register_outputs(
            {
                "region": self.region,
                "events_url": self.events_url,
                "gtm_image_url": self.gtm_image_url,
                "domain_outputs": self.domain_outputs,
                "queue_url": self.queue_url,
                "dead_letter_queue_url": self.dead_letter_queue_url,
                "function_name": self.function_name,
                "log_group_name": self.log_group_name,
                "destination_outputs": self.destination_outputs,
                "operator_outputs": self.operator_outputs,
            }
        )

    @staticmethod
    def _create_queue(name: str, args: EventPixelArgs, child: pulumi.ResourceOptions) -> EventQueue:
        return EventQueue(
            name,
            EventQueueArgs(
                consumer_timeout_seconds=args.function_timeout_seconds,
                batch_window_seconds=args.batch_window_seconds,
                max_receive_count=args.max_receive_count,
                protect=args.protect,
                safeguards=args.safeguards,
            ),
            child,
        )

    @staticmethod
    def _create_processor(
        name: str,
        args: EventPixelArgs,
        location: Location,
        queue: EventQueue,
        archive: Path,
        child: pulumi.ResourceOptions,
    ) -> EventProcessor:
        return EventProcessor(
            name,
            EventProcessorArgs(
                stack_name=args.stack_name,
                location=location,
                archive=archive,
                queue_arn=queue.queue_arn,
                queue_url=queue.queue_url,
                dead_letter_queue_arn=queue.dead_letter_queue_arn,
                dead_letter_queue_url=queue.dead_letter_queue_url,
                destinations=args.destinations,
                auth_mode=args.auth_mode,
                profile_updates=args.profile_updates,
                profile_attributes=args.profile_attributes,
                timestamp_source=args.timestamp_source,
                ignored_endpoint_ids=args.ignored_endpoint_ids,
                retry_hours=args.retry_hours,
                max_receive_count=args.max_receive_count,
                batch_size=args.batch_size,
                batch_window_seconds=args.batch_window_seconds,
                maximum_concurrency=args.maximum_concurrency,
                timeout_seconds=args.function_timeout_seconds,
                memory_mb=args.function_memory_mb,
                version=args.processor_version,
                log_retention_days=args.log_retention_days,
                tracing=args.tracing,
                safeguards=args.safeguards,
            ),
            child,
        )

    @staticmethod
    def _create_api(
        name: str,
        args: EventPixelArgs,
        location: Location,
        queue: EventQueue,
        authorizer: TokenAuthorizer | None,
        processor: EventProcessor,
        child: pulumi.ResourceOptions,
    ) -> PixelApi:
        return PixelApi(
            name,
            PixelApiArgs(
                location=location,
                queue_arn=queue.queue_arn,
                queue_name=queue.queue_name,
                authorizer=authorizer,
                stage_name=args.stage_name,
                previous_stage_name=args.previous_stage_name,
                allowed_origins=args.allowed_origins,
                allow_credentials=args.allow_credentials,
                execute_api_endpoint=args.execute_api_endpoint,
                tls_policy=args.tls_policy,
                domain_name=args.domain.name if args.domain else None,
                protect=args.protect,
                safeguards=args.safeguards,
                # The API comes last, so that every event finds a processor. It also goes first: while it is
                # protected, `pulumi destroy` keeps the queues and the processor.
                after=[queue, processor],
                throttling_rate_limit=args.throttling_rate_limit,
                throttling_burst_limit=args.throttling_burst_limit,
                method_throttles=args.method_throttles,
                access_log_retention_days=args.log_retention_days if args.access_logs else None,
            ),
            child,
        )

    @staticmethod
    def _create_web_acl(
        name: str,
        args: EventPixelArgs,
        rule: RateLimit | str,
        location: Location,
        api: PixelApi,
        child: pulumi.ResourceOptions,
    ) -> WebAcl:
        return WebAcl(
            name,
            WebAclArgs(
                stack_name=args.stack_name,
                rule=rule,
                region=location.region,
                stage_arns=api.stage_arns,
                response_headers=gateway_response_headers(
                    args.allowed_origins, allow_credentials=args.allow_credentials
                ),
            ),
            child,
        )

    @staticmethod
    def _create_domain(
        name: str,
        args: EventPixelArgs,
        domain: DomainArgs,
        api: PixelApi,
        web_acl: WebAcl | None,
        child: pulumi.ResourceOptions,
    ) -> CustomDomain:
        return CustomDomain(
            name,
            CustomDomainArgs(
                domain=domain,
                tls_policy=args.tls_policy,
                rest_api_id=api.rest_api_id,
                stage_name=api.stage_name,
                after=[api, web_acl] if web_acl else [api],
                protect=args.protect,
            ),
            child,
        )

    @staticmethod
    def _create_monitoring(
        name: str,
        args: EventPixelArgs,
        location: Location,
        parts: _Parts,
        child: pulumi.ResourceOptions,
    ) -> Monitoring:
        of_web_acl = parts.web_acl.alarms if parts.web_acl else ()
        return Monitoring(
            name,
            MonitoringArgs(
                location=location,
                metrics=_metrics(args.stack_name, parts),
                logs=_logs(parts),
                destinations=[destination.name for destination in args.destinations],
                service_alarms=[*parts.processor.destination_alarms, *of_web_acl],
                timeout_seconds=args.function_timeout_seconds,
                batch_window_seconds=args.batch_window_seconds,
                alarms=args.alarms,
                dashboard=args.dashboard,
                safeguards=args.safeguards,
            ),
            child,
        )


def _authorizer_args(args: EventPixelArgs) -> TokenAuthorizerArgs | None:
    """The authorizer with its code; none in the open scenario."""
    match args.oidc:
        case None:
            return None
        case OidcArgs() as oidc:
            return TokenAuthorizerArgs(
                stack_name=args.stack_name,
                archive=_archive("requirements-authorizer.txt", ()),
                oidc=oidc,
                version=args.authorizer_version,
                log_retention_days=args.log_retention_days,
                safeguards=args.safeguards,
            )


def _operator_outputs(args: EventPixelArgs, parts: _Parts) -> Mapping[str, pulumi.Input[str]]:
    outputs: dict[str, pulumi.Input[str]] = {
        "api_id": parts.api.rest_api_id,
        "api_name": parts.api.api_name,
        "stage_name": parts.api.stage_name,
        "event_source_id": parts.processor.event_source_id,
        "processor_version": parts.processor.version,
        "project_stack": args.stack_name,
    }
    if parts.api.previous_events_url is not None:
        outputs["previous_events_url"] = parts.api.previous_events_url
    if parts.web_acl is not None:
        outputs["web_acl_arn"] = parts.web_acl.web_acl_arn
    if isinstance(args.web_acl, RateLimit):
        outputs["web_acl_rule"] = RULE
    if parts.authorizer is not None:
        outputs["authorizer_function_name"] = parts.authorizer.function_name
        outputs["authorizer_log_group"] = parts.authorizer.log_group_name
        outputs["authorizer_version"] = parts.authorizer.version
    if args.safeguards.kms_key_arn is not None:
        outputs["kms_key_arn"] = args.safeguards.kms_key_arn
    return outputs


def _domain_outputs(
    args: EventPixelArgs, name: DomainArgs, domain: CustomDomain, api: PixelApi
) -> Mapping[str, pulumi.Output[str]]:
    """The URL that older tags call while it answers, and the DNS record to make unless the stack makes it."""
    outputs: dict[str, pulumi.Output[str]] = {}
    if args.execute_api_endpoint:
        outputs["execute_api_events_url"] = api.events_url
    if name.hosted_zone_id is None:
        outputs["domain_record"] = pulumi.Output.concat(name.name, " CNAME ", domain.target)
    return outputs


def _metrics(stack_name: str, parts: _Parts) -> StackMetrics:
    return StackMetrics(
        service=stack_name,
        api_name=parts.api.api_name,
        queue_name=parts.queue.queue_name,
        dead_letter_queue_name=parts.queue.dead_letter_queue_name,
        processor_name=parts.processor.function_name,
        authorizer_name=parts.authorizer.function_name if parts.authorizer else None,
    )


def _logs(parts: _Parts) -> Mapping[Log, pulumi.Input[str]]:
    of_authorizer = {Log.AUTHORIZER: parts.authorizer.log_group_name} if parts.authorizer else {}
    return {Log.PROCESSOR: parts.processor.log_group_name, **of_authorizer}


def _archive(requirements: str, services: Collection[str]) -> Path:
    """The code archive of handler/ and contract/, with these requirements and models of AWS services."""
    handler = _PROJECT / "handler"
    return build(
        PackageArgs(
            sources=[handler, _PROJECT / "contract"],
            requirements=handler / requirements,
            services=services,
            cache=_PROJECT / ".cache",
        )
    )
