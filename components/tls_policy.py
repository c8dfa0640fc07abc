"""The TLS versions and ciphers that API Gateway accepts, for the API and for its custom domain name."""

from enum import StrEnum


class TlsPolicy(StrEnum):
    """Security policies of API Gateway for Regional endpoints ("Supported security policies").

    The names are the API's. Those that begin with SecurityPolicy_ also need an endpoint access mode.
    """

    TLS_1_2 = "TLS_1_2"
    TLS13_1_2_2021_06 = "SecurityPolicy_TLS13_1_2_2021_06"
    TLS13_1_2_PQ_2025_09 = "SecurityPolicy_TLS13_1_2_PQ_2025_09"
    TLS13_1_2_PFS_PQ_2025_09 = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
    TLS13_1_2_FIPS_PQ_2025_09 = "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09"
    TLS13_1_3_2025_09 = "SecurityPolicy_TLS13_1_3_2025_09"
    TLS13_1_3_FIPS_2025_09 = "SecurityPolicy_TLS13_1_3_FIPS_2025_09"

    @property
    def access_mode(self) -> str | None:
        """The endpoint access mode to set with the policy.

        BASIC, because STRICT refuses requests whose TLS server name differs from their Host header: the
        events that a proxy or a content delivery network forwards could be lost. It protects nothing here, as
        the API is public.
        """
        return None if self is TlsPolicy.TLS_1_2 else "BASIC"
