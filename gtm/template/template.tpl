___INFO___

{
  "type": "TAG",
  "id": "cvt_temp_public_id",
  "version": 1,
  "securityGroups": [],
  "displayName": "gtm-pixel event",
  "categories": [
    "ANALYTICS",
    "MARKETING",
    "PERSONALIZATION"
  ],
  "brand": {
    "id": "brand_dummy",
    "displayName": ""
  },
  "description": "Sends a customer event to your own gtm-pixel endpoint on AWS: an event type, the endpoint it belongs to, event attributes, metrics and profile updates. Loads no script and sets no cookie.",
  "containerContexts": [
    "WEB"
  ]
}


___TEMPLATE_PARAMETERS___

[
  {
    "type": "TEXT",
    "name": "eventsUrl",
    "displayName": "Endpoint URL",
    "simpleValueType": true,
    "help": "The output \u003cb\u003eevents_url\u003c/b\u003e of your stack. Its host must be among the template\u0027s permissions.",
    "valueHint": "https://….amazonaws.com/v1/events",
    "valueValidators": [
      {
        "type": "NON_EMPTY"
      },
      {
        "type": "REGEX",
        "args": [
          "^https://[^/?#]+/[^?#]+$"
        ],
        "errorMessage": "Enter a URL that begins with https:// and ends with its path."
      }
    ]
  },
  {
    "type": "TEXT",
    "name": "eventName",
    "displayName": "Event name",
    "simpleValueType": true,
    "help": "\u003cb\u003e{{Event}}\u003c/b\u003e sends the name that fired the trigger.",
    "valueHint": "{{Event}}",
    "valueValidators": [
      {
        "type": "NON_EMPTY"
      }
    ]
  },
  {
    "type": "TEXT",
    "name": "endpointId",
    "displayName": "Endpoint id",
    "simpleValueType": true,
    "help": "The variable that names the customer\u0027s endpoint. If it has no value, no event is sent and the tag fails.",
    "valueHint": "{{endpoint_id}}",
    "valueValidators": [
      {
        "type": "NON_EMPTY"
      }
    ]
  },
  {
    "type": "GROUP",
    "name": "eventGroup",
    "displayName": "What happened",
    "groupStyle": "ZIPPY_OPEN",
    "subParams": [
      {
        "type": "SELECT",
        "name": "ga4",
        "displayName": "Data of Google Analytics 4",
        "macrosInSelect": false,
        "selectItems": [
          {
            "value": "none",
            "displayValue": "Send none"
          },
          {
            "value": "ecommerce",
            "displayValue": "Send what the page pushes: dataLayer.push({event, ecommerce: {…}})"
          },
          {
            "value": "eventModel",
            "displayValue": "Send what the page passes to gtag(\u0027event\u0027, NAME, {…})"
          }
        ],
        "simpleValueType": true,
        "defaultValue": "none",
        "help": "For Google\u0027s recommended events (\u003cb\u003epurchase\u003c/b\u003e, \u003cb\u003eadd_to_cart\u003c/b\u003e, \u003cb\u003esign_up\u003c/b\u003e …): their value, currency, items and so on. For other events nothing is added. A row below replaces what it names; a row without a value leaves it out."
      },
      {
        "type": "SIMPLE_TABLE",
        "name": "eventAttributes",
        "displayName": "Event attributes (text)",
        "simpleTableColumns": [
          {
            "defaultValue": "",
            "displayName": "Name",
            "name": "name",
            "type": "TEXT",
            "isUnique": true,
            "valueValidators": [
              {
                "type": "STRING_LENGTH",
                "args": [
                  1,
                  50
                ]
              }
            ]
          },
          {
            "defaultValue": "",
            "displayName": "Value",
            "name": "value",
            "type": "TEXT"
          }
        ],
        "newRowButtonText": "Add event attribute"
      },
      {
        "type": "SIMPLE_TABLE",
        "name": "metrics",
        "displayName": "Event metrics (numbers)",
        "simpleTableColumns": [
          {
            "defaultValue": "",
            "displayName": "Name",
            "name": "name",
            "type": "TEXT",
            "isUnique": true,
            "valueValidators": [
              {
                "type": "STRING_LENGTH",
                "args": [
                  1,
                  50
                ]
              }
            ]
          },
          {
            "defaultValue": "",
            "displayName": "Value",
            "name": "value",
            "type": "TEXT"
          }
        ],
        "newRowButtonText": "Add metric"
      },
      {
        "type": "TEXT",
        "name": "eventId",
        "displayName": "Event id",
        "simpleValueType": true,
        "help": "Your own id of the event, such as an order number. The same id makes two messages one event. Empty: a purchase with GA4 data has its \u003cb\u003etransaction_id\u003c/b\u003e, any other event none.",
        "valueHint": "{{order_id}}"
      },
      {
        "type": "TEXT",
        "name": "timestamp",
        "displayName": "Time of the event",
        "simpleValueType": true,
        "help": "ISO 8601, or milliseconds since 1970. Read only if your stack\u0027s setting \u003cb\u003etimestampSource\u003c/b\u003e is \u003cb\u003eurl\u003c/b\u003e. Empty: the time of the request.",
        "valueHint": "{{event_time}}"
      }
    ]
  },
  {
    "type": "GROUP",
    "name": "profileGroup",
    "displayName": "Profile updates",
    "groupStyle": "ZIPPY_CLOSED",
    "subParams": [
      {
        "type": "SIMPLE_TABLE",
        "name": "userAttributes",
        "displayName": "User attributes",
        "help": "They update the customer\u0027s profile if your stack\u0027s setting \u003cb\u003eprofileUpdates\u003c/b\u003e allows it.",
        "simpleTableColumns": [
          {
            "defaultValue": "",
            "displayName": "Name",
            "name": "name",
            "type": "TEXT",
            "isUnique": true,
            "valueValidators": [
              {
                "type": "REGEX",
                "args": [
                  "^[^#:?\\\\/]{1,50}$"
                ],
                "errorMessage": "1 to 50 characters, none of # : ? \\ /"
              }
            ]
          },
          {
            "defaultValue": "",
            "displayName": "Value",
            "name": "value",
            "type": "TEXT"
          }
        ],
        "newRowButtonText": "Add user attribute"
      },
      {
        "type": "TEXT",
        "name": "token",
        "displayName": "Customer\u0027s token",
        "simpleValueType": true,
        "help": "Authenticated scenario only: the variable with the signed-in customer\u0027s short-lived JSON Web Token.",
        "valueHint": "{{id_token}}"
      }
    ]
  },
  {
    "type": "GROUP",
    "name": "previewGroup",
    "displayName": "Preview",
    "groupStyle": "ZIPPY_CLOSED",
    "subParams": [
      {
        "type": "RADIO",
        "name": "preview",
        "displayName": "In GTM\u0027s Preview",
        "radioItems": [
          {
            "value": "send",
            "displayValue": "Send to the endpoint URL"
          },
          {
            "value": "test",
            "displayValue": "Send to a test stack"
          },
          {
            "value": "nothing",
            "displayValue": "Send nothing"
          }
        ],
        "simpleValueType": true,
        "defaultValue": "send",
        "help": "\u003cb\u003ePreview runs tags for real: what it sends to the endpoint URL writes real profiles and can start real campaigns.\u003c/b\u003e"
      },
      {
        "type": "TEXT",
        "name": "previewEventsUrl",
        "displayName": "Endpoint URL of the test stack",
        "simpleValueType": true,
        "help": "The output \u003cb\u003eevents_url\u003c/b\u003e of your test stack. Its host must be among the template\u0027s permissions.",
        "valueHint": "https://….amazonaws.com/v1/events",
        "valueValidators": [
          {
            "type": "NON_EMPTY"
          },
          {
            "type": "REGEX",
            "args": [
              "^https://[^/?#]+/[^?#]+$"
            ],
            "errorMessage": "Enter a URL that begins with https:// and ends with its path."
          }
        ],
        "enablingConditions": [
          {
            "paramName": "preview",
            "paramValue": "test",
            "type": "EQUALS"
          }
        ]
      }
    ]
  }
]


