"""What sites push to the data layer for Google's recommended events, in the form of Google's own examples.

Each is a sequence of JavaScript expressions, pushed one after the other on a page that has `gtag`.
"""

from typing import Final

_ITEM = (
    "{item_id: 'SKU_1', item_name: 'Stan & Friends Tee', item_category: 'Apparel', price: 10.01, quantity: 3}"
)
_TWO = f"[{_ITEM}, {{item_id: 'SKU_2', item_name: 'Grey Tee', item_category: 'Apparel', price: 21.01}}]"
_RESET = "{ecommerce: null}"

ECOMMERCE: Final[dict[str, tuple[str, ...]]] = {
    "a purchase of one item": (
        f"""{{event: 'purchase', ecommerce: {{transaction_id: 'T_12345', value: 25.42, tax: 4.9,
            shipping: 5.99, currency: 'USD', coupon: 'SUMMER_SALE', customer_type: 'new',
            items: [{_ITEM}]}}}}""",
    ),
    "a purchase of two items after a reset": (
        _RESET,
        f"""{{event: 'purchase', ecommerce: {{transaction_id: 'T_2', value: 72.05, currency: 'EUR',
            coupon: null, items: {_TWO}}}}}""",
    ),
    "a purchase of twenty items": (
        """{event: 'purchase', ecommerce: {transaction_id: 'T_20', value: 200, currency: 'EUR',
            items: Array.from({length: 20}, (_, n) => ({item_id: 'LONGSKU-' + n, item_name: 'N, ' + n}))}}""",
    ),
    "a purchase with strings for numbers": (
        """{event: 'purchase', ecommerce: {transaction_id: 12345, value: '25.42', tax: '', shipping: '5,99',
            currency: 'USD', items: [{item_id: 7, item_name: 'Seven', item_category: ''}]}}""",
    ),
    "a purchase without items": (
        "{event: 'purchase', ecommerce: {transaction_id: 'T_3', value: 0, currency: 'EUR'}}",
    ),
    "a purchase with an empty list": (
        "{event: 'purchase', ecommerce: {transaction_id: 'T_4', value: 1, items: []}}",
    ),
    "a purchase with gaps in its items": (
        """{event: 'purchase', ecommerce: {transaction_id: 'T_5', items: [null, {item_name: 'No id'},
            undefined, {item_id: null, item_name: ' padded '}, {item_id: {a: 1}, item_category: ['x', 'y']},
            {item_id: true, item_name: NaN}, 'text', 3, [], {item_id: 'a|b', item_name: '|'}]}}""",
    ),
    "a purchase whose items have no known field": (
        "{event: 'purchase', ecommerce: {transaction_id: 'T_6', items: [{id: 1, name: 'old'}, {id: 2}]}}",
    ),
    "a purchase with a first name that is too long": (
        """{event: 'purchase', ecommerce: {transaction_id: 'T_7',
            items: [{item_id: 'a', item_name: 'x'.repeat(201)}, {item_id: 'b', item_name: 'short'}]}}""",
    ),
    "a purchase with names that just fit": (
        """{event: 'purchase', ecommerce: {transaction_id: 'T_8',
            items: [{item_name: 'x'.repeat(100)}, {item_name: '🎉'.repeat(49) + 'y'}, {item_name: 'z'}]}}""",
    ),
    "a purchase with names that were cut within an emoji": (
        """{event: 'purchase', ecommerce: {transaction_id: 'T_12', value: 3,
            items: [{item_id: 'a', item_name: 'Party 🎉'.substring(0, 7)},
                {item_id: 'b', item_name: 'Hat'}]}}""",
    ),
    "a purchase whose items are an object": (
        "{event: 'purchase', ecommerce: {transaction_id: 'T_9', items: {0: {item_id: 'a'}, length: 1}}}",
    ),
    "a purchase with no order number": (
        f"{{event: 'purchase', ecommerce: {{transaction_id: undefined, value: 3, items: [{_ITEM}]}}}}",
    ),
    "a purchase with an order number for nothing": (
        "{event: 'purchase', ecommerce: {transaction_id: '(not set)', value: 3}}",
    ),
    "two identical thank-you pages": (
        f"{{event: 'purchase', ecommerce: {{transaction_id: 'T_10', value: 3, items: [{_ITEM}]}}}}",
        _RESET,
        f"{{event: 'purchase', ecommerce: {{transaction_id: 'T_10', value: 3, items: [{_ITEM}]}}}}",
    ),
    "an order paid by invoice, then its partial refund": (
        "{event: 'purchase', ecommerce: {transaction_id: 'T_11', value: 9, payment_type: 'invoice'}}",
        f"{{event: 'refund', ecommerce: {{transaction_id: 'T_11', value: 3, items: [{_ITEM}]}}}}",
    ),
    "a cart without a reset, which keeps what was pushed before": (
        f"{{event: 'view_item', ecommerce: {{currency: 'EUR', value: 10, coupon: 'A', items: {_TWO}}}}}",
        "{event: 'add_to_cart', ecommerce: {value: 5, items: [{item_id: 'SKU_9'}]}}",
        f"{{event: 'begin_checkout', ecommerce: {{items: [{_ITEM}]}}}}",
    ),
    "values with characters that a URL encodes": (
        """{event: 'purchase', ecommerce: {transaction_id: 'A&B=C#?/%', currency: "it's (new)",
            coupon: '50 % für €;',
            items: [{item_id: 'a+b', item_name: '日本語 🎉', item_category: 'A > B / C'}]}}""",
    ),
    "truth values and lists for values": (
        """{event: 'add_payment_info', ecommerce: {currency: false, value: true, coupon: ['A', 'B'],
            payment_type: [{}, {}]}}""",
    ),
    "objects for values": (
        "{event: 'add_shipping_info', ecommerce: {currency: {}, value: {amount: 3}, shipping_tier: NaN}}",
    ),
    "a list of items that is viewed and selected from": (
        f"""{{event: 'view_item_list', ecommerce: {{item_list_id: 'related', item_list_name: 'Related, new',
            items: {_TWO}}}}}""",
        f"{{event: 'select_item', ecommerce: {{item_list_id: 'related', items: [{_ITEM}]}}}}",
    ),
    "a promotion": (
        f"""{{event: 'view_promotion', ecommerce: {{creative_name: 'Summer', creative_slot: 'featured_1',
            promotion_id: 'P_1', promotion_name: 'Summer Sale', items: [{_ITEM}]}}}}""",
        "{event: 'select_promotion', ecommerce: {promotion_id: 'P_1', items: []}}",
    ),
    "the other steps of a shop": tuple(
        f"{{event: '{event}', ecommerce: {{currency: 'EUR', value: 4, items: [{_ITEM}]}}}}"
        for event in ("remove_from_cart", "view_cart", "add_to_wishlist")
    ),
    "ecommerce that is text": ("{event: 'purchase', ecommerce: 'none'}",),
    "ecommerce that was never pushed": ("{event: 'purchase'}",),
    "a registration and a sign-in": (
        "{event: 'sign_up', method: 'email'}",
        "{event: 'login', method: 'Google'}",
        "{event: 'login', method: undefined}",
    ),
    "leads": (
        "{event: 'generate_lead', currency: 'USD', value: 30.03, lead_source: 'Trade show'}",
        "{event: 'working_lead', lead_status: 'contacted'}",
        "{event: 'close_unconvert_lead', value: 'unknown', unconvert_lead_reason: null}",
        "{event: 'disqualify_lead', disqualified_lead_reason: ''}",
    ),
    "a search beside a shop's data": (
        "{event: 'view_item', ecommerce: {value: 3, currency: 'EUR'}}",
        "{event: 'search', search_term: 'tea & cups', ecommerce: {search_term: 'other'}}",
    ),
    "content and games": (
        "{event: 'share', method: 'Mail', content_type: 'image', item_id: 'C_1'}",
        "{event: 'select_content', content_type: 'product', content_id: 'C_2'}",
        "{event: 'post_score', score: 10000, level: 5, character: 'Player 1'}",
        "{event: 'level_end', level_name: 'The journey', success: true}",
        "{event: 'tutorial_begin'}",
    ),
    "a visitor who signs out": (
        "{event: 'login', method: 'email'}",
        "{endpoint_id: null}",
        "{event: 'login', method: 'email'}",
    ),
}
"""Pages that push GA4's data themselves."""

EVENT_MODEL: Final[dict[str, tuple[str, ...]]] = {
    "a purchase by gtag": (
        f"""gtag('event', 'purchase', {{transaction_id: 'G_1', value: 25.42, tax: 4.9, currency: 'USD',
            coupon: '', items: {_TWO}}})""",
    ),
    "two purchases by gtag": (
        f"gtag('event', 'purchase', {{transaction_id: 'G_2', value: 1, currency: 'EUR', items: [{_ITEM}]}})",
        "gtag('event', 'purchase', {transaction_id: 'G_3'})",
    ),
    "an event of gtag without data": ("gtag('event', 'login')",),
    "events outside online sales by gtag": (
        "gtag('event', 'generate_lead', {currency: 'USD', value: 30.03, lead_source: null})",
        "gtag('event', 'search', {search_term: 'tea'})",
        "gtag('event', 'share', {method: {}, item_id: ['a', 'b']})",
    ),
    "a push on a page of gtag": (
        "gtag('event', 'view_item', {currency: 'EUR', value: 7})",
        "{event: 'login', method: 'email', ecommerce: {value: 3}}",
    ),
}
"""Pages that call gtag('event', …)."""
