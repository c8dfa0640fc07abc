"""Calls a Lambda authorizer as API Gateway does: with a REQUEST event, for each request, without a cache.

Before each call the function's resource policy must allow it, which moto does not check. What the function
returns as context becomes `$context.authorizer`.

AWS's reference: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
"""

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn

from local.apigateway.query_string import query_parameters
from local.apigateway.responses import Failed, Failure, UnservedPart
from local.deployment.cloud import Cloud
from local.functions.lambda_runtime import Invocation

_log = logging.getLogger(__name__)

Invoke = Callable[[str, Mapping[str, Any]], Invocation]
"""Invokes the function of this name with an event and waits for the result."""

_FUNCTION_URI: Final = re.compile(
    r"arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/"
    r"(?P<arn>arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:(?P<name>[A-Za-z0-9_-]+)"
    r"(:(?P<qualifier>[A-Za-z0-9_-]+))?)/invocations"
)
_SERVICE_PRINCIPAL: Final = "apigateway.amazonaws.com"
_INVOKE_FUNCTION: Final = "lambda:InvokeFunction"
_INVOKE_API: Final = "execute-api:Invoke"

# For a method without AWS authentication, API Gateway fills in sourceIp and userAgent, and null for the rest.
_IDENTITY: Final = (
    *(
        "accessKey",
        "accountId",
        "apiKey",
        "apiKeyId",
        "caller",
        "clientCert",
        "cognitoAuthenticationProvider",
    ),
    *("cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId"),
    *("sourceIp", "user", "userAgent", "userArn"),
)