___SANDBOXED_JS_FOR_WEB_TEMPLATE___

const copyFromDataLayer = require('copyFromDataLayer');
const decodeUriComponent = require('decodeUriComponent');
const encodeUriComponent = require('encodeUriComponent');
const generateRandom = require('generateRandom');
const getContainerVersion = require('getContainerVersion');
const getType = require('getType');
const makeString = require('makeString');
const sendPixel = require('sendPixel');

// ---- Both templates have the following part. A test compares them. ----

// Strings that other tags and variables write for missing values. The event processor has the same lists.
const STRINGS_WITHOUT_VALUE = ['undefined', 'null', 'NaN', 'Invalid Date'];
const STRINGS_WITHOUT_IDENTITY = [
  'undefined', 'null', 'nan', 'invalid date', 'false', 'true', '0',
  'infinity', '-infinity', 'none', '(not set)', '(none)'
];
const BLANKS =
  '\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u000f' +
  '\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f' +
  '\u0020\u007f\u0080\u0081\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008d' +
  '\u008e\u008f\u0090\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099\u009a\u009b\u009c\u009d' +
  '\u009e\u009f\u00a0\u00ad\u061c\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008' +
  '\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f' +
  '\u2060\u2061\u2062\u2063\u2064\u2065\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f' +
  '\u3000\ufeff';
