// Examples of GA4's recommended events, as a site pushes them for GA4.

const ITEMS = [
  { item_id: "SKU-1", item_name: "Blue shirt", item_category: "Shirts", price: 19.99, quantity: 2 },
  { item_id: "SKU-2", item_name: "Cap", item_category: "Hats", price: 9.5, quantity: 1 },
];
const CART = { currency: "EUR", value: 49.48, items: ITEMS };
// A new order with each load of the page; the same one for each click.
const ORDER = "T-" + Date.now().toString(36).toUpperCase();

const PURCHASE_HINT =
  "Send it twice, as a reloaded thank-you page does: Customer Profiles keeps one, because the transaction id is the same.";

/** By event name: what follows `event` in the push. */
export const EXAMPLES = {
  purchase: {
    ecommerce: { transaction_id: ORDER, value: 49.48, currency: "EUR", tax: 7.9, shipping: 0, coupon: "SUMMER", items: ITEMS },
  },
  add_to_cart: { ecommerce: { currency: "EUR", value: 39.98, items: ITEMS.slice(0, 1) } },
  view_item: { ecommerce: { currency: "EUR", value: 19.99, items: ITEMS.slice(0, 1) } },
  begin_checkout: { ecommerce: { ...CART, coupon: "SUMMER" } },
  add_payment_info: { ecommerce: { ...CART, payment_type: "card" } },
  refund: { ecommerce: { transaction_id: ORDER, value: 9.5, currency: "EUR", items: ITEMS.slice(1) } },
  sign_up: { method: "email" },
  login: { method: "email" },
  generate_lead: { currency: "EUR", value: 30, lead_source: "newsletter" },
  search: { search_term: "blue shirt" },
};

export function hintFor(event) {
  const hint = "Try what your site really pushes, with missing keys and null values, too.";
  return event === "purchase" ? PURCHASE_HINT : hint;
}
