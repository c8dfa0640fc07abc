"""How services change the tags of a resource: most have one call that adds, and one that takes away."""

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
        client, former = target.client(service), existing.outputs["tagsAll"]
        place = {named_by: existing.outputs[output]}
        tags_parameter, keys_parameter = parameters
        if removed := sorted(former.keys() - tags.keys()):
            getattr(client, f"untag_{what}")(**place, **{keys_parameter: removed})
        if added := {key: value for key, value in tags.items() if former.get(key) != value}:
            getattr(client, f"tag_{what}")(
                **place, **{tags_parameter: as_pairs(added) if in_pairs else added}
            )

    return change
