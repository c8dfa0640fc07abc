"""Splits a query string into parameters as API Gateway does."""

from urllib.parse import parse_qsl


def query_parameters(query_string: str) -> list[tuple[str, str]]:
    """The decoded parameters in order, including blank values.

    A semicolon that is not encoded separates parameters like `&`: Amazon API Gateway's "Important notes" say
    that it "results in the data being split". `+` is a space, as recorded on AWS (LocalStack,
    test_lambda_aws_proxy_integration).
    """
    return parse_qsl(query_string.replace(";", "&"), keep_blank_values=True)
