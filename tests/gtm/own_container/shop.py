"""A container of a shop with GA4: 20 tags, three of each kind; three triggers and variables of each kind."""

from collections.abc import Iterable, Sequence

from tests.gtm.own_container.exports import (
    Part,
    boolean,
    condition,
    cookie_variable,
    data_layer_variable,
    event_trigger,
    export,
    ga4_tag,
    settings_variable,
    table,
    tag,
    template,
    trigger,
    variable,
)


def _html_tag(tag_id: str, name: str, triggers: Sequence[str]) -> Part:
    parameters = [template("html", "<script>/* … */</script>"), boolean("supportDocumentWrite", value=False)]
    return tag(tag_id, name, "html", parameters, triggers)


def _template_tag(tag_id: str, name: str, triggers: Sequence[str]) -> Part:
    return tag(tag_id, name, "cvt_178901234_41", [template("pixelId", "1029384756")], triggers)


def _google_tag(tag_id: str, name: str, identifier: str, more: Iterable[Part] = ()) -> Part:
    return tag(tag_id, name, "googtag", [template("tagId", identifier), *more], ["2147479573"])


def export_of_shop() -> Part:
    needed = {
        "consentStatus": "NEEDED",
        "consentType": {"type": "LIST", "list": [{"type": "TEMPLATE", "value": "ad_storage"}]},
    }
    tags = [
        _google_tag(
            "10",
            "Google tag - GA4",
            "{{GA4 ID}}",
            [template("configSettingsVariable", "{{Config settings}}")],
        ),
        _google_tag("11", "Google tag - Ads", "AW-123456789"),
        _google_tag(
            "12", "Google tag - Test", "G-TEST123456", [table("configSettingsTable", {"debug_mode": "true"})]
        ),
        # With ecommerce data.
        ga4_tag("20", "purchase", ["101"], ecommerce=True, rows={"store": "{{DLV - shop.id}}"}),
        ga4_tag("21", "add_to_cart", ["102"], ecommerce=True),
        ga4_tag("22", "{{Event}}", ["104"], ecommerce=True, name="GA4 - steps of the checkout"),
        # With parameters of their own.
        ga4_tag(
            "30",
            "generate_lead",
            ["103"],
            rows={
                "form_id": "{{DLV - form.id}}",
                "value": "{{DLV - form.value}}",
                "user_id": "{{DLV - user.id}}",
            },
            settings="{{Event settings}}",
        ),
        ga4_tag("31", "article_read", ["105"], rows={"topic": "{{DLV - article.topic}}", "plan": "free"}),
        ga4_tag("32", "newsletter", ["106"], consentSettings=needed),
        # That cannot be read.
        ga4_tag("40", "phone_click", ["110"]),
        ga4_tag("41", "page_view", ["2147479553"]),
        ga4_tag("42", "refund", ["107"], ecommerce=True, paused=True),
        _html_tag("50", "Hotjar", ["2147479553"]),
        _html_tag("51", "Chat", ["113"]),
        _html_tag("52", "Survey", ["101"]),
        _template_tag("60", "Meta - PageView", ["2147479553"]),
        _template_tag("61", "Meta - AddToCart", ["102"]),
        _template_tag("62", "Meta - Purchase", ["101"]),
        tag("70", "Ads - purchase", "awct", [template("conversionId", "{{Ads ID}}")], ["101"]),
        tag("71", "Ads - lead", "awct", [template("conversionId", "{{Ads ID}}")], ["103"]),
    ]
    triggers = [
        event_trigger("101", "purchase"),
        event_trigger("102", "add_to_cart"),
        event_trigger("103", "form_sent"),
        event_trigger(
            "104",
            "^(begin_checkout|add_shipping_info|add_payment_info)$",
            "MATCH_REGEX",
            name="CE - checkout",
        ),
        event_trigger("105", "article", filters=[condition("EQUALS", "{{DLV - article.read}}", "true")]),
        event_trigger("106", "newsletter", filters=[condition("CONTAINS", "{{Page URL}}", "/blog")]),
        event_trigger("107", "refund"),
        event_trigger("108", "^wishlist_.*", "MATCH_REGEX"),
        event_trigger("109", "quiz_done"),
        trigger(
            "110", "Click - phone", "LINK_CLICK", filter=[condition("STARTS_WITH", "{{Click Text}}", "+")]
        ),
        trigger("111", "Click - mail", "LINK_CLICK", filter=[condition("CONTAINS", "{{Click Text}}", "@")]),
        trigger("112", "Click - menu", "CLICK", filter=[condition("EQUALS", "{{Click Text}}", "Menu")]),
        trigger("113", "DOM ready", "DOM_READY"),
        trigger(
            "114",
            "Cart and consent",
            "TRIGGER_GROUP",
            parameter=[
                {
                    "type": "LIST",
                    "key": "triggerIds",
                    "list": [{"type": "TRIGGER_REFERENCE", "value": each} for each in ("102", "113")],
                }
            ],
        ),
    ]
    variables = [
        data_layer_variable("201", "user.id"),
        data_layer_variable("202", "shop.id"),
        data_layer_variable("203", "form.id"),
        data_layer_variable("204", "form.value", default="0"),
        data_layer_variable("205", "article.topic"),
        data_layer_variable("206", "article.read"),
        data_layer_variable("207", "user.email"),
        variable("211", "GA4 ID", "c", [template("value", "G-ABCDEF1234")]),
        variable("212", "Ads ID", "c", [template("value", "123456789")]),
        variable("213", "Currency", "c", [template("value", "EUR")]),
        variable(
            "221",
            "JS - hour",
            "jsm",
            [template("javascript", "function() { return new Date().getHours(); }")],
        ),
        variable("222", "JS - total", "jsm", [template("javascript", "function() { return 1; }")]),
        variable("223", "JS - device", "jsm", [template("javascript", "function() { return 'phone'; }")]),
        variable(
            "231",
            "Cookie - campaign",
            "k",
            [boolean("decodeCookie", value=False), template("name", "campaign")],
        ),
        variable(
            "232",
            "Cookie - test group",
            "k",
            [boolean("decodeCookie", value=False), template("name", "group")],
        ),
        cookie_variable("233", "Cookie - language", "lang"),
        settings_variable(
            "241",
            "Config settings",
            "gtcs",
            [table("configSettingsTable", {"send_page_view": "false", "user_id": "{{DLV - user.id}}"})],
        ),
        settings_variable(
            "242",
            "Event settings",
            "gtes",
            [
                table(
                    "eventSettingsTable",
                    {
                        "campaign": "{{Cookie - campaign}}",
                        "hour": "{{JS - hour}}",
                        "user_data.email": "{{DLV - user.email}}",
                    },
                ),
                table("userProperties", {"language": "{{Cookie - language}}"}, ("name", "value")),
            ],
        ),
        settings_variable(
            "243", "Other settings", "gtes", [table("eventSettingsTable", {"site": "{{Page URL}}"})]
        ),
    ]
    return export(tags, triggers, variables)
