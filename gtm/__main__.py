"""`python -m gtm`: writes containers that Google Tag Manager imports, and reads exported ones.

    python -m gtm container --events-url URL --event purchase_success --metric value=ecommerce.value
    python -m gtm inspect EXPORT.json -o gtm.yaml
    python -m gtm template --events-url URL
    python -m gtm template --server --events-url URL

The result goes to standard output or a file, everything else to standard error.
"""

from bootstrap import python_version  # first: refuses a Python in which the rest may not even parse

if __name__ == "__main__":
    python_version.refuse_without("yaml")

# isort: split
from cli import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()

# isort: split
import argparse
import sys
from collections.abc import Iterable, Sequence

from cli import ending
from cli.arguments import Parser, file_name, in_utf_8
from cli.errors import DONE, USAGE_ERROR, UsageError
from cli.files import STREAM
from cli.output import note
from gtm import custom_template, inspect_command
from gtm.command_files import write_text
from gtm.container import as_text, container_export
from gtm.custom_template import TemplateKind
from gtm.limits import STRICTEST
from gtm.plan import DEFAULT_ENDPOINT_ID, ParameterKind
from gtm.plan_error import PlanError
from gtm.plan_sources import flag_of, read_events_url, read_plan, read_stack
from gtm.plan_warnings import url_warnings, warnings
from gtm.stack_comparison import mismatches
from gtm.yaml_document import PlanFileError

NEXT_STEPS = (
    "Next, in GTM: Admin → Import Container → this file, into a new workspace.",
    "First import: choose Merge, Rename conflicting tags.",
    "Later imports: choose Merge, Overwrite conflicting tags. Otherwise every event is sent twice.",
    "An import deletes nothing: delete the tags of events that you removed, or they go on.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    return ending.run(lambda: _run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: Sequence[str]) -> int:
    try:
        options = _parser().parse_args(in_utf_8(arguments))
        options.write(options)
    except PlanError as error:
        raise UsageError(str(error)) from None
    except PlanFileError as error:
        for problem in error.problems:
            note(f"error: {problem}")
        return USAGE_ERROR
    return DONE


def _parser() -> Parser:
    parser = Parser(prog="python -m gtm", description="Write what Google Tag Manager imports.")
    commands = parser.add_subparsers(required=True, metavar="container|inspect|template")

    container = commands.add_parser("container", help="a container: tags, triggers and variables")
    container.set_defaults(write=_write_container)
    _add_target(container)
    container.add_argument(
        "--config",
        type=file_name,
        metavar="FILE",
        help="gtm.yaml: the events and what each sends (see gtm/gtm.yaml)",
    )
    container.add_argument(
        "--from",
        dest="earlier",
        type=file_name,
        metavar="FILE",
        help="a container written earlier, to change its URL",
    )
    container.add_argument("--event", action="append", default=[], metavar="NAME", help="may be repeated")
    container.add_argument("--all-custom-events", action="store_true", help="one tag for every custom event")
    for kind in ParameterKind:
        container.add_argument(
            flag_of(kind),
            action="append",
            default=[],
            metavar="NAME=KEY",
            help="KEY is a data layer variable; may be repeated",
        )
    container.add_argument(
        "--event-id", metavar="KEY", help="data layer variable of the event's own id, such as an order number"
    )
    container.add_argument(
        "--timestamp",
        metavar="KEY",
        help="data layer variable of the event's time; read only where timestampSource is url",
    )
    container.add_argument(
        "--endpoint-id",
        metavar="KEY",
        help=f"data layer variable of the endpoint id (default: {DEFAULT_ENDPOINT_ID.key})",
    )
    token = container.add_mutually_exclusive_group()
    token.add_argument("--token", metavar="KEY", help="data layer variable of the customer's token")
    token.add_argument("--token-cookie", metavar="NAME", help="first-party cookie with the customer's token")
    container.add_argument(
        "--consent", action="append", metavar="TYPE", help="consent that the tags need; may be repeated"
    )
    container.add_argument(
        "--preview-events-url",
        metavar="URL",
        help="events_url of a test stack, to which GTM's Preview sends events",
    )
    container.add_argument("--container", metavar="GTM-XXXX", help="id of your container, for display only")

    inspect_command.add_to(commands)

    template = commands.add_parser(
        "template", help="a custom template, allowed to call only the host of the events URL"
    )
    template.set_defaults(write=_write_template)
    _add_target(template)
    template.add_argument("--server", action="store_true", help="the template for server containers")
    template.add_argument(
        "--preview-events-url", metavar="URL", help="events_url of a test stack, for tags in Preview"
    )
    return parser


def _add_target(parser: argparse.ArgumentParser) -> None:
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--events-url", metavar="URL", help="the stack's output events_url")
    target.add_argument(
        "--outputs",
        type=file_name,
        metavar="FILE",
        help="output of `pulumi stack output --json`; - reads standard input",
    )
    parser.add_argument(
        "-o", "--output", type=file_name, metavar="FILE", help="file to write (default: standard output)"
    )


def _write_container(options: argparse.Namespace) -> None:
    stack = read_stack(options)
    plan = read_plan(options, stack)
    _warn(warnings(plan, STRICTEST if stack is None else stack.limits))
    _warn(() if stack is None else mismatches(plan, stack))
    write_text(as_text(container_export(plan)), options.output, inputs=(options.config, options.outputs))
    if options.output not in (None, STREAM):
        tags = "1 tag" if len(plan.tags) == 1 else f"{len(plan.tags)} tags"
        for line in (f"wrote {options.output}: {tags} to {plan.events_url}", *NEXT_STEPS):
            note(line)


def _write_template(options: argparse.Namespace) -> None:
    events_url, preview = read_events_url(options), options.preview_events_url
    kind = TemplateKind.SERVER if options.server else TemplateKind.WEB
    text = custom_template.for_events_url(events_url, preview_events_url=preview, kind=kind)
    if kind is TemplateKind.WEB:  # ad blockers see no requests of servers
        _warn(url_warnings(events_url))
    write_text(text, options.output, inputs=(options.outputs,))
    if options.output not in (None, STREAM):
        note(f"wrote {options.output}")
        note("Next, in GTM: Templates → Tag Templates → New → ⋮ → Import → this file → Save.")


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        note(f"warning: {line}")


if __name__ == "__main__":
    sys.exit(ending.exit_status(main))
