"""How services change the tags of a resource: most have a call to add some and one to remove some."""

from collections.abc import Callable, Mapping

from local.deployment.resources.declaration import Existing, as_pairs
from local.deployment.resources.target import Target

Retag = Callable[[Target, Existing, Mapping[str, str]], None]


def retag(
    service: str,
    named_by: str,
    output: str = "arn",
    *,
    what: str = "resource",
    parameters: tuple[str, str] = ("Tags", "TagKeys"),
    in_pairs: bool = True,
) -> Retag:
    """Changes tags with `tag_WHAT` and `untag_WHAT`, which name the resource by one of its outputs."""

    def change(target: Target, existing: Existing, tags: Mapping[str, str]) -> None:
        client, place = target.client(service), {named_by: existing.outputs[output]}
        tags_parameter, keys_parameter = parameters
        removed, added = _difference(existing, tags)
        if removed:
            getattr(client, f"untag_{what}")(**place, **{keys_parameter: removed})
        if added:
            getattr(client, f"tag_{what}")(
                **place, **{tags_parameter: as_pairs(added) if in_pairs else added}
            )

    return change


def check_retag(
    remove: str,
    add: str,
    place: Callable[[Target, Existing], str] = lambda _, existing: existing.outputs["arn"],
) -> Retag:
    """Checks the permissions for these actions: moto has no such tags, or none that change."""

    def check(target: Target, existing: Existing, tags: Mapping[str, str]) -> None:
        removed, added = _difference(existing, tags)
        if removed:
            target.check_permission(remove, place(target, existing))
        if added:
            target.check_permission(add, place(target, existing))

    return check


def _difference(existing: Existing, tags: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The names of the tags that are no longer given, and the tags that are new or have another value."""
    former = existing.outputs["tagsAll"]
    added = {key: value for key, value in tags.items() if former.get(key) != value}
    return sorted(former.keys() - tags.keys()), added
