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
  }
]


___SANDBOXED_JS_FOR_WEB_TEMPLATE___

const decodeUriComponent = require('decodeUriComponent');
const encodeUriComponent = require('encodeUriComponent');
const generateRandom = require('generateRandom');
const getType = require('getType');
const makeString = require('makeString');
const sendPixel = require('sendPixel');

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

/** A value as a string, or undefined if it is missing. */
function textOf(value) {
  const type = getType(value);
  if (type !== 'string' && type !== 'number' && type !== 'boolean' && type !== 'array') return undefined;
  const text = makeString(value);
  if (text === '' || STRINGS_WITHOUT_VALUE.indexOf(text) !== -1 || holdsObjectsOnly(text)) return undefined;
  return text;
}

/** A value, encoded for a query, or undefined if it is missing. */
function encoded(value) {
  const text = textOf(value);
  return text === undefined ? undefined : encodeUriComponent(text);
}

/** An event name or endpoint id, encoded for a query, or undefined if the value identifies nothing. */
function encodedIdentity(value) {
  const text = textOf(value);
  if (text === undefined || text.length > LONGEST_ID) return undefined;
  let decoded = text;
  // A value that was encoded twice is still encoded after one decoding.
  for (let decodings = 0; decodings < 4 && decoded !== undefined; decodings++) {
    if (namesNothing(decoded)) return undefined;
    decoded = decodeUriComponent(decoded.split('+').join(' '));
  }
  return encodeUriComponent(text);
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

/** The parameters of a table, without rows that lack a name or value. */
function parameters(prefix, table) {
  let query = '';
  (table || []).forEach(function(row) {
    const name = encoded(row.name);
    const value = encoded(row.value);
    if (name !== undefined && value !== undefined) query += '&' + prefix + name + '=' + value;
  });
  return query;
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

const event = encodedIdentity(data.eventName);
const endpointId = encodedIdentity(data.endpointId);

if (event === undefined || endpointId === undefined) {
  // The API or the event processor would reject it.
  fail();
} else {
  const token = encoded(data.token);
  const url = makeString(data.eventsUrl) +
    // Comes first: filter lists block queries that begin with certain events.
    '?endpoint_id=' + endpointId +
    '&event=' + event +
    parameters('evat_', data.eventAttributes) +
    parameters('evmt_', data.metrics) +
    parameters('usat_', data.userAttributes) +
    (token === undefined ? '' : '&token=' + token) +
    // A browser may reuse an image that the page has already loaded.
    '&gtmcb=' + generateRandom(0, 2147483647);
  sendPixel(url, succeed, fail);
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
    [undefined, null, '', 'undefined', ' NULL ', NaN, 0, '0', false, 'False', true, 'None', '(not set)', '{{user_id}}',
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
      {name: 'number', value: NaN},
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
  const sent = [];
  mock('generateRandom', 7);
  mock('sendPixel', function(url) { sent.push(url); });


___NOTES___

Part of gtm-pixel. The permission allows API Gateway's own hosts. If your API has a custom domain, or to allow only
your own host, write the template with `python -m gtm template --events-url URL`.
