"""A query string as API Gateway divides it into parameters."""

from urllib.parse import parse_qsl


def query_parameters(query_string: str) -> list[tuple[str, str]]:
    """The decoded parameters in their order, blank values too.

    A semicolon that is not encoded divides as `&` does: "Important notes" of Amazon API Gateway say that it
    "results in the data being split". `+` is a space, as recorded on AWS (LocalStack,
    test_lambda_aws_proxy_integration).
    """
    return parse_qsl(query_string.replace(";", "&"), keep_blank_values=True)
