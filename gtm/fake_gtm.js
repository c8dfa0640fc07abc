/*
 * A fake of Google Tag Manager in the browser, for tests and the local run. It executes a container export as GTM's
 * web runtime does, for the kinds of tags, triggers and variables that gtm-pixel writes. Anything else is an error.
 *
 *   const fakeGtm = GtmFake.run(containerExport, { onTag(report) { … }, debugMode: false });
 *
 * Custom JavaScript comes from `GtmFake.functions`, which a script made by gtm/functions_script.py fills: so it runs
 * where the page's policy forbids eval. A function that is not there is evaluated, as GTM does.
 *
 * `onTag` is called for every tag that a trigger fires: {tag, event, outcome, url?, missingConsent?}. The outcome is
 * "blocked" (consent), or "sent" and later "succeeded" or "failed". Without a URL it failed before it was sent.
 *
 * Each rule names its source:
 *   [helper]     google/data-layer-helper, Google's published source of the data layer's rules
 *   [devguide]   developers.google.com/tag-platform/tag-manager/datalayer
 *   [templates]  developers.google.com/tag-platform/tag-manager/templates/api
 *   [consent]    developers.google.com/tag-platform/security/guides/consent and
 *                support.google.com/tagmanager/answer/10718549
 *   [api]        developers.google.com/tag-platform/tag-manager/api/v2, resource and dictionary reference
 *   [image tag]  support.google.com/tagmanager/answer/6107167
 */