const QUOTES = '"\u0027`';
// The event processor rejects longer event names and endpoint ids.
const LONGEST_ID = 255;

// The most characters of an attribute that every destination takes. A list ends before that.
const LONGEST_LIST = 200;
const LIST_SEPARATOR = '|';

// Google's recommended events, and the event attributes, metrics and event id that each has in GA4's data. Those of
// online sales have a list of items, too. The kit has the same presets (gtm/ga4.py).
const GA4_EVENTS = [
  {event: 'purchase', ecommerce: true, eventId: 'transaction_id',
   attributes: ['transaction_id', 'currency', 'coupon', 'customer_type', 'payment_type'],
   metrics: ['value', 'tax', 'shipping']},
  {event: 'refund', ecommerce: true,
   attributes: ['transaction_id', 'currency', 'coupon'], metrics: ['value', 'tax', 'shipping']},
  {event: 'add_to_cart', ecommerce: true, attributes: ['currency'], metrics: ['value']},
  {event: 'remove_from_cart', ecommerce: true, attributes: ['currency'], metrics: ['value']},
  {event: 'view_cart', ecommerce: true, attributes: ['currency'], metrics: ['value']},
  {event: 'add_to_wishlist', ecommerce: true, attributes: ['currency'], metrics: ['value']},
  {event: 'begin_checkout', ecommerce: true, attributes: ['currency', 'coupon'], metrics: ['value']},
  {event: 'add_shipping_info', ecommerce: true,
   attributes: ['currency', 'coupon', 'shipping_tier'], metrics: ['value']},
  {event: 'add_payment_info', ecommerce: true, attributes: ['currency', 'coupon', 'payment_type'], metrics: ['value']},
  {event: 'view_item', ecommerce: true, attributes: ['currency'], metrics: ['value']},
  {event: 'view_item_list', ecommerce: true,
   attributes: ['item_list_id', 'item_list_name', 'currency'], metrics: ['value']},
  {event: 'select_item', ecommerce: true, attributes: ['item_list_id', 'item_list_name'], metrics: []},
  {event: 'view_promotion', ecommerce: true,
   attributes: ['promotion_id', 'promotion_name', 'creative_name', 'creative_slot'], metrics: []},
  {event: 'select_promotion', ecommerce: true,
   attributes: ['promotion_id', 'promotion_name', 'creative_name', 'creative_slot'], metrics: []},
  {event: 'generate_lead', attributes: ['currency', 'lead_source'], metrics: ['value']},
  {event: 'qualify_lead', attributes: ['currency'], metrics: ['value']},
  {event: 'disqualify_lead', attributes: ['currency', 'disqualified_lead_reason'], metrics: ['value']},
  {event: 'working_lead', attributes: ['currency', 'lead_status'], metrics: ['value']},
  {event: 'close_convert_lead', attributes: ['currency'], metrics: ['value']},
  {event: 'close_unconvert_lead', attributes: ['currency', 'unconvert_lead_reason'], metrics: ['value']},
  {event: 'sign_up', attributes: ['method'], metrics: []},
  {event: 'login', attributes: ['method'], metrics: []},
  {event: 'search', attributes: ['search_term'], metrics: []},
  {event: 'share', attributes: ['method', 'content_type', 'item_id'], metrics: []},
  {event: 'select_content', attributes: ['content_type', 'content_id'], metrics: []},
  {event: 'join_group', attributes: ['group_id'], metrics: []},
  {event: 'earn_virtual_currency', attributes: ['virtual_currency_name'], metrics: ['value']},
  {event: 'spend_virtual_currency', attributes: ['virtual_currency_name', 'item_name'], metrics: ['value']},
  {event: 'level_start', attributes: ['level_name'], metrics: []},
  {event: 'level_end', attributes: ['level_name', 'success'], metrics: []},
  {event: 'level_up', attributes: ['character'], metrics: ['level']},
  {event: 'post_score', attributes: ['character'], metrics: ['score', 'level']},
  {event: 'unlock_achievement', attributes: ['achievement_id'], metrics: []},
  {event: 'tutorial_begin', attributes: [], metrics: []},
  {event: 'tutorial_complete', attributes: [], metrics: []}
];
const ITEM_LISTS = [
  {name: 'item_ids', field: 'item_id'},
  {name: 'item_names', field: 'item_name'},
  {name: 'item_categories', field: 'item_category'}
];
const ITEM_COUNT = 'item_count';

