"""The responses of the local run's own routes: JSON, and problems in one line."""

import json
from http import HTTPStatus
from typing import Any, Final

from werkzeug import Request, Response

NO_STORE: Final = {"Cache-Control": "no-store"}


def json_response(value: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    text = json.dumps(value, ensure_ascii=False)
    return Response(text, status=status, mimetype="application/json", headers=NO_STORE)


def problem(message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Response:
    return json_response({"message": message}, status)


def refused_method(allowed: str) -> Response:
    refusal = problem(f"The methods here are: {allowed}.", HTTPStatus.METHOD_NOT_ALLOWED)
    refusal.headers["Allow"] = allowed
    return refusal


def posted_object(request: Request) -> dict[str, Any] | None:
    """The JSON object that a page of this origin posted, otherwise None."""
    # A page of another origin can post, but not with this content type.
    body = request.get_json(silent=True) if request.mimetype == "application/json" else None
    return body if isinstance(body, dict) else None
