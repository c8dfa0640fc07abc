/*
 * GTM's template sandbox and its test APIs, as documented at
 * developers.google.com/tag-platform/tag-manager/templates and …/tag-manager/server-side, for what the templates and
 * their scenarios use. A template is {kind: "web" or "server", code, permissions}.
 *
 *   runScenario(template, setup, scenario)  resolves with null, or with why the scenario failed
 *   runTag(template, data, surroundings)    resolves with {outcome, log, urls} once the tag has ended
 *
 * Reads calls from standard input, one a line: {name, values}; answers each with {result} or {error}.
 */
"use strict";

/** The sandbox of one container. `surroundings` holds what is outside: data, container version, network. */
function openSandbox(template, surroundings) {
  const mocks = {};
  const calls = {};

  // What both kinds of containers have.
  const common = {
    callLater: surroundings.callLater,
    decodeUriComponent: (text) => orUndefined(() => decodeURIComponent(text)),
    encodeUriComponent: (text) => orUndefined(() => encodeURIComponent(text)),
    generateRandom: (from, to) => from + Math.floor(Math.random() * (to - from + 1)),
    getContainerVersion: () => surroundings.containerVersion || { debugMode: false, previewMode: false },
    getType: (value) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value),
    JSON: {
      parse: (text) => orUndefined(() => JSON.parse(text)),
      stringify: (value) => orUndefined(() => JSON.stringify(value)),
    },
    logToConsole: (...values) => surroundings.log(values.map(String).join(" ")),
    makeInteger: (value) => Math.trunc(Number(value)) || 0,
    makeString: (value) => String(value),
  };
  const ofKind = {
    web: {
      // A primitive value, an object or undefined: a list at the key itself is undefined.
      copyFromDataLayer: (key) => {
        const value = valueAt(surroundings.dataLayer, key);
        return Array.isArray(value) ? undefined : copied(value);
      },
      sendPixel: surroundings.sendPixel,
    },
    server: {
      getAllEventData: () => copied(surroundings.eventData),
      getEventData: (key) => copied(valueAt(surroundings.eventData, key)),
      Promise: { all: (values) => Promise.all(values), create: (resolver) => new Promise(resolver) },
      sendHttpGet: surroundings.sendHttpGet,
    },
  };
  const apis = { ...common, ...ofKind[template.kind] };

  // Which permission an API needs, and for what.
  const guards = {
    copyFromDataLayer: (key) => mayRead("read_data_layer", "allowedKeys", key),
    getAllEventData: () => mayReadAll("read_event_data", "eventDataAccess"),
    getContainerVersion: () => permitted("read_container_data"),
    getEventData: (key) => mayRead("read_event_data", "eventDataAccess", key),
    logToConsole: () => permitted("logging"),
    sendHttpGet: (url) => mayCall("send_http", url),
    sendPixel: (url) => mayCall("send_pixel", url),
  };

  function permitted(name) {
    const permission = template.permissions.find((each) => each.instance.key.publicId === name);
    check(permission !== undefined, "the template has no permission " + name);
    return Object.fromEntries(permission.instance.param.map(({ key, value }) => [key, value]));
  }

  function mayCall(name, url) {
    const { allowedUrls, urls } = permitted(name);
    const matching = (urls ? urls.listItem : []).filter(({ string }) => matches(string, url));
    check(allowedUrls.string === "any" || matching.length > 0, name + " does not permit " + url);
  }

  function mayRead(name, kind, key) {
    const { [kind]: access, keyPatterns } = permitted(name);
    const matching = (keyPatterns ? keyPatterns.listItem : []).filter(({ string }) => matches(string, key));
    check(access.string === "any" || matching.length > 0, name + " does not permit " + key);
  }

  function mayReadAll(name, kind) {
    check(permitted(name)[kind].string === "any", name + " does not permit everything");
  }

  function recorded(name, actual) {
    return (...values) => {
      if (guards[name]) guards[name](...values);
      (calls[name] = calls[name] || []).push(values);
      return actual(...values);
    };
  }

  function require(name) {
    check(name in apis, "the sandbox has no " + name);
    if (typeof apis[name] === "object") return name in mocks ? mocks[name] : apis[name];
    const mocked = mocks[name];
    return recorded(name, name in mocks ? (typeof mocked === "function" ? mocked : () => mocked) : apis[name]);
  }

  /** Runs the template's code as a tag with these fields. `ended` hears of its end. */
  function runCode(data, ended = () => {}) {
    let ends = 0;
    const end = (name) =>
      recorded(name, () => {
        ends += 1;
        check(ends === 1, "GTM heard of the end " + ends + " times");
        ended(name);
      });
    const given = { ...data, gtmOnSuccess: end("gtmOnSuccess"), gtmOnFailure: end("gtmOnFailure") };
    new Function(
      ...HIDDEN,
      '"use strict"; return function (require, data) {"use strict";' + template.code + "};",
    )()(require, given);
  }

  return { calls, mocks, require, runCode };
}

