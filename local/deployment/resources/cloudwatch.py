"""Amazon CloudWatch (alarm_states.py evaluates its alarms), CloudWatch Logs and Amazon EventBridge."""

import uuid
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceType,
    as_pairs,
    autoname,
    changed,
    names,
    present,
    refuse_unknown,
)
from local.deployment.resources.tags import retag
from local.deployment.resources.target import Target


def _log_group(target: Target, name: str, inputs: Properties) -> Created:
    logs = target.client("logs")
    group = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    logs.create_log_group(logGroupName=group, **present(kmsKeyId=inputs.get("kmsKeyId"), tags=tags))
    if inputs.get("retentionInDays"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=int(inputs["retentionInDays"]))
    return group, {
        **inputs,
        "name": group,
        "arn": target.arn("logs", f"log-group:{group}"),
        "tagsAll": tags,
    }


def _update_log_group(target: Target, existing: Existing, inputs: Properties) -> None:
    logs, group = target.client("logs"), existing.id
    if changed(existing, inputs, "retentionInDays"):
        if days := inputs.get("retentionInDays"):
            logs.put_retention_policy(logGroupName=group, retentionInDays=int(days))
        else:
            logs.delete_retention_policy(logGroupName=group)
    if changed(existing, inputs, "kmsKeyId"):
        # moto has no keys of log groups that could change.
        action = "AssociateKmsKey" if inputs.get("kmsKeyId") else "DisassociateKmsKey"
        target.check_permission(f"logs:{action}", existing.outputs["arn"])


def _delete_log_group(target: Target, existing: Existing) -> None:
    target.client("logs").delete_log_group(logGroupName=existing.id)


def _log_stream(target: Target, name: str, inputs: Properties) -> Created:
    group, stream = inputs["logGroupName"], inputs.get("name") or autoname(name)
    target.client("logs").create_log_stream(logGroupName=group, logStreamName=stream)
    arn = target.arn("logs", f"log-group:{group}:log-stream:{stream}")
    return stream, {**inputs, "name": stream, "arn": arn}


def _delete_log_stream(target: Target, existing: Existing) -> None:
    target.client("logs").delete_log_stream(
        logGroupName=existing.inputs["logGroupName"], logStreamName=existing.id
    )


def _event_bus(target: Target, name: str, inputs: Properties) -> Created:
    bus = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    parameters = present(Description=inputs.get("description"), Tags=as_pairs(tags))
    arn = target.client("events").create_event_bus(Name=bus, **parameters)["EventBusArn"]
    return bus, {**inputs, "name": bus, "arn": arn, "tagsAll": tags}


def _update_event_bus(target: Target, existing: Existing, _: Properties) -> None:
    """A description. moto cannot change it."""
    target.check_permission("events:UpdateEventBus", existing.outputs["arn"])


def _delete_event_bus(target: Target, existing: Existing) -> None:
    target.client("events").delete_event_bus(Name=existing.id)


def _event_archive(target: Target, name: str, inputs: Properties) -> Created:
    archive = inputs.get("name") or autoname(name)
    parameters = present(
        Description=inputs.get("description"),
        EventPattern=inputs.get("eventPattern"),
        RetentionDays=int(inputs.get("retentionDays", 0)),
    )
    arn = target.client("events").create_archive(
        ArchiveName=archive, EventSourceArn=inputs["eventSourceArn"], **parameters
    )["ArchiveArn"]
    return archive, {**inputs, "name": archive, "arn": arn}


def _update_event_archive(target: Target, existing: Existing, inputs: Properties) -> None:
    target.client("events").update_archive(
        ArchiveName=existing.id,
        Description=inputs.get("description", ""),
        RetentionDays=int(inputs.get("retentionDays", 0)),
        **present(EventPattern=inputs.get("eventPattern")),
    )


def _delete_event_archive(target: Target, existing: Existing) -> None:
    target.client("events").delete_archive(ArchiveName=existing.id)


_SERIES = names("namespace", "metricName", "dimensions", "stat", "period")


def _metric_alarm(target: Target, name: str, inputs: Properties) -> Created:
    alarm = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    period = inputs.get("period")
    target.client("cloudwatch").put_metric_alarm(
        AlarmName=alarm,
        ComparisonOperator=inputs["comparisonOperator"],
        EvaluationPeriods=int(inputs["evaluationPeriods"]),
        Threshold=inputs["threshold"],
        **present(
            AlarmDescription=inputs.get("alarmDescription"),
            AlarmActions=inputs.get("alarmActions"),
            OKActions=inputs.get("okActions"),
            DatapointsToAlarm=int(inputs["datapointsToAlarm"]) if "datapointsToAlarm" in inputs else None,
            TreatMissingData=inputs.get("treatMissingData"),
            Namespace=inputs.get("namespace"),
            MetricName=inputs.get("metricName"),
            Dimensions=_dimensions(inputs),
            Statistic=inputs.get("statistic"),
            Period=period and int(period),
            Metrics=[_metric_query(one) for one in inputs.get("metricQueries", ())],
            Tags=as_pairs(tags),
        ),
    )
    return alarm, {
        **inputs,
        "name": alarm,
        "arn": target.arn("cloudwatch", f"alarm:{alarm}"),
        "tagsAll": tags,
    }


