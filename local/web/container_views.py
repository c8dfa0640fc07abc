"""The containers of the page as responses: the export, its functions as a script, and one to download."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from werkzeug import Request, Response

from gtm.container import as_text
from gtm.functions_script import functions_script
from gtm.plan import is_of_this_machine
from gtm.plan_error import PlanError
from gtm.yaml_document import PlanFileError
from local.web.demo_container import container_to_download, demo_container
from local.web.responses import NO_STORE, problem


class ContainerViews:
    """Makes containers for the outputs of the run's stack."""

    def __init__(self, outputs: Mapping[str, Any]) -> None:
        self._outputs = outputs

    def export(self, request: Request) -> Response:
        """The container export for `?parameter=evmt_value&consent=ad_storage&…`, or `?ga4=purchase&…`."""
        return _made(lambda: as_text(self._demo(request)), "application/json")

    def functions(self, request: Request) -> Response:
        """The functions of the same container, which the page's policy keeps the fake GTM from evaluating."""
        return _made(lambda: functions_script(self._demo(request)), "text/javascript")

    def download(self, request: Request) -> Response:
        """The container of gtm/gtm.yaml for `?events_url=URL`, as a file."""
        events_url = request.args.get("events_url", "")
        response = _made(
            lambda: as_text(container_to_download(self._outputs, events_url)), "application/json"
        )
        if response.status_code == HTTPStatus.OK:
            # The name says so where no visitor could call the URL.
            name = "gtm-container-local-run" if is_of_this_machine(events_url) else "gtm-container"
            response.headers["Content-Disposition"] = f"attachment; filename={name}.json"
        return response

    def _demo(self, request: Request) -> dict[str, Any]:
        return demo_container(
            self._outputs,
            request.args.getlist("parameter"),
            ga4_event=request.args.get("ga4"),
            consent=request.args.getlist("consent"),
        )


def _made(make: Callable[[], str], media_type: str) -> Response:
    try:
        return Response(make(), mimetype=media_type, headers=NO_STORE)
    except PlanError as error:
        text = str(error)
        return problem(f"{text[0].upper()}{text[1:]}.")
    except PlanFileError as error:
        return problem(f"{error.problems[0]}.")
