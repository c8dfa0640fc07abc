"""Amazon API Gateway for the local run: serves a stage of a deployed REST API over HTTP.

`openapi_import` puts the program's document into moto. `gateway` reads the API back and serves it:
`authorizer` asks the deployed function, `throttling` limits requests, `velocity` renders mapping templates
(parsed by `velocity_syntax`, with Java's string methods in `java_text`), `integrations` call the backend, and
`responses` writes the responses that API Gateway writes itself. `query_string` divides a query string.
"""
