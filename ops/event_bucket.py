"""The files of a stack's event bucket: Firehose writes a line of JSON for each event, in a folder a day."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cli.errors import FailedError
from ops.aws import Aws

_FOLDER: Final = "events/year=%Y/month=%m/day=%d/"
_LONGEST_BUFFER_SECONDS: Final = 900  # Amazon Data Firehose, "Buffering hints"


class DamagedFileError(FailedError):
    """A file cannot be unpacked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of the bucket. `written_at` is in epoch seconds."""

    key: str
    written_at: float


def folders(since: float, until: float) -> list[str]:
    """The folders of what Firehose got in this time (epoch seconds).

    A file is in the folder of its first event: shortly after midnight (UTC), that is the day before.
    """
    first, last = (datetime.fromtimestamp(at, UTC).date() for at in (since - _LONGEST_BUFFER_SECONDS, until))
    return [(first + timedelta(days=day)).strftime(_FOLDER) for day in range((last - first).days + 1)]


def files(aws: Aws, bucket: str, folders: Iterable[str], *, since: float) -> Iterator[File]:
    """The files of these folders, by name, that were written since a time. Raises CallError."""
    for folder in folders:
        listed = aws.pages(*("s3", "list_objects_v2", "Contents"), Bucket=bucket, Prefix=folder)
        for item in listed:
            file = File(key=item["Key"], written_at=item["LastModified"].timestamp())
            if file.written_at >= int(since):  # S3 tells whole seconds
                yield file


def lines(aws: Aws, bucket: str, key: str) -> list[str]:
    """The lines of a file. Raises CallError and DamagedFileError."""
    body: bytes = aws.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    try:
        content = gzip.decompress(body) if key.endswith(".gz") else body
    except (OSError, EOFError, zlib.error):
        raise DamagedFileError(f"s3://{bucket}/{key} is no gzip file, or damaged") from None
    # Line breaks are line feeds only; records are ASCII, so what is not is no record.
    return content.decode(errors="replace").removesuffix("\n").split("\n")
