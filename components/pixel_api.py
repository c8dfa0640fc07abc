"""The HTTP endpoint that GTM calls: API Gateway puts each request on the queue, without code in between.

A Regional REST API, because only REST APIs map a request to SQS by template (docs/adr/0001).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

from components.iam import allow
from components.location import Location
from components.openapi import api_document
from components.safeguards import NO_SAFEGUARDS, Safeguards
from components.service_role import create_service_role
from components.tls_policy import TlsPolicy
from components.token_authorizer import TokenAuthorizer
from contract.filter_lists import SOURCE, SOURCE_DATE, RequestKind, blocking_rule
from contract.url import PATH

ACCESS_LOG_FORMAT = json.dumps(
    {
        "extendedRequestId": "$context.extendedRequestId",
        "requestTimeEpoch": "$context.requestTimeEpoch",
        "httpMethod": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "responseLatency": "$context.responseLatency",
        "integrationStatus": "$context.integrationStatus",
        "errorType": "$context.error.responseType",
    }
)
"""An access log line. It has no query (`resourcePath` is the path alone), header or IP address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodThrottle:
    """The limits of one method."""

    # GET, POST or OPTIONS.
    method: str

    # Requests per second on average, and at once; 0 refuses all.
    rate_limit: int
    burst_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelApiArgs:
    location: Location

    # The queue that takes the events.
    queue_arn: pulumi.Input[str]
    queue_name: pulumi.Input[str]

    # The first segment of the URL's path.
    stage_name: str

    # The former one, which goes on.
    previous_stage_name: str | None = None

    # None is the open scenario.
    authorizer: TokenAuthorizer | None = None

    # CORS: empty, ["*"], or origins such as https://www.example.com.
    allowed_origins: Sequence[str] = ()

    # Whether scripts of listed origins may send cookies (one may carry the token) and read the response.
    allow_credentials: bool = False

    # Requests per second on average, and at once.
    throttling_rate_limit: int
    throttling_burst_limit: int

    # Whether API Gateway's own host name answers. If not, only a custom domain leads to the API.
    execute_api_endpoint: bool = True

    # The TLS versions and ciphers of that host. API Gateway applies those of the API to custom domains, too.
    tls_policy: TlsPolicy = TlsPolicy.TLS_1_2

    # The custom domain whose host tags call, if there is one.
    domain_name: str | None = None

    # Limits of single methods, in place of those of the stage.
    method_throttles: Sequence[MethodThrottle] = ()

    # Refuse to delete or replace the API, because a new one has another URL.
    protect: bool = False

    # Resources to create before the API, and to delete after it.
    after: Sequence[pulumi.Resource] = ()

    safeguards: Safeguards = NO_SAFEGUARDS

    # Days to keep access logs; None writes none. They need the account's API Gateway role.
    access_log_retention_days: int | None = None


