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
  "description": "Sends a customer event to your own gtm-pixel endpoint on AWS: an event type, the endpoint it belongs to, event attributes, metrics and profile updates. Reads only the event data that it sends.",
  "containerContexts": [
    "SERVER"
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
    "help": "Empty: the event\u0027s own name (\u003cb\u003eevent_name\u003c/b\u003e).",
    "valueHint": "{{Event Name}}"
  },
  {
    "type": "SELECT",
    "name": "endpointIdFrom",
    "displayName": "Endpoint id",
    "macrosInSelect": false,
    "selectItems": [
      {
        "value": "user_id",
        "displayValue": "The event\u0027s user_id"
      },
      {
        "value": "client_id",
        "displayValue": "The event\u0027s client_id"
      },
      {
        "value": "other",
        "displayValue": "Another value"
      }
    ],
    "simpleValueType": true,
    "defaultValue": "user_id",
    "help": "What names the customer\u0027s endpoint. \u003cb\u003eclient_id\u003c/b\u003e is a browser, not a customer. If it has no value, no event is sent and the tag fails."
  },
  {
    "type": "TEXT",
    "name": "endpointId",
    "displayName": "Value of the endpoint id",
    "simpleValueType": true,
    "help": "The variable that names the customer\u0027s endpoint.",
    "valueHint": "{{endpoint_id}}",
    "valueValidators": [
      {
        "type": "NON_EMPTY"
      }
    ],
    "enablingConditions": [
      {
        "paramName": "endpointIdFrom",
        "paramValue": "other",
        "type": "EQUALS"
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
        "type": "CHECKBOX",
        "name": "ga4",
        "checkboxText": "Send the data of Google Analytics 4",
        "simpleValueType": true,
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
        "help": "Authenticated scenario only: the variable with the signed-in customer\u0027s short-lived JSON Web Token. It is sent as the header \u003cb\u003eAuthorization\u003c/b\u003e.",
        "valueHint": "{{id_token}}"
      }
    ]
  },
  {
    "type": "GROUP",
    "name": "consentGroup",
    "displayName": "Consent",
    "groupStyle": "ZIPPY_CLOSED",
    "subParams": [
      {
        "type": "LABEL",
        "name": "consentLabel",
        "displayName": "Send only if the visitor has granted:"
      },
      {
        "type": "CHECKBOX",
        "name": "requireAnalyticsStorage",
        "checkboxText": "analytics_storage",
        "simpleValueType": true
      },
      {
        "type": "CHECKBOX",
        "name": "requireAdStorage",
        "checkboxText": "ad_storage",
        "simpleValueType": true,
        "help": "Read from the event\u0027s \u003cb\u003econsent_state\u003c/b\u003e, otherwise from \u003cb\u003ex-ga-gcs\u003c/b\u003e. An event with neither is not sent."
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
  },
  {
    "type": "GROUP",
    "name": "requestGroup",
    "displayName": "Request",
    "groupStyle": "ZIPPY_CLOSED",
    "subParams": [
      {
        "type": "TEXT",
        "name": "timeoutMillis",
        "displayName": "Timeout in milliseconds",
        "simpleValueType": true,
        "defaultValue": "5000",
        "help": "When it is over, the tag fails. The event may still have arrived.",
        "valueValidators": [
          {
            "type": "POSITIVE_NUMBER"
          }
        ]
      }
    ]
  }
]


___SANDBOXED_JS_FOR_SERVER___

const decodeUriComponent = require('decodeUriComponent');
const encodeUriComponent = require('encodeUriComponent');
const getContainerVersion = require('getContainerVersion');
const getEventData = require('getEventData');
const getType = require('getType');
const logToConsole = require('logToConsole');
const makeInteger = require('makeInteger');
const makeString = require('makeString');
const sendHttpGet = require('sendHttpGet');

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

// Where x-ga-gcs says whether a consent type is granted: it is G1, then a digit for each of these.
const CONSENT_TYPES = [
  {name: 'ad_storage', required: data.requireAdStorage, place: 2},
  {name: 'analytics_storage', required: data.requireAnalyticsStorage, place: 3}
];
const TOKEN_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=';
const DEFAULT_TIMEOUT_MILLIS = 5000;

/** Tells who runs the container in Preview. Values of the event are never logged. */
function log(text) {
  if (inPreview()) logToConsole('gtm-pixel: ' + text);
}

/** Whether the visitor has granted all that the tag requires. What nobody has said is not granted. */
function hasConsent() {
  return CONSENT_TYPES.every(function(type) { return !type.required || isGranted(type); });
}

function isGranted(type) {
  const states = getEventData('consent_state');
  if (getType(states) === 'object') return states[type.name] === true || states[type.name] === 'granted';
  const digits = getEventData('x-ga-gcs');
  return getType(digits) === 'string' && digits.charAt(type.place) === '1';
}

function endpointIdValue() {
  if (data.endpointIdFrom === 'other') return data.endpointId;
  return getEventData(data.endpointIdFrom === 'client_id' ? 'client_id' : 'user_id');
}

/** The headers with the customer's token, or none. A variable may hold a whole Authorization header. */
function headersOf() {
  const text = filledIn(data.token);
  if (text === undefined) return {};
  const token = (text.substring(0, 7).toLowerCase() === 'bearer ' ? text.substring(7) : text).trim();
  // Anything else is no token, and could become a header of its own.
  const isToken = token.split('').every(function(each) { return TOKEN_CHARACTERS.indexOf(each) !== -1; });
  if (token === '' || !isToken) {
    log('the token has characters that no token has; the event is sent without it');
    return {};
  }
  return {Authorization: 'Bearer ' + token};
}

const eventName = filledIn(data.eventName) || filledIn(getEventData('event_name'));
const event = encodedIdentity(eventName);
const endpointId = encodedIdentity(endpointIdValue());

function failWith(text) {
  log(text + '; nothing is sent');
  fail();
}

function succeedWith(text) {
  log(text + '; nothing is sent');
  succeed();
}

if (isSilent()) {
  succeedWith('this is Preview');
} else if (!hasConsent()) {
  succeedWith('the visitor has not granted what the tag requires');
} else if (event === undefined) {
  failWith('there is no event name');
} else if (endpointId === undefined) {
  failWith('there is no endpoint id');
} else {
  const url = endpointUrl();
  const query = queryOf(event, endpointId, ga4Event(eventName), getEventData);
  if (url === undefined) {
    failWith('there is no endpoint URL');
  } else if (query === undefined) {
    failWith('the event id has more than ' + LONGEST_ID + ' characters');
  } else {
    const timeout = makeInteger(data.timeoutMillis) || DEFAULT_TIMEOUT_MILLIS;
    sendHttpGet(url + query, {headers: headersOf(), timeout: timeout}).then(function(response) {
      log('the endpoint responded ' + response.statusCode);
      // Any other status means that the event is not in the queue.
      if (response.statusCode === 200) {
        succeed();
      } else {
        fail();
      }
    }, function(error) {
      log('the request ' + (error && error.reason === 'timed_out' ? 'timed out' : 'failed'));
      fail();
    });
  }
}


___SERVER_PERMISSIONS___

[
  {
    "instance": {
      "key": {
        "publicId": "send_http",
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
        "publicId": "read_event_data",
        "versionId": "1"
      },
      "param": [
        {
          "key": "eventDataAccess",
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
                "string": "event_name"
              },
              {
                "type": 1,
                "string": "user_id"
              },
              {
                "type": 1,
                "string": "client_id"
              },
              {
                "type": 1,
                "string": "consent_state"
              },
              {
                "type": 1,
                "string": "x-ga-gcs"
              },
              {
                "type": 1,
                "string": "items"
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
                "string": "coupon"
              },
              {
                "type": 1,
                "string": "creative_name"
              },
              {
                "type": 1,
                "string": "creative_slot"
              },
              {
                "type": 1,
                "string": "currency"
              },
              {
                "type": 1,
                "string": "customer_type"
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
                "string": "item_list_id"
              },
              {
                "type": 1,
                "string": "item_list_name"
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
                "string": "payment_type"
              },
              {
                "type": 1,
                "string": "promotion_id"
              },
              {
                "type": 1,
                "string": "promotion_name"
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
                "string": "shipping"
              },
              {
                "type": 1,
                "string": "shipping_tier"
              },
              {
                "type": 1,
                "string": "success"
              },
              {
                "type": 1,
                "string": "tax"
              },
              {
                "type": 1,
                "string": "transaction_id"
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
        "publicId": "logging",
        "versionId": "1"
      },
      "param": [
        {
          "key": "environments",
          "value": {
            "type": 1,
            "string": "debug"
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
- name: An event goes to the endpoint URL with its own name and user id
  code: |-
    runCode(mockData);

    assertThat(sent.length).isEqualTo(1);
    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success');
    assertThat(sent[0].options).isEqualTo({headers: {}, timeout: 5000});
- name: Nothing but what the fields say is sent
  code: |-
    eventData.user_data = {email_address: 'jane@example.com'};
    eventData.ip_override = '192.0.2.1';
    eventData.value = 12.5;

    runCode(mockData);

    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success');
- name: Attributes, metrics and user attributes have their prefixes
  code: |-
    mockData.eventAttributes = [{name: 'store', value: 'a&usat_plan=gold#?'}];
    mockData.metrics = [{name: 'value', value: '12.50'}, {name: 'quantity', value: 2}];
    mockData.userAttributes = [{name: 'plan', value: 'gold'}];

    runCode(mockData);

    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success' +
      '&evat_store=a%26usat_plan%3Dgold%23%3F&evmt_value=12.50&evmt_quantity=2&usat_plan=gold');
- name: An event id and a time are sent if there are some
  code: |-
    mockData.eventId = 'order-7';
    mockData.timestamp = 1795823999000;

    runCode(mockData);

    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success' +
      '&event_id=order-7&timestamp=1795823999000');
- name: A purchase has the data of Google Analytics 4
  code: |-
    mockData.ga4 = true;
    eventData.event_name = 'purchase';
    eventData.transaction_id = 'T-1';
    eventData.value = 30;
    eventData.currency = 'EUR';
    eventData.items = [{item_id: 'a', item_name: 'A|B', item_category: 'c'}, null, {item_id: 7, item_name: ''}];

    runCode(mockData);

    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase&event_id=T-1' +
      '&evat_transaction_id=T-1&evat_currency=EUR&evmt_value=30' +
      '&evat_item_ids=a%7C7&evat_item_names=A%20B%7C&evat_item_categories=c%7C&evmt_item_count=2');
- name: A row replaces what Google Analytics 4 has, and one without a value leaves it out
  code: |-
    mockData.ga4 = true;
    mockData.eventAttributes = [{name: 'currency', value: ''}];
    mockData.metrics = [{name: 'value', value: 9}];
    eventData.event_name = 'view_cart';
    eventData.value = 30;
    eventData.currency = 'EUR';

    runCode(mockData);

    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=view_cart&evmt_value=9');
- name: An event that Google does not recommend has none of its data
  code: |-
    mockData.ga4 = true;
    eventData.value = 30;

    runCode(mockData);

    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success');
- name: The endpoint id can be the client id or a value of its own
  code: |-
    mockData.endpointIdFrom = 'client_id';
    runCode(mockData);
    mockData.endpointIdFrom = 'other';
    mockData.endpointId = 'own';
    mockData.eventName = 'lead';
    runCode(mockData);

    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=c.1&event=purchase_success');
    assertThat(sent[1].url).isEqualTo(EVENTS_URL + '?endpoint_id=own&event=lead');
- name: Another value that is missing is not replaced by the user id
  code: |-
    mockData.endpointIdFrom = 'other';

    runCode(mockData);

    assertApi('sendHttpGet').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: A token goes into the header
  code: |-
    mockData.token = 'aaa.b-_b.ccc';
    runCode(mockData);
    mockData.token = 'Bearer ddd.eee.fff';
    runCode(mockData);

    assertThat(sent[0].options.headers).isEqualTo({Authorization: 'Bearer aaa.b-_b.ccc'});
    assertThat(sent[1].options.headers).isEqualTo({Authorization: 'Bearer ddd.eee.fff'});
    assertThat(sent[0].url.indexOf('aaa')).isEqualTo(-1);
- name: What is no token is not sent
  code: |-
    ['a.b\r\nX-Forwarded-For: 1', 'a b', '{}', 'Bearer ', undefined, null, 'undefined', {}].forEach(function(value) {
      mockData.token = value;
      runCode(mockData);
    });

    assertThat(sent.length).isEqualTo(8);
    assertThat(sent.every(function(each) { return each.options.headers.Authorization === undefined; })).isEqualTo(true);
- name: An endpoint id that stands for nobody sends nothing
  code: |-
    [undefined, null, '', 'undefined', ' NULL ', 0, '0', false, 'None', '(not set)', {}, [{}, {}]].forEach(function(value) {
      eventData.user_id = value;
      runCode(mockData);
    });

    assertApi('sendHttpGet').wasNotCalled();
    assertApi('gtmOnSuccess').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: Without an event name nothing is sent and the tag fails
  code: |-
    eventData.event_name = undefined;

    runCode(mockData);

    assertApi('sendHttpGet').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: An event id that the event processor would reject sends nothing
  code: |-
    mockData.eventId = 'x';
    for (let doublings = 0; doublings < 8; doublings++) mockData.eventId += mockData.eventId;

    runCode(mockData);

    assertApi('sendHttpGet').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
- name: Status 200 is a success
  code: |-
    runCode(mockData);

    callLater(function() {
      assertApi('gtmOnSuccess').wasCalled();
      assertApi('gtmOnFailure').wasNotCalled();
    });
- name: Any other status is a failure
  code: |-
    [201, 204, 301, 400, 429, 500, 503].forEach(function(status) {
      respondWith(status);
      runCode(mockData);
    });

    callLater(function() {
      assertApi('gtmOnFailure').wasCalled();
      assertApi('gtmOnSuccess').wasNotCalled();
    });
- name: A request that times out or fails is a failure
  code: |-
    [{reason: 'timed_out'}, {reason: 'failed'}, undefined].forEach(function(reason) {
      mock('sendHttpGet', function() {
        return Promise.create(function(resolve, reject) { reject(reason); });
      });
      runCode(mockData);
    });

    callLater(function() {
      assertApi('gtmOnFailure').wasCalled();
      assertApi('gtmOnSuccess').wasNotCalled();
    });
- name: The timeout is the field's
  code: |-
    mockData.timeoutMillis = '750';

    runCode(mockData);

    assertThat(sent[0].options.timeout).isEqualTo(750);
- name: Without the consent that the tag requires nothing is sent
  code: |-
    mockData.requireAnalyticsStorage = true;
    [{}, {'x-ga-gcs': 'G110'}, {'x-ga-gcs': 'G11-'}, {'x-ga-gcs': 'G111', consent_state: {ad_storage: true}},
     {consent_state: {analytics_storage: 'denied'}}].forEach(function(consent) {
      consentData = consent;
      runCode(mockData);
    });

    assertApi('sendHttpGet').wasNotCalled();
    assertApi('gtmOnFailure').wasNotCalled();
    assertApi('gtmOnSuccess').wasCalled();
- name: With the consent that the tag requires the event is sent
  code: |-
    mockData.requireAnalyticsStorage = true;
    mockData.requireAdStorage = true;
    [{'x-ga-gcs': 'G111'}, {consent_state: {analytics_storage: true, ad_storage: 'granted'}}].forEach(function(consent) {
      consentData = consent;
      runCode(mockData);
    });

    assertThat(sent.length).isEqualTo(2);
- name: Consent is not asked for by default
  code: |-
    consentData = {'x-ga-gcs': 'G100'};

    runCode(mockData);

    assertThat(sent.length).isEqualTo(1);
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
    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success');
    assertThat(sent[1].url).isEqualTo(TEST_URL + '?endpoint_id=e1&event=purchase_success');
- name: Outside Preview the test stack gets nothing
  code: |-
    mockData.preview = 'test';
    mockData.previewEventsUrl = TEST_URL;

    runCode(mockData);

    assertThat(sent[0].url).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success');
- name: Nothing is logged outside Preview
  code: |-
    runCode(mockData);
    eventData.user_id = undefined;
    runCode(mockData);

    callLater(function() { assertApi('logToConsole').wasNotCalled(); });
- name: What is logged in Preview has no value of the event
  code: |-
    const logged = [];
    mock('getContainerVersion', {debugMode: true, previewMode: true});
    mock('logToConsole', function(text) { logged.push(text); });
    mockData.token = 'secret token';
    mockData.userAttributes = [{name: 'plan', value: 'gold'}];
    runCode(mockData);

    callLater(function() {
      assertThat(logged).isEqualTo([
        'gtm-pixel: the token has characters that no token has; the event is sent without it',
        'gtm-pixel: the endpoint responded 200'
      ]);
    });
setup: |-
  const Promise = require('Promise');
  const callLater = require('callLater');
  const EVENTS_URL = 'https://a1b2c3.execute-api.eu-west-1.amazonaws.com/v1/events';
  const TEST_URL = 'https://d4e5f6.execute-api.eu-west-1.amazonaws.com/v1/events';
  const mockData = {eventsUrl: EVENTS_URL};
  const eventData = {event_name: 'purchase_success', user_id: 'e1', client_id: 'c.1'};
  let consentData = {};
  const sent = [];
  function respondWith(status) {
    mock('sendHttpGet', function(url, options) {
      sent.push({url: url, options: options});
      return Promise.create(function(resolve) { resolve({statusCode: status, headers: {}, body: ''}); });
    });
  }
  respondWith(200);
  mock('getContainerVersion', {debugMode: false, previewMode: false});
  mock('getEventData', function(key) {
    return key === 'consent_state' || key === 'x-ga-gcs' ? consentData[key] : eventData[key];
  });



___NOTES___

Part of gtm-pixel. The permission allows API Gateway's own hosts. If your API has a custom domain, or to allow only
your own host, write the template with `python -m gtm template --server --events-url URL`.
