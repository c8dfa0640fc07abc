"""The function that says whose token a request carries: a Lambda REQUEST authorizer.

It denies nothing: a session that expired must not cost a purchase event.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.lambda_function import LambdaFunctionArgs, create_function

HANDLER = "handler.authorizer.lambda_handler"

TIMEOUT_SECONDS = 10
"""The issuer's keys, at most 2 s with all requests for them, and a cold start; API Gateway waits longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcArgs:
    """Whose tokens are believed. Any OpenID Connect issuer, Amazon Cognito user pools included."""

    # `iss` exactly as in the token.
    issuer: str

    # Clients whose tokens count, a site's and an app's say: `aud` of ID tokens, `client_id` of Cognito access
    # tokens. At least one.
    audiences: tuple[str, ...]

    # Where the issuer's keys are; None finds it in the issuer's discovery document.
    jwks_uri: str | None = None

    # The claim that names the endpoint, a text or a list of texts.
    endpoint_claim: str = "sub"

    # A cookie that may carry the token; None reads none.
    cookie: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAuthorizerArgs:
    # The code archive (lambda_package.build).
    archive: Path

    oidc: OidcArgs

    # Cold starts are on the way of the visitor's request; CPU grows with memory.
    memory_mb: int = 1024

    log_retention_days: int


class TokenAuthorizer(pulumi.ComponentResource):
    """A Lambda function with permission to write its log, and nothing else."""

    function_name: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: TokenAuthorizerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gtm-pixel:index:TokenAuthorizer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        oidc = args.oidc
        function = create_function(
            name,
            LambdaFunctionArgs(
                description="Says whose token a request carries",
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
                log_retention_days=args.log_retention_days,
            ),
            child,
        ).function

        self.function_name = function.name
        self.invoke_arn = function.invoke_arn
        self.register_outputs({"function_name": self.function_name, "invoke_arn": self.invoke_arn})