class Authorizer:
    """One authorizer of the API. Raises UnservedPart for a kind that the local run does not serve."""

    def __init__(self, cloud: Cloud, rest_api_id: str, authorizer: Mapping[str, Any], invoke: Invoke) -> None:
        place = f"authorizer {authorizer['name']}"
        if authorizer["type"] != "REQUEST":
            raise UnservedPart(f"{place}: type {authorizer['type']} is not served")
        if authorizer["authorizerResultTtlInSeconds"] != 0:
            raise UnservedPart(f"{place}: caching of results is not served")
        for name in ("identitySource", "authorizerCredentials"):
            if authorizer.get(name):
                raise UnservedPart(f"{place}: {name} is not served")
        function = _FUNCTION_URI.fullmatch(authorizer["authorizerUri"])
        if function is None:
            raise UnservedPart(f"{place}: only a function is served, not {authorizer['authorizerUri']}")
        self._place = place
        self._cloud = cloud
        self._invoke = invoke
        self._function_arn, self._function_name = function["arn"], function["name"]
        self._qualifier: Mapping[str, str] = (
            {"Qualifier": function["qualifier"]} if function["qualifier"] else {}
        )
        api_arn = f"arn:{cloud.partition}:execute-api:{cloud.region}:{cloud.account_id}:{rest_api_id}"
        self._arn = f"{api_arn}/authorizers/{authorizer['id']}"
        self._api_arn = api_arn

    def authorize(
        self, *, path: str, headers: Sequence[tuple[str, str]], query_string: str, context: Mapping[str, Any]
    ) -> Mapping[str, str]:
        """The values for `$context.authorizer`. Raises Failed if the request is not allowed.

        `path` is the path of the resource. `headers` are as the client sent them, repeated ones too.
        """
        if not self._may_be_invoked():
            self._fail("API Gateway has no permission to invoke its function")
        method_arn = f"{self._api_arn}/{context['stage']}/{context['httpMethod']}{path}"
        invocation = self._invoke(
            self._function_name, _request_event(method_arn, path, headers, query_string, context)
        )
        if invocation.error is not None:
            # "If the Lambda function … raises 'Unauthorized'", as in AWS's own examples.
            if invocation.error.message == "Unauthorized":
                raise Failed(Failure.UNAUTHORIZED)
            self._fail(f"its function failed with {invocation.error.error_type}")
        return self._evaluate(invocation.payload, method_arn)

    def _evaluate(self, output: Any, method_arn: str) -> dict[str, str]:
        """The context of an output that allows the method; api-gateway-lambda-authorizer-output."""
        match output:
            case {"principalId": str(principal), "policyDocument": {"Statement": statements}}:
                effects = set(self._effects(_as_list(statements), method_arn))
            case _:
                self._fail("its function's output has no principalId or no policyDocument")
        # Messages as observed; not documented.
        if "Deny" in effects:
            raise Failed(
                Failure.ACCESS_DENIED, "User is not authorized to access this resource with an explicit deny"
            )
        if "Allow" not in effects:
            raise Failed(Failure.ACCESS_DENIED, "User is not authorized to access this resource")
        return {"principalId": principal, **self._context(output.get("context") or {})}

    def _effects(self, statements: Sequence[Any], method_arn: str) -> Iterator[str]:
        for statement in statements:
            match statement:
                case {"Effect": "Allow" | "Deny" as effect, "Action": actions, "Resource": resources} if len(
                    statement
                ) == 3 or statement.keys() == {"Effect", "Action", "Resource", "Sid"}:
                    names = [action.lower() for action in _as_list(actions)]
                    if _any_like(_INVOKE_API.lower(), names) and _any_like(method_arn, _as_list(resources)):
                        yield effect
                case _:
                    self._fail("its function's output has a statement that the local run does not support")

    def _context(self, context: Any) -> dict[str, str]:
        """ "You can't set a JSON object or array as a valid value of any key in the context map." """
        if not isinstance(context, dict):
            self._fail("its function's output has a context that is not a map")
        strings: dict[str, str] = {}
        for name, value in context.items():
            if not isinstance(value, str | int | float):
                self._fail(
                    "its function's output has a context value that is not a string, number or boolean"
                )
            # "API Gateway … returns these values … as stringified values": true, 1, and so on.
            strings[name] = value if isinstance(value, str) else json.dumps(value)
        return strings

    def _may_be_invoked(self) -> bool:
        """Whether the function's resource policy allows API Gateway to invoke it for this authorizer.

        An alias has a policy of its own: what allows the function alone does not allow its alias.
        """
        client = self._cloud.client("lambda")
        try:
            policy = json.loads(
                client.get_policy(FunctionName=self._function_name, **self._qualifier)["Policy"]
            )
        except client.exceptions.ResourceNotFoundException:  # no policy, or no function
            return False
        effects = {
            statement["Effect"]
            for statement in policy["Statement"]
            if statement["Action"] == _INVOKE_FUNCTION
            and statement["Principal"] == {"Service": _SERVICE_PRINCIPAL}
            and statement["Resource"] == self._function_arn
            and self._meets(statement.get("Condition", {}))
        }
        return effects == {"Allow"}

    def _meets(self, condition: Mapping[str, Mapping[str, str]]) -> bool:
        """Evaluate the two conditions that AddPermission writes; any other counts as not met."""
        for operator, keys in condition.items():
            for key, value in keys.items():
                match operator, key.lower():
                    case "ArnLike", "aws:sourcearn":
                        met = _arn_like(self._arn, value)
                    case "StringEquals", "aws:sourceaccount":
                        met = value == self._cloud.account_id
                    case _:
                        met = False
                if not met:
                    return False
        return True

    def _fail(self, reason: str) -> NoReturn:
        # AWS does not document which failure has which of the two response types for authorizers. It has been
        # observed to use this one, without a message, for a missing permission, an error and a bad output.
        _log.error("%s: %s", self._place, reason)
        raise Failed(Failure.AUTHORIZER_CONFIGURATION_ERROR)


def _request_event(
    method_arn: str,
    path: str,
    headers: Sequence[tuple[str, str]],
    query_string: str,
    context: Mapping[str, Any],
) -> dict[str, Any]:
    """The event of a REQUEST authorizer; api-gateway-lambda-authorizer-input."""
    parameters = query_parameters(query_string)
    identity = context["identity"]
    return {
        "type": "REQUEST",
        "methodArn": method_arn,
        "resource": context["resourcePath"],
        "path": path,
        "httpMethod": context["httpMethod"],
        # Of a repeated header or parameter the last value counts.
        "headers": dict(headers),
        "multiValueHeaders": _all_values(headers),
        "queryStringParameters": dict(parameters),
        "multiValueQueryStringParameters": _all_values(parameters),
        "pathParameters": {},
        "stageVariables": {},
        "requestContext": {
            **context,
            "domainPrefix": context["domainName"].partition(".")[0],
            "identity": {name: identity.get(name) for name in _IDENTITY},
        },
    }


def _all_values(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def _any_like(string: str, patterns: Sequence[str]) -> bool:
    return any(_like(string, pattern) for pattern in patterns)


def _like(string: str, pattern: str) -> bool:
    """Whether a string matches a pattern with `*` for any characters and `?` for one."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, string, re.DOTALL) is not None


def _arn_like(arn: str, pattern: str) -> bool:
    """ArnLike: "each of the six colon-delimited components of the ARN is checked separately"."""
    parts, patterns = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) and all(map(_like, parts, patterns))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