/** A value as a string, or undefined if it is missing. An empty string is a value. */
function textOf(value) {
  const type = getType(value);
  if (type !== 'string' && type !== 'number' && type !== 'boolean' && type !== 'array') return undefined;
  const text = makeString(value);
  if (STRINGS_WITHOUT_VALUE.indexOf(text) !== -1 || holdsObjectsOnly(text)) return undefined;
  return text;
}

/** A field's value as a string, or undefined if it is missing or the field is empty. */
function filledIn(value) {
  return textOf(value) || undefined;
}

/** A string, encoded for a query; undefined if there is none. */
function encoded(text) {
  return text === undefined ? undefined : encodeUriComponent(text);
}

/** Whether a string can be an event name, endpoint id or event id. */
function identifies(text) {
  let decoded = text;
  // A value that was encoded twice is still encoded after one decoding.
  for (let decodings = 0; decodings < 4 && decoded !== undefined; decodings++) {
    if (namesNothing(decoded)) return false;
    decoded = decodeUriComponent(decoded.split('+').join(' '));
  }
  return true;
}

/** An event name or endpoint id, encoded for a query, or undefined if the value identifies nothing. */
function encodedIdentity(value) {
  const text = filledIn(value);
  if (text === undefined || text.length > LONGEST_ID || !identifies(text)) return undefined;
  return encodeUriComponent(text);
}

/** An event id, or undefined if the value identifies nothing. */
function eventIdOf(value) {
  const text = filledIn(value);
  return text !== undefined && identifies(text) ? text : undefined;
}

/** A string without [object Object] and the like. */
function withoutObjects(text) {
  const start = text.indexOf('[object ');
  const end = start === -1 ? -1 : text.indexOf(']', start);
  if (end === -1) return text;
  return text.substring(0, start) + withoutObjects(text.substring(end + 1));
}

/** Whether a string is all that is left of a list of objects. */
function holdsObjectsOnly(text) {
  const rest = withoutObjects(text);
  return rest !== text && stripped(rest, BLANKS + ',') === '';
}

function namesNothing(text) {
  const small = text.toLowerCase();
  if (withoutObjects(small) !== small) return true;
  // A placeholder that was never filled in.
  const placeholder = small.indexOf('{{');
  if (placeholder !== -1 && small.indexOf('}}', placeholder + 2) !== -1) return true;
  return small.split(',').every(function(part) {
    const bare = stripped(part, BLANKS + QUOTES);
    return bare === '' || STRINGS_WITHOUT_IDENTITY.indexOf(bare) !== -1;
  });
}

/** A string without these characters at its ends. */
function stripped(text, characters) {
  let start = 0;
  let end = text.length;
  while (start < end && characters.indexOf(text.charAt(start)) !== -1) start++;
  while (start < end && characters.indexOf(text.charAt(end - 1)) !== -1) end--;
  return text.substring(start, end);
}

/** A parameter of the query, or nothing if its name or value is missing. */
function parameter(name, value) {
  const encodedName = encoded(name);
  const encodedValue = encoded(value);
  return encodedName === undefined || encodedValue === undefined ? '' : '&' + encodedName + '=' + encodedValue;
}

/** The parameters of a table, without rows that lack a name or value. */
function tableParameters(prefix, table) {
  return (table || []).map(function(row) {
    const name = filledIn(row.name);
    return name === undefined ? '' : parameter(prefix + name, filledIn(row.value));
  }).join('');
}

/** The items of GA4's data that are objects, or undefined if there is no list. */
function itemsOf(items) {
  if (getType(items) !== 'array') return undefined;
  return items.filter(function(item) {
    const type = getType(item);
    return type === 'object' || type === 'array';
  });
}

/**
 * One field of every item, as one string, or undefined if no item has it. A value that is no string and no number
 * leaves its place empty, so that the lists of several fields agree.
 */
function itemList(items, field) {
  let list;
  let filled = false;
  items.map(function(item) { return itemText(item[field]); }).every(function(text) {
    const longer = list === undefined ? text : list + LIST_SEPARATOR + text;
    if (longer.length > LONGEST_LIST) return false;
    list = longer;
    filled = filled || text !== '';
    return true;
  });
  return filled ? list : undefined;
}

function itemText(value) {
  const type = getType(value);
  // Only a finite number minus itself is zero.
  if (type !== 'string' && (type !== 'number' || value - value !== 0)) return '';
  const text = makeString(value).split(LIST_SEPARATOR).join(' ').trim();
  // Half of a surrogate pair cannot be encoded.
  return encodeUriComponent(text) === undefined ? '' : text;
}