// In the sandbox these names are not there: a tag must see neither the page nor the server.
const HIDDEN = [
  ...["window", "document", "self", "globalThis", "global", "location", "navigator", "localStorage", "process"],
  ...["fetch", "XMLHttpRequest", "Image", "setTimeout", "setInterval", "queueMicrotask", "console", "Buffer"],
  ...["Array", "Boolean", "Date", "Error", "JSON", "Map", "Math", "Number", "Object", "Promise", "Proxy"],
  ...["Reflect", "RegExp", "Set", "String", "Symbol", "encodeURIComponent", "decodeURIComponent", "encodeURI"],
  ...["decodeURI", "escape", "unescape", "isFinite", "isNaN", "parseFloat", "parseInt", "structuredClone"],
];

function check(holds, message) {
  if (!holds) throw new Error(message);
}

function orUndefined(compute) {
  try {
    return compute();
  } catch (error) {
    return undefined;
  }
}

function copied(value) {
  return value === undefined ? undefined : structuredClone(value);
}

function valueAt(object, path) {
  return path.split(".").reduce((value, part) => (value == null ? undefined : value[part]), object);
}

/** Whether a permission's pattern, in which * stands for anything, matches. */
function matches(pattern, text) {
  const parts = pattern.split("*").map((part) => part.replace(/[.?+^$()[\]{}|\\/]/g, "\\$&"));
  return new RegExp("^" + parts.join(".*") + "$").test(text);
}

async function runScenario(template, setup, scenario) {
  const later = [];
  const callLater = (action) => later.push(action);
  const refuse = () => {
    throw new Error("a scenario called the network");
  };
  const surroundings = { callLater, log: () => {}, sendPixel: refuse, sendHttpGet: refuse };
  const { calls, mocks, require, runCode } = openSandbox(template, surroundings);

  function mock(name, returned) {
    mocks[name] = returned;
  }

  function assertApi(name) {
    const number = () => (calls[name] || []).length;
    return {
      wasCalled: () => check(number() > 0, name + " was not called"),
      wasNotCalled: () => check(number() === 0, name + " was called"),
    };
  }

  function assertThat(actual) {
    const shown = JSON.stringify(actual);
    return {
      isEqualTo: (expected) => check(shown === JSON.stringify(expected), shown + " is not " + JSON.stringify(expected)),
    };
  }

  try {
    const names = ["runCode", "mock", "assertApi", "assertThat", "require"];
    new Function(...names, '"use strict";' + setup + "\n" + scenario)(runCode, mock, assertApi, assertThat, require);
    while (later.length) {
      // Everything that a promise has set off comes first.
      await new Promise((resolve) => setTimeout(resolve));
      later.shift()();
    }
    return null;
  } catch (error) {
    return error.name === "Error" ? error.message : String(error);
  }
}

/**
 * Runs a tag that really sends. In a web container a pixel is only noted, in `urls`, and counts as loaded.
 */
function runTag(template, data, surroundings) {
  const log = [];
  const urls = [];
  const network = {
    sendHttpGet,
    sendPixel: (url, onSuccess) => {
      urls.push(url);
      onSuccess();
    },
  };
  return new Promise((resolve, reject) => {
    const outside = { ...network, log: (line) => log.push(line), ...surroundings };
    try {
      openSandbox(template, outside).runCode(data, (outcome) => resolve({ outcome, log, urls }));
    } catch (error) {
      reject(error);
    }
  });
}

/** sendHttpGet as in a server container: a promise of the response, or of {reason: "failed" or "timed_out"}. */
async function sendHttpGet(url, options) {
  const { headers, timeout = 15000 } = options || {};
  try {
    const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(timeout) });
    const received = Object.fromEntries(response.headers);
    return { statusCode: response.status, headers: received, body: await response.text() };
  } catch (error) {
    throw { reason: error.name === "TimeoutError" ? "timed_out" : "failed" };
  }
}

const FUNCTIONS = { runScenario, runTag };

async function answer(line) {
  const { name, values } = JSON.parse(line);
  try {
    return { result: await FUNCTIONS[name](...values) };
  } catch (error) {
    return { error: String(error.message) };
  }
}

require("node:readline")
  .createInterface({ input: process.stdin })
  .on("line", async (line) => process.stdout.write(JSON.stringify(await answer(line)) + "\n"));
