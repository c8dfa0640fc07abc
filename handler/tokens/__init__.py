"""Everything about tokens, without API Gateway or the environment.

`finding` takes the token out of a request, `keys` fetches the issuer's public keys, `verification` checks the
token with them and reads the endpoint that it proves. `invalid` lists what can be wrong with a token,
`report` counts the results.
"""