/** The recommended event of a name; undefined for any other, and without GA4's data. */
function ga4Event(name) {
  return GA4_EVENTS.filter(function(each) { return data.ga4 && data.ga4 !== 'none' && each.event === name; })[0];
}

/** The event attributes and metrics of GA4's data. `read` returns the value of a key. */
function ga4Parameters(preset, read) {
  let query = '';
  function add(prefix, table, name, value) {
    // A row of the tag wins, also one without a value.
    const own = (table || []).some(function(row) { return row.name === name; });
    if (!own) query += parameter(prefix + name, textOf(value));
  }
  function addAttribute(name, value) { add('evat_', data.eventAttributes, name, value); }
  function addMetric(name, value) { add('evmt_', data.metrics, name, value); }
  preset.attributes.forEach(function(key) { addAttribute(key, read(key)); });
  preset.metrics.forEach(function(key) { addMetric(key, read(key)); });
  const items = preset.ecommerce ? itemsOf(read('items')) : undefined;
  if (items !== undefined) {
    ITEM_LISTS.forEach(function(list) { addAttribute(list.name, itemList(items, list.field)); });
    addMetric(ITEM_COUNT, items.length);
  }
  return query;
}

/** The query of an event, or undefined if its event id is too long. With a recommended event, it has GA4's data. */
function queryOf(event, endpointId, preset, read) {
  let eventId = eventIdOf(data.eventId);
  if (eventId === undefined && preset !== undefined && preset.eventId !== undefined) {
    eventId = eventIdOf(read(preset.eventId));
  }
  // The event processor would reject it.
  if (eventId !== undefined && eventId.length > LONGEST_ID) return undefined;
  return (
    // Comes first: filter lists block queries that begin with certain events.
    '?endpoint_id=' + endpointId +
    '&event=' + event +
    parameter('event_id', eventId) +
    parameter('timestamp', filledIn(data.timestamp)) +
    (preset === undefined ? '' : ga4Parameters(preset, read)) +
    tableParameters('evat_', data.eventAttributes) +
    tableParameters('evmt_', data.metrics) +
    tableParameters('usat_', data.userAttributes)
  );
}

/** Whether the container runs in Preview. */
function inPreview() {
  const version = getContainerVersion() || {};
  return version.debugMode === true || version.previewMode === true;
}

/** Whether nothing is to be sent, because the container runs in Preview. */
function isSilent() {
  return data.preview === 'nothing' && inPreview();
}

/** The endpoint URL, or undefined if there is none. */
function endpointUrl() {
  return filledIn(data.preview === 'test' && inPreview() ? data.previewEventsUrl : data.eventsUrl);
}

/** GTM expects success or failure exactly once. */
let ended = false;
function end(callback) {
  return function() {
    if (ended) return;
    ended = true;
    callback();
  };
}
const succeed = end(data.gtmOnSuccess);
const fail = end(data.gtmOnFailure);

// ---- The end of that part. ----

const eventName = filledIn(data.eventName);
const event = encodedIdentity(eventName);
const endpointId = encodedIdentity(data.endpointId);
const preset = ga4Event(eventName);

// The object of the data layer that holds this event's data, if one does.
const ofShop = preset !== undefined && preset.ecommerce === true;
const holder = data.ga4 === 'eventModel' ? 'eventModel' : ofShop ? 'ecommerce' : undefined;
const held = preset !== undefined && holder !== undefined ? copyFromDataLayer(holder) : undefined;

/** What the data layer has of GA4's data for this event. */
function ga4Value(key) {
  if (holder === undefined) return copyFromDataLayer(key);
  return getType(held) === 'object' ? held[key] : undefined;
}

if (isSilent()) {
  succeed();
} else if (event === undefined || endpointId === undefined) {
  // The API or the event processor would reject it.
  fail();
} else {
  const url = endpointUrl();
  const query = queryOf(event, endpointId, preset, ga4Value);
  if (url === undefined || query === undefined) {
    fail();
  } else {
    // A browser may reuse an image that the page has already loaded.
    const cacheBuster = '&gtmcb=' + generateRandom(0, 2147483647);
    sendPixel(url + query + parameter('token', filledIn(data.token)) + cacheBuster, succeed, fail);
  }
}


___WEB_PERMISSIONS___

