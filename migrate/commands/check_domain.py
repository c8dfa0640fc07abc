"""`check-domain`: warns of domain settings that would cause trouble after an import. Changes nothing."""

import argparse

from cli.errors import FAILED, FailedError
from cli.output import say
from contract.customer_profiles import ENDPOINTS_TYPE_SUFFIX
from migrate.commands import target
from migrate.customer_profiles import CallError, CustomerProfiles
from migrate.domain_check import DomainFacts, warnings_of


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.set_defaults(run=run)
    target.add_arguments(command)


def run(options: argparse.Namespace) -> int:
    to = target.read_target(options)
    service = CustomerProfiles(domain=to.domain, object_type=to.object_type, region=to.region, connections=1)
    try:
        facts = _facts(service, to)
    finally:
        service.close()
    found = warnings_of(facts)
    for warning in found:
        say(f"warning: {warning}")
    say(f"{to.domain}: {len(found)} warning{'' if len(found) == 1 else 's'}")
    return FAILED if found else 0


def _facts(service: CustomerProfiles, to: target.Target) -> DomainFacts:
    operation = "GetDomain"
    try:
        domain = service.domain()
        operation = "ListIntegrations"
        integrations = service.integrations()
        operation = "ListProfileObjectTypes"
        names = [one["ObjectTypeName"] for one in service.object_types()]
        operation = "GetProfileObjectType"
        object_types = {name: service.object_type(name) for name in names}
    except CallError as error:
        raise FailedError(
            f"cannot read the domain ({error}); check --domain, --region and the "
            f"permission profile:{operation}"
        ) from None
    return DomainFacts(
        name=to.domain,
        events_type=to.object_type.removesuffix(ENDPOINTS_TYPE_SUFFIX),
        endpoints_type=to.object_type,
        domain=domain,
        integrations=integrations,
        object_types=object_types,
    )