(function (root) {
  "use strict";

  const CONSENT_OPTIONS = ["region", "wait_for_update"];
  const LARGEST_CACHE_BUSTER = 2147483647;
  const VARIABLE = /\{\{(.+?)\}\}/g;

  function run(containerExport, options) {
    const settings = Object.assign({ dataLayer: "dataLayer", debugMode: false, onTag() {} }, options);
    // [api] The built-in variables: the name of the current event, and whether this is GTM's Preview.
    const builtIns = { EVENT: (event) => event, DEBUG_MODE: () => settings.debugMode };
    const container = compile(containerExport);
    const model = {};
    const consent = {};
    const waiting = [];
    let busy = false;

    // ---- The data layer --------------------------------------------------------------------------------------

    const dataLayer = (root[settings.dataLayer] = root[settings.dataLayer] || []);
    const push = dataLayer.push;

    // [helper] Messages are processed in order. One pushed meanwhile, for example by a tag's callback, waits.
    function take(messages) {
      waiting.push(...messages);
      if (busy) return;
      busy = true;
      try {
        while (waiting.length) process(waiting.shift());
      } finally {
        busy = false;
      }
    }

    function process(message) {
      // [published] The data of a gtag("event", …) is gone with the next message.
      delete model.eventModel;
      const kind = kindOf(message);
      if (kind === "Arguments") {
        command(Array.from(message));
      } else if (kind === "Array") {
        // [helper] ["cart.push", item] calls a method of the value at a key. One that throws is ignored.
        quietly(() => callMethod(message));
      } else if (kind === "Function") {
        // [helper] A function runs with the model's get and set as its `this`. One that throws is ignored.
        quietly(() => message.call({ get: read, set: write }));
      } else if (isPlainObject(message)) {
        absorb(message);
      }
      // [helper] Anything else is ignored.
    }

    function absorb(message) {
      // [helper] The keys of a message are merged one by one. A dot in a key separates levels. [published] With a true
      // `_clear` they replace what was there.
      for (const key of Object.keys(message)) {
        if (key === "_clear") continue;
        if (message._clear) write(key, undefined);
        write(key, message[key]);
      }
      // [devguide] A message with `event` is an event, on which triggers fire.
      if (typeof message.event === "string") fire(message.event);
    }

    /** An arguments object, as gtag() pushes it. */
    function command([name, ...values]) {
      if (name === "set") {
        // [helper] set(object) and set(key, value) change the model.
        if (values.length === 1 && isPlainObject(values[0])) {
          for (const key of Object.keys(values[0])) write(key, values[0][key]);
        } else if (values.length === 2 && typeof values[0] === "string") {
          write(values[0], values[1]);
        }
      } else if (name === "consent") {
        setConsent(values[0], values[1] || {});
      } else if (name === "event") {
        // [published] An event of that name, with its data under eventModel.
        const [event, data] = values;
        if (typeof event !== "string" || values.length > 2 || (data !== undefined && !isPlainObject(data))) return;
        absorb(data === undefined ? { event } : { event, eventModel: data });
      }
      // Other commands are for Google's own tags, which these containers do not have.
    }

    function write(key, value) {
      merge(expand(key, value), model);
    }

    // [helper] A path ends at the first undefined. [published] Below null it is false.
    function read(key) {
      let value = model;
      for (const part of key.split(".")) {
        if (value === null) return false;
        if (value === undefined) return undefined;
        value = value[part];
      }
      return value;
    }

    function callMethod([path, ...values]) {
      const keys = path.split(".");
      const method = keys.pop();
      const target = keys.length ? read(keys.join(".")) : model;
      target[method](...values);
    }

    // ---- Consent ---------------------------------------------------------------------------------------------

    // [consent] gtag("consent", "default" | "update", {type: "granted" | "denied"}). An update takes effect at once,
    // and a later default does not undo it.
    function setConsent(mode, states) {
      // A default for certain regions applies to visitors from there. Here, visitors have no region.
      if (mode === "default" && states.region) return;
      for (const type of Object.keys(states)) {
        if (CONSENT_OPTIONS.includes(type)) continue;
        const known = consent[type] || {};
        consent[type] = { ...known, [mode]: states[type] === "granted" };
      }
    }

    // [templates] isConsentGranted: "A consent type with no state is considered granted".
    function isGranted(type) {
      const state = consent[type];
      if (!state) return true;
      return state.update === undefined ? state.default : state.update;
    }

    // ---- Tags ------------------------------------------------------------------------------------------------

    function fire(event) {
      const matching = container.triggers.filter((trigger) => trigger.matches(event)).map((trigger) => trigger.id);
      for (const tag of container.tags) {
        // [api] tagFiringOption ONCE_PER_EVENT: a tag fires once, however many of its triggers match.
        if (!tag.triggers.some((id) => matching.includes(id))) continue;
        // [consent] Additional consent NEEDED: every type must be granted when the trigger fires. Consent given
        // later does not fire the tag (support.cookiehub.com/article/178; Google does not document it).
        const missingConsent = tag.consent.filter((type) => !isGranted(type));
        if (missingConsent.length) {
          settings.onTag({ tag: tag.name, event, outcome: "blocked", missingConsent });
        } else {
          sendImage(tag, event);
        }
      }
    }

    // [image tag] The tag is an invisible 1×1 image. It succeeds when the image loads.
    function sendImage(tag, event) {
      const substituted = substitute(tag.url, event);
      if (substituted === undefined) {
        settings.onTag({ tag: tag.name, event, outcome: "failed" });
        return;
      }
      const url = bust(tag, substituted);
      const report = { tag: tag.name, event, url };
      const image = new Image(1, 1);
      let ended = false;
      const end = (outcome) => () => {
        if (ended) return;
        ended = true;
        settings.onTag({ ...report, outcome });
      };
      image.onload = end("succeeded");
      image.onerror = end("failed");
      settings.onTag({ ...report, outcome: "sent" });
      image.src = url;
    }

    // [published] What throws here, outside the variables, ends the tag: half of a surrogate pair cannot be encoded.
    function substitute(pieces, event) {
      const read = reader(event);
      try {
        return pieces
          .map((piece) => (typeof piece === "string" ? piece : piece.encode(String(read(piece.variable)))))
          .join("");
      } catch (error) {
        return undefined;
      }
    }

    // [published] A variable that throws is false.
    function reader(event) {
      const read = (name) => {
        try {
          return container.variables.get(name)(event, read);
        } catch (error) {
          return false;
        }
      };
      return read;
    }

    // [image tag] "Cache Busting" adds a parameter with a random number, by default gtmcb.
    function bust(tag, url) {
      if (!tag.cacheBuster) return url;
      const last = url.charAt(url.length - 1);
      const joint = !url.includes("?") ? "?" : last === "?" || last === "&" ? "" : "&";
      return url + joint + tag.cacheBuster + "=" + Math.round(LARGEST_CACHE_BUSTER * Math.random());
    }

    // ---- The export ------------------------------------------------------------------------------------------

    function compile({ exportFormatVersion, containerVersion }) {
      expect(exportFormatVersion === 2, "a container export of version " + exportFormatVersion);
      const variables = new Map();
      const fixed = new Set();
      for (const variable of containerVersion.variable || []) {
        variables.set(variable.name, compileVariable(variable));
        if (["c", "smm"].includes(variable.type)) fixed.add(variable.name);
      }
      for (const builtIn of containerVersion.builtInVariable || []) {
        expect(builtIn.type in builtIns, "the built-in variable " + builtIn.type);
        variables.set(builtIn.name, builtIns[builtIn.type]);
      }
      return {
        variables,
        triggers: (containerVersion.trigger || []).map(compileTrigger),
        tags: (containerVersion.tag || []).map((tag) => compileTag(tag, variables, fixed)),
      };
    }

    /** A function of the current event's name and of `read`, which reads other variables by name. */
    function compileVariable(variable) {
      const given = parametersOf(variable);
      expect(!Object.keys(variable.formatValue || {}).length, variable.name + " with a value format");
      switch (variable.type) {
        case "v":
          // [api] Data layer variable. Version 2 reads the merged model by a path with dots.
          expect(given.dataLayerVersion === "2", variable.name + " with data layer version " + given.dataLayerVersion);
          expect(given.setDefaultValue !== "true", variable.name + " with a default value");
          return () => read(given.name);
        case "k":
          // [api] First-party cookie: its value, or undefined.
          expect(given.decodeCookie !== "true", variable.name + " of type " + variable.type);
          return () => cookie(given.name);
        case "c":
          // [api] Constant.
          return () => given.value;
        case "smm":
          return compileLookup(variable);
        case "jsm":
          return compileFunction(variable.name, given.javascript);
        default:
          return expect(false, variable.name + " of type " + variable.type);
      }
    }

    // [api] Lookup table: the row whose key is the input as a string, or the default value.
    function compileLookup(variable) {
      const given = parametersOf(variable);
      const input = /^\{\{(.+)\}\}$/.exec(given.input);
      expect(input, variable.name + " with the input " + given.input);
      const rows = variable.parameter.find(({ key }) => key === "map").list;
      const values = new Map(rows.map(({ map }) => [map[0].value, map[1].value]));
      const otherwise = given.setDefaultValue === "true" ? given.defaultValue : undefined;
      return (event, readVariable) => {
        const key = String(readVariable(input[1]));
        return values.has(key) ? values.get(key) : otherwise;
      };
    }

    // [published] Custom JavaScript is evaluated. If it throws, or the page's policy forbids eval, it is undefined.
    function compileFunction(name, source) {
      return (event, readVariable) => {
        try {
          const known = root.GtmFake.functions[name];
          if (known) return known(readVariable);
          const text = source.replace(VARIABLE, (found, other) => "read(" + JSON.stringify(other) + ")");
          return new Function("read", "return (" + text + ")();")(readVariable);
        } catch (error) {
          return undefined;
        }
      };
    }

    function compileTrigger(trigger) {
      expect(trigger.type === "CUSTOM_EVENT" && !trigger.filter, trigger.name + " of type " + trigger.type);
      const conditions = trigger.customEventFilter.map((condition) => {
        const given = parametersOf(condition);
        expect(given.arg0 === "{{_event}}" && given.negate !== "true", trigger.name + " with a condition");
        // [api] EQUALS compares whole strings, case-sensitively. MATCH_REGEX matches anywhere.
        if (condition.type === "EQUALS") return (event) => event === given.arg1;
        expect(condition.type === "MATCH_REGEX", trigger.name + " with the operator " + condition.type);
        const pattern = new RegExp(given.arg1);
        return (event) => pattern.test(event);
      });
      return { id: trigger.triggerId, matches: (event) => conditions.every((matches) => matches(event)) };
    }

    function compileTag(tag, variables, fixed) {
      const given = parametersOf(tag);
      const { consentStatus = "NOT_SET", consentType = {} } = tag.consentSettings || {};
      expect(tag.type === "img", tag.name + " of type " + tag.type);
      expect(tag.tagFiringOption === "ONCE_PER_EVENT", tag.name + " with the option " + tag.tagFiringOption);
      expect(!tag.blockingTriggerId && !tag.setupTag && !tag.teardownTag, tag.name + " with exceptions or a sequence");
      return {
        name: tag.name,
        url: compileUrl(given.url, variables, fixed),
        cacheBuster: given.useCacheBuster === "true" ? given.cacheBusterQueryParam || "gtmcb" : "",
        triggers: tag.firingTriggerId,
        consent: consentStatus === "NEEDED" ? consentType.list.map((item) => item.value) : [],
      };
    }

    /** Strings, and the variables between them. */
    function compileUrl(url, variables, fixed) {
      const query = url.indexOf("?");
      let position = 0;
      const pieces = [];
      for (const found of url.matchAll(VARIABLE)) {
        const [whole, variable] = found;
        expect(variables.has(variable), "the variable " + variable + ", which is not in the container,");
        const inQuery = query !== -1 && found.index > query;
        const isBase = found.index === 0 && fixed.has(variable);
        expect(inQuery || isBase, "the variable " + variable + " before the query");
        pieces.push(url.slice(position, found.index), { variable, encode: inQuery ? encode : encodeBase });
        position = found.index + whole.length;
      }
      return [...pieces, url.slice(position)];
    }

    // [devguide] Messages pushed before GTM loaded count, too.
    take(dataLayer.slice());
    dataLayer.push = function (...messages) {
      const length = push.apply(dataLayer, messages);
      take(messages);
      return length;
    };
    return { get: read, isGranted, stop() { dataLayer.push = push; } };
  }

  function expect(holds, what) {
    if (!holds) throw new Error("The fake GTM does not run " + what + ".");
  }

  function parametersOf(item) {
    return Object.fromEntries((item.parameter || []).map(({ key, value }) => [key, value]));
  }

  // [published] A variable in the query is encoded as a URI component, and ' ( ) too. The event processor recognizes
  // the strings for missing values (contract/missing_values.py).
  function encode(text) {
    return encodeURIComponent(text).replace(/['()]/g, percent);
  }

  // [published] A variable at the beginning stays a URL: what no URL may hold is percent-encoded, & is escaped as HTML.
  function encodeBase(text) {
    return text.replace(/[\x00-\x20"'()<>\\{}\x7f]/g, percent).replace(/&/g, "&amp;");
  }

  function percent(letter) {
    return "%" + letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
  }

  function cookie(name) {
    for (const pair of document.cookie.split(";")) {
      const [key, ...value] = pair.split("=");
      if (key.trim() === name) return value.join("=").trim();
    }
    return undefined;
  }

  // [helper] ("a.b", 1) is {a: {b: 1}}.
  function expand(key, value) {
    return key.split(".").reduceRight((inner, part) => ({ [part]: inner }), value);
  }

  // [helper] Objects and arrays are merged level by level. Anything else replaces the old value, and so does
  // everything in an object with a true `_clear`.
  function merge(from, to) {
    const deeper = !from._clear;
    for (const key of Object.keys(from)) {
      // Not in the helper: prevents prototype pollution.
      if (key === "__proto__") continue;
      const value = from[key];
      if (deeper && Array.isArray(value)) {
        if (!Array.isArray(to[key])) to[key] = [];
        merge(value, to[key]);
      } else if (deeper && isPlainObject(value)) {
        if (!isPlainObject(to[key])) to[key] = {};
        merge(value, to[key]);
      } else {
        to[key] = value;
      }
    }
    delete to._clear;
  }

  function kindOf(value) {
    return Object.prototype.toString.call(value).slice("[object ".length, -1);
  }

  // [helper] Class instances, Dates and elements are not plain; they are kept as they are.
  function isPlainObject(value) {
    if (kindOf(value) !== "Object") return false;
    const prototype = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  }

  function quietly(action) {
    try {
      action();
    } catch (error) {
      // As the helper does: the message is ignored.
    }
  }

  root.GtmFake = { run, functions: {} };
})(window);