[
  {
    "instance": {
      "key": {
        "publicId": "send_pixel",
        "versionId": "1"
      },
      "param": [
        {
          "key": "allowedUrls",
          "value": {
            "type": 1,
            "string": "specific"
          }
        },
        {
          "key": "urls",
          "value": {
            "type": 2,
            "listItem": [
              {
                "type": 1,
                "string": "https://*.amazonaws.com/*"
              },
              {
                "type": 1,
                "string": "https://*.amazonaws.com.cn/*"
              }
            ]
          }
        }
      ]
    },
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "isRequired": true
  },
  {
    "instance": {
      "key": {
        "publicId": "read_data_layer",
        "versionId": "1"
      },
      "param": [
        {
          "key": "allowedKeys",
          "value": {
            "type": 1,
            "string": "specific"
          }
        },
        {
          "key": "keyPatterns",
          "value": {
            "type": 2,
            "listItem": [
              {
                "type": 1,
                "string": "ecommerce"
              },
              {
                "type": 1,
                "string": "eventModel"
              },
              {
                "type": 1,
                "string": "achievement_id"
              },
              {
                "type": 1,
                "string": "character"
              },
              {
                "type": 1,
                "string": "content_id"
              },
              {
                "type": 1,
                "string": "content_type"
              },
              {
                "type": 1,
                "string": "currency"
              },
              {
                "type": 1,
                "string": "disqualified_lead_reason"
              },
              {
                "type": 1,
                "string": "group_id"
              },
              {
                "type": 1,
                "string": "item_id"
              },
              {
                "type": 1,
                "string": "item_name"
              },
              {
                "type": 1,
                "string": "lead_source"
              },
              {
                "type": 1,
                "string": "lead_status"
              },
              {
                "type": 1,
                "string": "level"
              },
              {
                "type": 1,
                "string": "level_name"
              },
              {
                "type": 1,
                "string": "method"
              },
              {
                "type": 1,
                "string": "score"
              },
              {
                "type": 1,
                "string": "search_term"
              },
              {
                "type": 1,
                "string": "success"
              },
              {
                "type": 1,
                "string": "unconvert_lead_reason"
              },
              {
                "type": 1,
                "string": "value"
              },
              {
                "type": 1,
                "string": "virtual_currency_name"
              }
            ]
          }
        }
      ]
    },
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "isRequired": true
  },
  {
    "instance": {
      "key": {
        "publicId": "read_container_data",
        "versionId": "1"
      },
      "param": []
    },
    "isRequired": true
  }
]


___TESTS___

scenarios:
- name: An event goes to the endpoint URL with its endpoint id
  code: |-
    runCode(mockData);

    assertThat(sent.length).isEqualTo(1);
    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success&gtmcb=7');
- name: Attributes, metrics and user attributes have their prefixes
  code: |-
    mockData.eventAttributes = [{name: 'currency', value: 'EUR'}];
    mockData.metrics = [{name: 'value', value: '12.50'}, {name: 'quantity', value: 2}];
    mockData.userAttributes = [{name: 'plan', value: 'gold'}];

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success' +
      '&evat_currency=EUR&evmt_value=12.50&evmt_quantity=2&usat_plan=gold&gtmcb=7');
- name: A value cannot become a parameter
  code: |-
    mockData.eventAttributes = [{name: 'value', value: 'a&usat_plan=gold#?'}];

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success' +
      '&evat_value=a%26usat_plan%3Dgold%23%3F&gtmcb=7');
- name: Missing values are not sent
  code: |-
    mockData.eventAttributes = [
      {name: 'a', value: undefined},
      {name: 'b', value: null},
      {name: 'c', value: {}},
      {name: 'd', value: 'undefined'},
      {name: 'e', value: ''},
      {name: '', value: 'x'},
      {name: 'zero', value: 0},
      {name: 'no', value: false}
    ];
    mockData.token = undefined;

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success' +
      '&evat_zero=0&evat_no=false&gtmcb=7');
- name: A list is joined with commas, as in a Custom Image tag
  code: |-
    mockData.eventAttributes = [{name: 'items', value: ['a', 'b']}];

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success' +
      '&evat_items=a%2Cb&gtmcb=7');
- name: A token is sent if there is one
  code: |-
    mockData.token = 'aaa.bbb.ccc';

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success' +
      '&token=aaa.bbb.ccc&gtmcb=7');
- name: An event id and a time are sent if there are some
  code: |-
    mockData.eventId = 'order-7';
    mockData.timestamp = '2026-11-28T12:00:00Z';

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success' +
      '&event_id=order-7&timestamp=2026-11-28T12%3A00%3A00Z&gtmcb=7');
- name: An event id that stands for nothing is not sent
  code: |-
    [undefined, null, '', 'undefined', 0, 'None', {}, '{{order_id}}'].forEach(function(value) {
      mockData.eventId = value;
      runCode(mockData);
    });

    assertThat(sent.length).isEqualTo(8);
    assertThat(sent.every(function(url) { return url.indexOf('event_id') === -1; })).isEqualTo(true);
