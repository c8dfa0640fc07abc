"""A Lambda REQUEST authorizer that verifies the token of a request and names its endpoint.

It never denies a request: an expired session must not cost a purchase event.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.lambda_function import LambdaFunctionArgs, create_function
from components.safeguards import NO_SAFEGUARDS, Safeguards

HANDLER = "handler.authorizer.lambda_handler"

TIMEOUT_SECONDS = 10
"""A cold start and the requests for the issuer's keys (2 s in all). API Gateway waits longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcArgs:
    """The OpenID Connect issuer whose tokens are accepted, such as an Amazon Cognito user pool."""

    # `iss`, exactly as in the token.
    issuer: str

    # Clients whose tokens are accepted (one or more): `aud` of ID tokens, `client_id` of Cognito access
    # tokens.
    audiences: tuple[str, ...]

    # URL of the issuer's keys; None reads it from the issuer's discovery document.
    jwks_uri: str | None = None

    # The claim that names the endpoint: a string or a list of strings.
    endpoint_claim: str = "sub"

    # A cookie that may carry the token; None reads no cookie.
    cookie: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAuthorizerArgs:
    # Project and stack, the dimension `service` of every metric.
    stack_name: str

    # The code archive (lambda_package.build).
    archive: Path

    oidc: OidcArgs

    # A visitor's request waits for a cold start, and more memory means more CPU.
    memory_mb: int = 1024

    # The published version that API Gateway calls; None is the newest.
    version: int | None = None

    log_retention_days: int

    safeguards: Safeguards = NO_SAFEGUARDS


class TokenAuthorizer(pulumi.ComponentResource):
    """A Lambda function that may write its log, and nothing else."""

    function_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]

    # The alias in `invoke_arn`, and the published version behind it.
    alias_name: pulumi.Output[str]
    version: pulumi.Output[str]

    def __init__(
        self, name: str, args: TokenAuthorizerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gtm-pixel:index:TokenAuthorizer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        oidc = args.oidc
        created = create_function(
            name,
            LambdaFunctionArgs(
                stack_name=args.stack_name,
                description="Verifies the token of a request and names its endpoint",
                archive=args.archive,
                handler=HANDLER,
                environment={
                    "OIDC_ISSUER": oidc.issuer,
                    "OIDC_AUDIENCES": json.dumps(oidc.audiences),
                    "OIDC_JWKS_URI": oidc.jwks_uri or "",
                    "OIDC_ENDPOINT_CLAIM": oidc.endpoint_claim,
                    "OIDC_COOKIE": oidc.cookie or "",
                },
                timeout_seconds=TIMEOUT_SECONDS,
                memory_mb=args.memory_mb,
                version=args.version,
                log_retention_days=args.log_retention_days,
                safeguards=args.safeguards,
            ),
            child,
        )

        self.function_name = created.function.name
        self.log_group_name = created.log_group.name
        self.invoke_arn = created.live.invoke_arn
        self.alias_name = created.live.name
        self.version = created.live.function_version
        self.register_outputs(
            {
                "function_name": self.function_name,
                "log_group_name": self.log_group_name,
                "invoke_arn": self.invoke_arn,
                "alias_name": self.alias_name,
                "version": self.version,
            }
        )
