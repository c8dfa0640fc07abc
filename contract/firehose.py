"""Amazon Data Firehose: limits of PutRecordBatch and of a stream (Amazon Data Firehose quotas)."""

from typing import Final

RECORDS_IN_REQUEST: Final = 500
RECORD_BYTES: Final = 1_024_000

# The documentation says 4 MiB; the smaller reading is safe.
REQUEST_BYTES: Final = 4_000_000

LONGEST_BUFFER_SECONDS: Final = 900
"""The longest that a stream buffers records before it writes an object."""