- name: An event id that the event processor would reject sends nothing
  code: |-
    mockData.eventId = 'x';
    for (let doublings = 0; doublings < 8; doublings++) mockData.eventId += mockData.eventId;

    runCode(mockData);

    assertApi('sendPixel').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: A purchase has the data of Google Analytics 4
  code: |-
    mockData.ga4 = 'ecommerce';
    mockData.eventName = 'purchase';
    dataLayer.ecommerce = {transaction_id: 'T-1', value: 30, currency: 'EUR', coupon: '', tax: null,
      items: [{item_id: 'a', item_name: 'A|B', item_category: 'c'}, null, {item_id: 7, item_name: ' '}]};
    dataLayer.eventModel = {value: 1};

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase&event_id=T-1' +
      '&evat_transaction_id=T-1&evat_currency=EUR&evat_coupon=&evmt_value=30' +
      '&evat_item_ids=a%7C7&evat_item_names=A%20B%7C&evat_item_categories=c%7C&evmt_item_count=2&gtmcb=7');
- name: An event of gtag has its data, too
  code: |-
    mockData.ga4 = 'eventModel';
    mockData.eventName = 'generate_lead';
    dataLayer.ecommerce = {value: 30};
    dataLayer.eventModel = {value: 1, currency: 'EUR', lead_source: 'ad'};
    dataLayer.value = 2;

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=generate_lead' +
      '&evat_currency=EUR&evat_lead_source=ad&evmt_value=1&gtmcb=7');
- name: An event outside online sales has its data beside its name
  code: |-
    mockData.ga4 = 'ecommerce';
    mockData.eventName = 'login';
    dataLayer.method = 'email';
    dataLayer.ecommerce = {method: 'other'};

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=login&evat_method=email&gtmcb=7');
- name: Only a purchase takes its event id from Google Analytics 4
  code: |-
    mockData.ga4 = 'ecommerce';
    dataLayer.ecommerce = {transaction_id: 'T-1'};
    mockData.eventName = 'refund';
    runCode(mockData);
    mockData.eventName = 'purchase';
    mockData.eventId = 'own';
    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=refund&evat_transaction_id=T-1&gtmcb=7');
    assertThat(sent[1]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase&event_id=own' +
      '&evat_transaction_id=T-1&gtmcb=7');
- name: A list of items ends before it is too long, and the count does not
  code: |-
    mockData.ga4 = 'ecommerce';
    mockData.eventName = 'view_cart';
    const id = 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz12345678901234567890';
    dataLayer.ecommerce = {items: [{item_id: id}, {item_id: id}, {item_id: id}]};

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=view_cart&evat_item_ids=' + id + '%7C' + id +
      '&evmt_item_count=3&gtmcb=7');
- name: An item's value that is no text and no finite number leaves its place empty
  code: |-
    mockData.ga4 = 'ecommerce';
    mockData.eventName = 'view_cart';
    dataLayer.ecommerce = {items: [{item_id: 0 / 0}, {item_id: true}, {item_id: 'a'}, {item_id: 1 / 0}, {item_id: {}}]};

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=view_cart&evat_item_ids=%7C%7Ca%7C%7C' +
      '&evmt_item_count=5&gtmcb=7');
- name: Without ecommerce data an event is sent without it
  code: |-
    mockData.ga4 = 'ecommerce';
    mockData.eventName = 'purchase';
    [undefined, null, 'x', [], {}, {items: 'none'}].forEach(function(value) {
      dataLayer.ecommerce = value;
      runCode(mockData);
    });

    assertThat(sent.length).isEqualTo(6);
    assertThat(sent.every(function(url) {
      return url === EVENTS_URL + '?endpoint_id=e1&event=purchase&gtmcb=7';
    })).isEqualTo(true);
- name: A row replaces what Google Analytics 4 has, and one without a value leaves it out
  code: |-
    mockData.ga4 = 'ecommerce';
    mockData.eventName = 'view_cart';
    mockData.eventAttributes = [{name: 'currency', value: ''}, {name: 'item_ids', value: 'own'}];
    mockData.metrics = [{name: 'value', value: 9}];
    dataLayer.ecommerce = {value: 30, currency: 'EUR', items: [{item_id: 'a'}]};

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=view_cart' +
      '&evmt_item_count=1&evat_item_ids=own&evmt_value=9&gtmcb=7');
