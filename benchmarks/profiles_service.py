"""Runs the fake of Customer Profiles: prints its URL, then its profiles for each line on standard input."""

import json
import sys

from components.profile_template import ProfileTemplateArgs, profile_template
from contract.customer_profiles import ENDPOINT_ATTRIBUTE, ENDPOINTS_TYPE_SUFFIX
from local.fakes.customer_profiles import CustomerProfilesFake
from local.recorder import Recorder
from local.web.http_server import HttpServer

DOMAIN = "amazon-connect-example"
EVENTS_TYPE = "gtm-pixel-benchmark"
ENDPOINTS_TYPE = EVENTS_TYPE + ENDPOINTS_TYPE_SUFFIX
# Requests a second for each operation (Amazon Connect Customer Profiles quotas).
QUOTA = 100

TEMPLATE = profile_template(
    ProfileTemplateArgs(
        domain_name=DOMAIN,
        new_domain=True,
        object_type_name=EVENTS_TYPE,
        expiration_days=366,
        max_events_per_profile=500,
        create_profiles=True,
        profile_attributes=["plan", "loyalty_tier"],
    )
)


def main() -> None:
    fake = CustomerProfilesFake(Recorder(), templates=[TEMPLATE], requests_per_second=QUOTA)
    server = HttpServer(fake).start()
    print(server.url, flush=True)
    for _ in sys.stdin:
        profiles = {one["Attributes"][ENDPOINT_ATTRIBUTE]: {**one, "ProfileId": ""} for one in fake.profiles}
        print(json.dumps(profiles, sort_keys=True), flush=True)
    server.stop()


if __name__ == "__main__":
    main()