def _delete_metric_alarm(target: Target, existing: Existing) -> None:
    target.client("cloudwatch").delete_alarms(AlarmNames=[existing.id])


def _metric_query(inputs: Properties) -> dict[str, Any]:
    refuse_unknown(
        inputs, {**names("id", "expression", "label", "returnData"), "metric": _SERIES}, "metricQueries."
    )
    series = inputs.get("metric")
    return {
        "Id": inputs["id"],
        "ReturnData": inputs.get("returnData", False),
        **present(
            Expression=inputs.get("expression"),
            Label=inputs.get("label"),
            MetricStat=series
            and {
                "Metric": {
                    "Namespace": series["namespace"],
                    "MetricName": series["metricName"],
                    "Dimensions": _dimensions(series),
                },
                "Period": int(series["period"]),
                "Stat": series["stat"],
            },
        ),
    }


def _dimensions(inputs: Properties) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in inputs.get("dimensions", {}).items()]


def _dashboard(target: Target, _: str, inputs: Properties) -> Created:
    name = inputs["dashboardName"]
    target.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=inputs["dashboardBody"])
    arn = f"arn:{target.cloud.partition}:cloudwatch::{target.cloud.account_id}:dashboard/{name}"
    return name, {**inputs, "dashboardArn": arn}


def _delete_dashboard(target: Target, existing: Existing) -> None:
    target.client("cloudwatch").delete_dashboards(DashboardNames=[existing.id])


def _query_definition(target: Target, name: str, inputs: Properties) -> Created:
    """Only checked against the service's model and the log groups that exist: moto keeps no queries."""
    logs = target.client("logs")
    title = inputs.get("name") or autoname(name)
    groups = inputs.get("logGroupNames", ())
    parameters = {"name": title, "queryString": inputs["queryString"], "logGroupNames": list(groups)}
    model = logs.meta.service_model.operation_model("PutQueryDefinition").input_shape
    report = ParamValidator().validate(parameters, model)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    for group in groups:
        # Raises if there is none. The service looks, not the deployer.
        target.cloud.client("logs").list_tags_log_group(logGroupName=group)
    target.check_permission("logs:PutQueryDefinition")
    id_ = str(uuid.uuid4())
    return id_, {**inputs, "name": title, "queryDefinitionId": id_}


def _update_query_definition(target: Target, existing: Existing, inputs: Properties) -> Properties:
    _, outputs = _query_definition(target, existing.name, {"name": existing.outputs["name"], **inputs})
    return {**outputs, "queryDefinitionId": existing.id}


def _delete_query_definition(target: Target, _: Existing) -> None:
    target.check_permission("logs:DeleteQueryDefinition")


_LOG_STREAM = names("name", "logGroupName")

RESOURCES = {
    "Dashboard": ResourceType(
        _dashboard,
        names("dashboardName", "dashboardBody"),
        replaced_by=("dashboardName",),
        delete=_delete_dashboard,
    ),
    "MetricAlarm": ResourceType(
        _metric_alarm,
        {
            **names(
                "name", "alarmDescription", "alarmActions", "okActions", "comparisonOperator", "threshold"
            ),
            **names("evaluationPeriods", "datapointsToAlarm", "treatMissingData", "metricQueries", "tags"),
            **names("namespace", "metricName", "dimensions", "statistic", "period"),
        },
        replaced_by=("name",),
        retag=retag("cloudwatch", "ResourceARN"),
        delete=_delete_metric_alarm,
    ),
    "QueryDefinition": ResourceType(
        _query_definition,
        names("name", "queryString", "logGroupNames"),
        update=_update_query_definition,
        delete=_delete_query_definition,
    ),
    "EventArchive": ResourceType(
        _event_archive,
        names("name", "description", "eventSourceArn", "eventPattern", "retentionDays"),
        replaced_by=("name", "eventSourceArn"),
        update=_update_event_archive,
        delete=_delete_event_archive,
    ),
    "EventBus": ResourceType(
        _event_bus,
        names("name", "description", "tags"),
        replaced_by=("name",),
        update=_update_event_bus,
        retag=retag("events", "ResourceARN"),
        delete=_delete_event_bus,
    ),
    "LogGroup": ResourceType(
        _log_group,
        names("name", "retentionInDays", "kmsKeyId", "tags"),
        replaced_by=("name",),
        update=_update_log_group,
        retag=retag("logs", "resourceArn", parameters=("tags", "tagKeys"), in_pairs=False),
        delete=_delete_log_group,
    ),
    "LogStream": ResourceType(
        _log_stream,
        _LOG_STREAM,
        replaced_by=_LOG_STREAM,
        delete=_delete_log_stream,
    ),
}