- name: The data layer is not read unless the tag says so
  code: |-
    mockData.eventName = 'purchase';
    runCode(mockData);
    mockData.ga4 = 'none';
    runCode(mockData);
    mockData.ga4 = 'ecommerce';
    mockData.eventName = 'order_paid';
    runCode(mockData);

    assertApi('copyFromDataLayer').wasNotCalled();
    assertThat(sent.length).isEqualTo(3);
- name: Preview sends to the test stack or nowhere if the tag says so
  code: |-
    mock('getContainerVersion', {debugMode: true, previewMode: true});
    runCode(mockData);
    mockData.preview = 'test';
    mockData.previewEventsUrl = TEST_URL;
    runCode(mockData);
    mockData.preview = 'nothing';
    runCode(mockData);

    assertThat(sent.length).isEqualTo(2);
    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success&gtmcb=7');
    assertThat(sent[1]).isEqualTo(TEST_URL + '?endpoint_id=e1&event=purchase_success&gtmcb=7');
- name: Outside Preview the test stack gets nothing
  code: |-
    mockData.preview = 'test';
    mockData.previewEventsUrl = TEST_URL;

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success&gtmcb=7');
- name: Preview without the test stack's URL sends nothing and the tag fails
  code: |-
    mock('getContainerVersion', {debugMode: true, previewMode: false});
    mockData.preview = 'test';

    runCode(mockData);

    assertApi('sendPixel').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: Without an endpoint id nothing is sent and the tag fails
  code: |-
    mockData.endpointId = undefined;

    runCode(mockData);

    assertApi('sendPixel').wasNotCalled();
    assertApi('gtmOnSuccess').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: Without an event nothing is sent and the tag fails
  code: |-
    mockData.eventName = null;

    runCode(mockData);

    assertApi('sendPixel').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: An endpoint id that stands for nobody sends nothing
  code: |-
    [undefined, null, '', 'undefined', ' NULL ', 0 / 0, 0, '0', false, 'False', true, 'None', '(not set)', '{{user_id}}',
     {}, [{}, {}], '[object Object]', [], ['', ''], '%5Bobject%20Object%5D'].forEach(function(value) {
      mockData.endpointId = value;
      runCode(mockData);
    });

    assertApi('sendPixel').wasNotCalled();
    assertApi('gtmOnSuccess').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: An endpoint id that only resembles those is sent
  code: |-
    ['00', '10', 'nobody', 'undefined-1', 7].forEach(function(value) {
      mockData.endpointId = value;
      runCode(mockData);
    });

    assertThat(sent.length).isEqualTo(5);
- name: A list of objects is not sent
  code: |-
    mockData.eventAttributes = [
      {name: 'items', value: [{item_id: 'a'}, {item_id: 'b'}]},
      {name: 'mixed', value: ['a', {}]},
      {name: 'number', value: 0 / 0},
      {name: 'date', value: 'Invalid Date'}
    ];

    runCode(mockData);

    assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success' +
      '&evat_mixed=a%2C%5Bobject%20Object%5D&gtmcb=7');
- name: An image that loads is a success
  code: |-
    mock('sendPixel', function(url, onSuccess, onFailure) { onSuccess(); });

    runCode(mockData);

    assertApi('gtmOnSuccess').wasCalled();
    assertApi('gtmOnFailure').wasNotCalled();
- name: An image that fails is a failure
  code: |-
    mock('sendPixel', function(url, onSuccess, onFailure) { onFailure(); });

    runCode(mockData);

    assertApi('gtmOnSuccess').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: GTM is told the result exactly once
  code: |-
    mock('sendPixel', function(url, onSuccess, onFailure) { onSuccess(); onFailure(); onSuccess(); });

    runCode(mockData);

    assertApi('gtmOnSuccess').wasCalled();
    assertApi('gtmOnFailure').wasNotCalled();
setup: |-
  const EVENTS_URL = 'https://a1b2c3.execute-api.eu-west-1.amazonaws.com/v1/events';
  const mockData = {
    eventsUrl: EVENTS_URL,
    eventName: 'purchase_success',
    endpointId: 'e1'
  };
  const TEST_URL = 'https://d4e5f6.execute-api.eu-west-1.amazonaws.com/v1/events';
  const dataLayer = {};
  const sent = [];
  mock('copyFromDataLayer', function(key) { return dataLayer[key]; });
  mock('getContainerVersion', {debugMode: false, previewMode: false});
  mock('generateRandom', 7);
  mock('sendPixel', function(url) { sent.push(url); });


___NOTES___

Part of gtm-pixel. The permission allows API Gateway's own hosts. If your API has a custom domain, or to allow only
your own host, write the template with `python -m gtm template --events-url URL`.