class PixelApi(pulumi.ComponentResource):
    """`GET` or `POST /{stage}/events`: 200 and an image once the event is in the queue, never otherwise."""

    rest_api_id: pulumi.Output[str]
    api_name: pulumi.Output[str]
    stage_name: pulumi.Output[str]

    # By name, the oldest stage first.
    stage_arns: Mapping[str, pulumi.Output[str]]

    # The URL with API Gateway's own host name, and that of the previous stage.
    events_url: pulumi.Output[str]
    previous_events_url: pulumi.Output[str] | None

    def __init__(self, name: str, args: PixelApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("gtm-pixel:index:PixelApi", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._warn_of_filter_lists(args)

        sender = create_service_role(
            name,
            "apigateway.amazonaws.com",
            [
                allow("SendEvents", ["sqs:SendMessage"], args.queue_arn),
                *args.safeguards.use_key("sqs", args.location),
            ],
            child,
            description="Lets API Gateway put events on the queue",
            safeguards=args.safeguards,
            policy_name="send-message",
        )
        body = self._openapi_body(args, sender.role.arn)
        api = aws.apigateway.RestApi(
            name,
            body=body,
            endpoint_configuration={"types": "REGIONAL"},
            # An explicit value, because the provider keeps the former one if there is none.
            disable_execute_api_endpoint=not args.execute_api_endpoint,
            **_security_policy(args.tls_policy),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=args.after),
        )
        before_stage: list[pulumi.Resource] = [sender.policy]
        if args.authorizer is not None:
            before_stage.append(self._permit_authorizer(name, api, args.authorizer, child))
        deployment = aws.apigateway.Deployment(
            f"{name}-deployment",
            rest_api=api.id,
            triggers=self._triggers(args, body),
            opts=child,
        )
        access_logs = self._access_logs(name, args, child)

        def create_stage(stage_name: str) -> aws.apigateway.Stage:
            stage = aws.apigateway.Stage(
                f"{name}-stage-{stage_name}",
                rest_api=api.id,
                deployment=deployment.id,
                stage_name=stage_name,
                access_log_settings=access_logs,
                opts=self._formerly(f"{name}-stage", stage_name, args, before_stage),
            )
            self._throttle(name, args, stage, stage_name)
            return stage

        stage = create_stage(args.stage_name)
        previous = create_stage(args.previous_stage_name) if args.previous_stage_name else None

        self.rest_api_id = api.id
        self.api_name = api.name
        self.stage_name = stage.stage_name
        self.stage_arns = {args.stage_name: stage.arn}
        if previous is not None and args.previous_stage_name:
            self.stage_arns = {args.previous_stage_name: previous.arn, **self.stage_arns}
        self.events_url = pulumi.Output.concat(stage.invoke_url, PATH)
        self.previous_events_url = pulumi.Output.concat(previous.invoke_url, PATH) if previous else None
        self.register_outputs(
            {
                "rest_api_id": self.rest_api_id,
                "api_name": self.api_name,
                "stage_name": self.stage_name,
                "stage_arns": self.stage_arns,
                "events_url": self.events_url,
            }
        )

    def _formerly(
        self, old_name: str, stage_name: str, args: PixelApiArgs, depends_on: Sequence[pulumi.Resource]
    ) -> pulumi.ResourceOptions:
        """Options of a resource of a stage. The first stage's were named without it in earlier versions."""
        is_first = stage_name == (args.previous_stage_name or args.stage_name)
        aliases = [pulumi.Alias(name=old_name)] if is_first else None
        return pulumi.ResourceOptions(parent=self, aliases=aliases, depends_on=depends_on)

    def _throttle(self, name: str, args: PixelApiArgs, stage: aws.apigateway.Stage, stage_name: str) -> None:
        """Limit each method as the stage says, or as it says for this method."""
        limits = {"*/*": (args.throttling_rate_limit, args.throttling_burst_limit)} | {
            f"{PATH.lstrip('/')}/{one.method}": (one.rate_limit, one.burst_limit)
            for one in args.method_throttles
        }
        previous: list[pulumi.Resource] = []
        for method_path, (rate_limit, burst_limit) in limits.items():
            method = "" if method_path == "*/*" else f"-{method_path.rpartition('/')[2].lower()}"
            old_name = f"{name}-throttling{method}"
            settings = aws.apigateway.MethodSettings(
                f"{name}-throttling-{stage_name}{method}",
                rest_api=stage.rest_api,
                stage_name=stage.stage_name,
                method_path=method_path,
                settings={
                    "throttling_rate_limit": rate_limit,
                    "throttling_burst_limit": burst_limit,
                    # Metrics by method cost about $0.30 each a month. Alarms and dashboard read the API's,
                    # which are free.
                    "metrics_enabled": False,
                },
                # One change of a stage at a time.
                opts=self._formerly(old_name, stage_name, args, previous),
            )
            previous = [settings]

    @staticmethod
    def _triggers(args: PixelApiArgs, body: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
        """What needs a new deployment. It is a snapshot, so a changed document does."""
        triggers: dict[str, pulumi.Input[str]] = {
            "openapi": body.apply(lambda document: hashlib.sha256(document.encode()).hexdigest())
        }
        # Switching the API's own host name off or on takes effect with the next deployment ("Disable the
        # default endpoint for REST APIs").
        if not args.execute_api_endpoint:
            triggers["execute_api_endpoint"] = "off"
        # So does another TLS policy ("How to change a security policy").
        if _security_policy(args.tls_policy):
            triggers["tls_policy"] = args.tls_policy.value
        return triggers

    def _warn_of_filter_lists(self, args: PixelApiArgs) -> None:
        """Warn if ad blockers would block every event because of the stage's or the domain's name."""
        if args.domain_name is None:
            base = f"https://api-id.execute-api.region.amazonaws.com/{args.stage_name}"
            where, example = f"stageName: {args.stage_name!r}", "v1"
        else:
            base = f"https://{args.domain_name}"
            where, example = f"domainName: {args.domain_name!r}", "events.example.com"
        url = f"{base}{PATH}?endpoint_id=e1&event=e"
        # Not BEACON: any sendBeacon to another site is blocked, whatever the stage's name.
        for kind in (RequestKind.IMAGE, RequestKind.FETCH):
            if rule := blocking_rule(url, kind):
                pulumi.log.warn(
                    f"{where} makes ad blockers block the URL that GTM calls "
                    f"({SOURCE} of {SOURCE_DATE}: {rule}). Set another name, such as {example}.",
                    resource=self,
                )
                return

    @staticmethod
    def _openapi_body(args: PixelApiArgs, role_arn: pulumi.Output[str]) -> pulumi.Output[str]:
        location = args.location
        arns: pulumi.Output[dict[str, Any]] = pulumi.Output.all(
            queue_integration_uri=pulumi.Output.concat(
                *("arn:", location.partition, ":apigateway:", location.region),
                *(":sqs:path/", location.account_id, "/", args.queue_name),
            ),
            integration_role_arn=role_arn,
            authorizer_uri=args.authorizer.invoke_arn if args.authorizer else None,
        )
        title = pulumi.get_project()
        return arns.apply(
            lambda known: json.dumps(
                api_document(
                    title=title,
                    allowed_origins=args.allowed_origins,
                    allow_credentials=args.allow_credentials,
                    **known,
                )
            )
        )

    @staticmethod
    def _permit_authorizer(
        name: str, api: aws.apigateway.RestApi, authorizer: TokenAuthorizer, child: pulumi.ResourceOptions
    ) -> aws.lambda_.Permission:
        """Let this API, and no other, invoke the authorizer."""
        return aws.lambda_.Permission(
            f"{name}-invoke-authorizer",
            action="lambda:InvokeFunction",
            function=authorizer.function_name,
            qualifier=authorizer.alias_name,
            principal="apigateway.amazonaws.com",
            # The source of an authorizer's invocation is the authorizer, not a method of the API.
            source_arn=pulumi.Output.concat(api.execution_arn, "/authorizers/*"),
            opts=child,
        )

    @staticmethod
    def _access_logs(
        name: str, args: PixelApiArgs, child: pulumi.ResourceOptions
    ) -> aws.apigateway.StageAccessLogSettingsArgs | None:
        if args.access_log_retention_days is None:
            return None
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-access-logs",
            retention_in_days=args.access_log_retention_days,
            kms_key_id=args.safeguards.kms_key_arn,
            opts=child,
        )
        return aws.apigateway.StageAccessLogSettingsArgs(
            destination_arn=log_group.arn, format=ACCESS_LOG_FORMAT
        )


class _SecurityPolicy(TypedDict, total=False):
    security_policy: str
    endpoint_access_mode: str


def _security_policy(policy: TlsPolicy) -> _SecurityPolicy:
    """The TLS properties of the REST API. Without any, API Gateway uses its default for Regional APIs."""
    if policy.access_mode is None:
        return {}
    return {"security_policy": policy.value, "endpoint_access_mode": policy.access_mode}
