"""Amazon SQS: limits of a queue (Amazon SQS quotas)."""

from typing import Final

LONGEST_DELAY_SECONDS: Final = 900
"""DelaySeconds of a message."""

LONGEST_RETENTION_DAYS: Final = 14
"""How long a queue can keep a message."""

MESSAGES_IN_BATCH: Final = 10
BATCH_BYTES: Final = 1_048_576
"""All messages of a SendMessageBatch together."""
