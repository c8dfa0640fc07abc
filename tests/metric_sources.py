"""Metrics that AWS services publish for a stack's parts, by namespace: name and dimensions.

From the services' own documents:
    AWS/ApiGateway  Amazon API Gateway developer guide, "Amazon API Gateway dimensions and metrics"
    AWS/SQS         Amazon SQS developer guide, "Available CloudWatch metrics for Amazon SQS"
    AWS/Lambda      AWS Lambda developer guide, "Types of metrics for Lambda functions"
    AWS/WAFV2       AWS WAF developer guide, "AWS WAF metrics and dimensions"
    AWS/Firehose    Amazon Data Firehose developer guide, "Monitor with CloudWatch metrics"
"""

from collections.abc import Set
from typing import Final

AWS_METRICS: Final[dict[str, tuple[Set[str], Set[str]]]] = {
    "AWS/ApiGateway": (
        {"Count", "Latency", "IntegrationLatency", "4XXError", "5XXError", "CacheHitCount", "CacheMissCount"},
        {"ApiName"},  # and by Stage, and by method, which nothing here reads
    ),
    "AWS/SQS": (
        {
            *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesDelayed"),
            *("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesVisible"),
            *("NumberOfEmptyReceives", "NumberOfMessagesDeleted", "NumberOfMessagesReceived"),
            *("NumberOfMessagesSent", "SentMessageSize"),
        },
        {"QueueName"},
    ),
    "AWS/Lambda": (
        {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"},
        {"FunctionName"},
    ),
    "AWS/WAFV2": (
        {"AllowedRequests", "BlockedRequests", "CountedRequests", "PassedRequests"},
        {"WebACL", "Rule", "Region"},
    ),
    "AWS/Firehose": (
        {
            *("DeliveryToS3.Bytes", "DeliveryToS3.DataFreshness", "DeliveryToS3.Records"),
            *("DeliveryToS3.Success", "IncomingBytes", "IncomingRecords", "PutRecordBatch.Requests"),
            "ThrottledRecords",
        },
        {"DeliveryStreamName"},
    ),
}
