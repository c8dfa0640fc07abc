"""The custom domain names of a stage: which request reaches the API through one, and at which path.

This machine has no DNS for these names, so the local run's own address stands for them: a path that a mapping
leads to the API is served there, too, without the name in the `Host` header.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from werkzeug import Request

from local.deployment.cloud import Cloud

BY_DOMAIN: Final = "gtm_pixel.domain"
"""The key in a WSGI environment that says that a request came through a custom domain name."""

_NO_BASE_PATH: Final = "(none)"


class DomainNames:
    """The domain names whose base path mappings lead to one stage."""

    def __init__(self, cloud: Cloud, rest_api_id: str, stage_name: str) -> None:
        client = cloud.client("apigateway")
        self._stage = f"/{stage_name}"
        self._api_paths = {item["path"] for item in client.get_resources(restApiId=rest_api_id)["items"]} - {
            "/"
        }
        self.base_paths: Mapping[str, str] = {
            domain["domainName"]: _base_path(mapping)
            for domain in client.get_domain_names()["items"]
            for mapping in client.get_base_path_mappings(domainName=domain["domainName"]).get("items", [])
            if (mapping["restApiId"], mapping["stage"]) == (rest_api_id, stage_name)
        }

    def stage_path(self, request: Request) -> str | None:
        """The path at the stage of a request that came through a domain name, or None for any other."""
        host = request.host.partition(":")[0].lower()
        for name, base_path in self.base_paths.items():
            below = request.path.removeprefix(base_path)
            leads_there = request.path == base_path + below
            if leads_there and (host == name or below.rstrip("/") in self._api_paths):
                return self._stage + below
        return None

    def on_this_machine(self, outputs: Mapping[str, Any], address: str) -> dict[str, Any]:
        """A stack's outputs, with the local run's address in URLs of the domain names."""

        def moved(value: Any) -> Any:
            for name in self.base_paths:
                if isinstance(value, str) and value.startswith(f"https://{name}/"):
                    return address + value.removeprefix(f"https://{name}")
            return value

        return {name: moved(value) for name, value in outputs.items()}


def through_domain(
    environ: dict[str, Any],
    start_response: Callable[..., Any],
    path: str,
    gateway: Callable[..., Iterable[bytes]],
) -> Iterable[bytes]:
    """Pass a request to the gateway as one for `path` of the stage, made through a domain name."""
    return gateway({**environ, "PATH_INFO": path, BY_DOMAIN: True}, start_response)


def _base_path(mapping: Mapping[str, Any]) -> str:
    base_path = mapping.get("basePath", _NO_BASE_PATH)
    return "" if base_path == _NO_BASE_PATH else f"/{base_path}"
