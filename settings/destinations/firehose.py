"""Settings of Amazon Data Firehose: an existing stream, or a new one with its bucket."""

import re
from collections.abc import Iterable

from components.destinations.firehose import FirehoseArgs, FirehoseStreamArgs
from contract.firehose import LONGEST_BUFFER_SECONDS
from settings import function, protection
from settings.groups import DestinationGroup, Stack
from settings.problems import Problem
from settings.values import Setting, Values, optional, string, whole_number

_STREAM_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
# Short, and with one byte for each character in JSON, because it goes into the function's environment.
_APP_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_APP_ID_RULE = "1 to 128 letters, digits, . _ and -"

STREAM = Setting(
    "firehoseStream",
    "",
    optional(
        string(
            _STREAM_NAME,
            "the name of a stream: 1 to 64 letters, digits, _ . and -",
            "the name that Amazon Data Firehose shows, or nothing for a new stream",
        )
    ),
)
APP_ID = Setting(
    "firehoseAppId",
    "",
    optional(
        string(
            _APP_ID,
            _APP_ID_RULE,
            "what your queries filter application.app_id by, or nothing for the stack's name",
        )
    ),
)
BUFFER = Setting("firehoseBufferSeconds", 300, whole_number(0, LONGEST_BUFFER_SECONDS))
RETENTION = Setting("firehoseRetentionDays", 395, whole_number(1, 3_650))

_OF_A_NEW_STREAM = (BUFFER, RETENTION)


def _nothing_new_for_an_existing_stream(values: Values, _: Stack) -> Iterable[Problem]:
    if not (stream := values[STREAM]):
        return
    changed = [setting for setting in _OF_A_NEW_STREAM if not setting.is_default(values[setting])]
    if changed:
        keys = " ".join(setting.key for setting in changed)
        yield Problem(
            changed[0].key,
            f"{values[changed[0]]} has no effect on the existing stream {stream!r}.",
            f"Set it where that stream is managed, and run: pulumi config rm-all {keys}",
        )


def _the_stack_names_its_application(values: Values, stack: Stack) -> Iterable[Problem]:
    if values[APP_ID] is None and not _APP_ID.fullmatch(stack.name):
        yield Problem(
            APP_ID.key,
            f"it is not set, and the stack's name {stack.name!r} is not {_APP_ID_RULE}.",
            "Set it, or rename the stack.",
        )


def _make(values: Values, stack: Stack) -> FirehoseArgs:
    new_stream = FirehoseStreamArgs(
        buffer_seconds=values[BUFFER],
        retention_days=values[RETENTION],
        log_retention_days=values[function.LOG_RETENTION],
        safeguards=protection.safeguards(values),
    )
    return FirehoseArgs(stream=values[STREAM] or new_stream, app_id=values[APP_ID] or stack.name)


GROUP = DestinationGroup(
    name=FirehoseArgs.name,
    description="Amazon Data Firehose to Amazon S3, for analytics",
    settings=(STREAM, APP_ID, BUFFER, RETENTION),
    rules=(_nothing_new_for_an_existing_stream, _the_stack_names_its_application),
    make=_make,
)
