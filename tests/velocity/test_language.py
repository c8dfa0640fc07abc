"""Every template that the local renderer accepts, it renders as Apache Velocity 1.7 does."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from local.apigateway.velocity import MappingTemplate, MappingTemplateError, Parameters
from tests.velocity.engine import Velocity

REQUEST: Final[dict[str, Any]] = {
    "body": "Text of the body",
    "querystring": {"event": "purchase", "a b": " Spaces ", "": "ünï*", "$a": "${b}##"},
    "header": {"Origin": "https://a.example"},
    "context": {"stage": "dev", "requestTimeEpoch": 1795252800123, "authorizer": {"proof": "proven"}},
}
SETTINGS: Final = settings(max_examples=50)

space = st.sampled_from(["", "", "", " ", "  "])
some_space = st.sampled_from([" ", "  "])
line_end = st.sampled_from(
    ["", "", "##\n", "##\r\n", "\n", " \n", "\t\r\n", "\r", "## a #comment ${b}\n", " ##\n"]
)
own_name = st.sampled_from(["a", "b", "a-b", "_c", "n1"])
text = st.text("ab1 \t\n\r.,:;-_=&%+*!?|/()[]{}<>'\"@~^`é🎉", max_size=6)
single_quoted = (
    st.text('ab1 $#{}!."\\x()é-', max_size=5).filter(lambda s: not s.endswith("\\")).map("'{}'".format)
)
double_quoted = (
    st.text("ab1 {}!.'\\x()é-", max_size=5).filter(lambda s: not s.endswith("\\")).map('"{}"'.format)
)

# The beginning of every template, so that each name has a value.
KNOWN: Final = (
    "#set($query = $input.params().querystring)##\n"
    "#set($a = 'A')##\n#set($b = \"b\")##\n#set($a-b = ' A b ')##\n#set($_c = 'c')##\n#set($n1 = 'n')##\n"
    "#set($truth = true)##\n"
)


def named(name: str, strategy: Callable[[], st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    """Give a strategy a short name. Hypothesis is slow with long descriptions of nested strategies."""

    def drawn(draw: st.DrawFn) -> str:
        return draw(strategy())

    drawn.__name__ = name
    return st.composite(drawn)()


def references(dotted: st.SearchStrategy[str], *, written: bool = False) -> st.SearchStrategy[str]:
    """References to a dotted name, with or without braces."""
    in_braces = dotted.map("${{{}}}".format)
    return in_braces if written else st.one_of(in_braces, dotted.map("${}".format))


def call(target: st.SearchStrategy[str], *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    listed = st.tuples(*(st.tuples(space, argument, space).map("".join) for argument in arguments)).map(
        ",".join
    )
    return st.tuples(target, listed).map(lambda parts: f"{parts[0]}({parts[1]})")


def dotted_strings(string: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """References to strings: names, properties, and calls of methods, also nested."""
    plain = st.sampled_from(["input.body", "context.stage", "context.authorizer.proof"]) | own_name
    base = st.one_of(
        plain,
        call(st.just("input.params"), st.sampled_from(["'event'", '"Origin"', "'none'"])),
        call(st.just("query.get"), st.sampled_from(["'event'", '"a b"', "''"])),
        call(st.just("util.urlEncode"), string),
        call(st.just("util.escapeJavaScript"), string),
    )
    changed = base.flatmap(
        lambda target: st.sampled_from([".trim()", ".toLowerCase()", ".toUpperCase()"]).map(
            lambda method: target + method
        )
    )
    replaced = call(
        base.map("{}.replaceAll".format),
        st.sampled_from(["'a'", '"^[A-Z]+"', "'(?:a|b)++'", r"'\x20'", "'x+'"]),
        st.sampled_from(["''", '"-"', "'a b'"]),
    )
    return st.one_of(base, changed, replaced)


dotted = named("dotted", lambda: dotted_strings(strings))
strings = named("strings", lambda: st.one_of(single_quoted, double_quoted, references(dotted)))
numbers = st.one_of(
    st.integers(-999999999, 999999999).map(str),
    references(st.just("context.requestTimeEpoch")),
    references(dotted.map("{}.length()".format)),
    references(st.just("query.size()")),
)
questions = references(
    st.one_of(
        call(
            st.tuples(
                dotted,
                st.sampled_from(["contains", "startsWith", "endsWith", "equals", "equalsIgnoreCase"]),
            ).map(".".join),
            strings,
        ),
        call(st.just("query.containsKey"), strings),
        st.just("query.isEmpty()"),
        dotted.map("{}.isEmpty()".format),
    )
)


def between(
    left: st.SearchStrategy[str], operators: list[str], right: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    return st.tuples(left, space, st.sampled_from(operators), space, right).map("".join)


equality = st.one_of(*(between(kind, ["==", "!="], kind) for kind in (strings, numbers)))
_truths = st.recursive(
    st.one_of(st.sampled_from(["true", "false"]), questions, equality),
    lambda inner: st.one_of(
        between(inner, ["&&", "||"], inner),
        st.tuples(st.just("!"), space, inner.map("({})".format)).map("".join),
        st.tuples(st.just("("), space, inner, space, st.just(")")).map("".join),
        between(inner.map("({})".format), ["==", "!="], inner.map("({})".format)),
    ),
    max_leaves=4,
)
truths = named("truths", lambda: _truths)


def directive(name: str, content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(space, space, content, space, line_end).map(
        lambda parts: f"#{name}{parts[0]}({parts[1]}{parts[2]}{parts[3]}){parts[4]}"
    )


def closing(name: str) -> st.SearchStrategy[str]:
    # Letters directly after `#end` become part of its name.
    return st.tuples(
        st.sampled_from([f"#{{{name}}}", f"#{name}##\n", f"#{name}\n", f"#{name} "]), line_end
    ).map("".join)


written = references(st.one_of(dotted, own_name, st.just("context.requestTimeEpoch")), written=True)
overridden = st.sampled_from(["Access-Control-Allow-Origin", "X-A", "Vary"]).map(
    "$context.responseOverride.header.{}".format
)
# Velocity drops a space before #set, so none stands there.
before_set = st.sampled_from(["##\n", "${a}", "|", "#if(true)#end"])
assignments = st.tuples(
    before_set,
    directive(
        "set",
        st.one_of(
            between(own_name.map("${}".format), ["="], strings),
            between(st.just("$truth"), ["="], truths),
            between(overridden, ["="], strings),
            between(st.just("$context.responseOverride.status"), ["="], st.just("204")),
        ),
    ),
    st.sampled_from(["", "${truth}"]),
).map("".join)


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    elseif = st.tuples(directive("elseif", truths), inner).map("".join)
    choice = st.tuples(
        directive("if", truths),
        inner,
        st.one_of(st.just(""), elseif),
        st.one_of(st.just(""), st.tuples(closing("else"), inner).map("".join)),
        closing("end"),
    ).map("".join)
    walked = st.tuples(own_name, some_space, some_space, references(st.just("query.keySet()"))).map(
        lambda parts: f"${parts[0]}{parts[1]}in{parts[2]}{parts[3]}"
    )
    loop = st.tuples(directive("foreach", walked), inner, closing("end")).map("".join)
    return st.lists(st.one_of(inner, choice, loop), max_size=3).map("".join)


_templates = st.recursive(st.one_of(text, written, assignments, st.just("##\n")), blocks, max_leaves=6)
templates = named("templates", lambda: _templates.map(KNOWN.__add__))


def assert_same_or_refused(template: str, velocity: Velocity) -> None:
    try:
        ours = MappingTemplate(template).render(
            body=REQUEST["body"],
            parameters=Parameters(querystring=REQUEST["querystring"], header=REQUEST["header"]),
            context=REQUEST["context"],
        )
    except MappingTemplateError:
        return
    theirs = velocity.mapping_template(template, **REQUEST)
    assert (ours.text, ours.headers, ours.status) == (theirs.text, theirs.headers, theirs.status), (
        theirs.error
    )


@given(template=templates)
@SETTINGS
def test_a_template_of_the_language_renders_as_in_velocity(template: str, velocity: Velocity) -> None:
    ours = MappingTemplate(template).render(
        body=REQUEST["body"],
        parameters=Parameters(querystring=REQUEST["querystring"], header=REQUEST["header"]),
        context=REQUEST["context"],
    )
    theirs = velocity.mapping_template(template, **REQUEST)

    assert (ours.text, ours.headers, ours.status) == (theirs.text, theirs.headers, theirs.status), (
        theirs.error
    )


MUTANTS: Final = "$#{}()[]!.'\"\\ \n\r\t-=&|,_:;ab1*@"


@given(
    template=templates,
    changes=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 2), st.text(MUTANTS, max_size=3)), min_size=1, max_size=4
    ),
)
@SETTINGS
def test_a_mistyped_template_is_refused_or_renders_as_in_velocity(
    template: str, changes: list[tuple[float, int, str]], velocity: Velocity
) -> None:
    for place, removed, inserted in changes:
        at = len(KNOWN) + int(place * (len(template) - len(KNOWN)))
        template = template[:at] + inserted + template[at + removed :]

    assert_same_or_refused(template, velocity)


PIECES: Final = [
    *(
        "$",
        "${",
        "$!{",
        "}",
        "#",
        "##",
        "\\",
        "#if(",
        "#elseif(",
        "#else",
        "#{else}",
        "#end",
        "#{end}",
        ")",
        "(",
    ),
    *(
        "#set(",
        "#foreach(",
        "$a",
        "${a}",
        "$a-",
        "a",
        ".",
        ".trim()",
        "-",
        " ",
        "\n",
        "\r",
        "'",
        '"',
        "'x'",
        '"x"',
    ),
    *(
        "==",
        "!=",
        "=",
        "!",
        "&&",
        "||",
        "true",
        "false",
        "1",
        "-1",
        ",",
        " in ",
        "$query",
        "$query.keySet()",
        "and",
    ),
    *(
        "#if(true)",
        "#if(false)",
        "#set($a = 'y')",
        "#foreach($a in $query.keySet())",
        "*",
        "#*",
        "*#",
        "[[",
        "]]#",
    ),
]


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12))
@example(pieces=["#if(true)", "a", "#else", "-", "#end"])
@example(pieces=["#if(true)", "a", "#end", "("])
@SETTINGS
def test_pieces_in_any_order_are_refused_or_render_as_in_velocity(
    pieces: list[str], velocity: Velocity
) -> None:
    assert_same_or_refused(KNOWN + "".join(pieces), velocity)
