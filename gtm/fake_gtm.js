/*
 * A fake of Google Tag Manager in the browser, for tests and the local run. It executes a container export as GTM's
 * web runtime does, for the kinds of tags, triggers and variables that gtm-pixel writes. Anything else is an error.
 *
 *   const fakeGtm = GtmFake.run(containerExport, { onTag(report) { … } });
 *
 * `onTag` is called for every tag that a trigger fires: {tag, event, outcome, url?, missingConsent?}. The outcome is
 * "blocked" (consent), or "sent" and later "succeeded" or "failed".
 *
 * Each rule names its source:
 *   [helper]     google/data-layer-helper, Google's published source of the data layer's rules
 *   [devguide]   developers.google.com/tag-platform/tag-manager/datalayer
 *   [templates]  developers.google.com/tag-platform/tag-manager/templates/api
 *   [consent]    developers.google.com/tag-platform/security/guides/consent and
 *                support.google.com/tagmanager/answer/10718549
 *   [api]        developers.google.com/tag-platform/tag-manager/api/v2, resource and dictionary reference
 *   [image tag]  support.google.com/tagmanager/answer/6107167
 *   [undocumented] known behaviour of GTM's runtime, not verified here; docs/gtm.md lists these
 */
(function (root) {
  "use strict";

  const CONSENT_OPTIONS = ["region", "wait_for_update"];
  const LARGEST_CACHE_BUSTER = 2147483647;

  function run(containerExport, options) {
    const settings = Object.assign({ dataLayer: "dataLayer", onTag() {} }, options);
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
        // [helper] The keys of a message are merged one by one. A dot in a key separates levels.
        for (const key of Object.keys(message)) write(key, message[key]);
        // [devguide] A message with `event` is an event, on which triggers fire.
        if (typeof message.event === "string") fire(message.event);
      }
      // [helper] Anything else is ignored.
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
      }
      // Other commands are for Google's own tags, which these containers do not have.
    }

    function write(key, value) {
      merge(expand(key, value), model);
    }

    // [helper] A path ends at the first undefined. [undocumented] Below null it is false.
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
      const url = bust(tag, substitute(tag.url, event));
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

    // [undocumented] A variable in the query is encoded as a URI component, and ' ( ) too. One that throws is "false".
    function substitute(pieces, event) {
      return pieces.map((piece) => (typeof piece === "string" ? piece : textOf(() => piece.value(event)))).join("");
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
      for (const variable of containerVersion.variable || []) variables.set(variable.name, compileVariable(variable));
      for (const builtIn of containerVersion.builtInVariable || []) {
        // [api] The built-in variable EVENT is the name of the current event.
        expect(builtIn.type === "EVENT", "the built-in variable " + builtIn.type);
        variables.set(builtIn.name, (event) => event);
      }
      return {
        triggers: (containerVersion.trigger || []).map(compileTrigger),
        tags: (containerVersion.tag || []).map((tag) => compileTag(tag, variables)),
      };
    }

    function compileVariable(variable) {
      const given = parametersOf(variable);
      if (variable.type === "v") {
        // [api] Data layer variable. Version 2 reads the merged model by a path with dots.
        expect(given.dataLayerVersion === "2", variable.name + " with data layer version " + given.dataLayerVersion);
        expect(given.setDefaultValue !== "true", variable.name + " with a default value");
        expect(!Object.keys(variable.formatValue || {}).length, variable.name + " with a value format");
        return () => read(given.name);
      }
      // [api] First-party cookie: its value, or undefined.
      expect(variable.type === "k" && given.decodeCookie !== "true", variable.name + " of type " + variable.type);
      return () => cookie(given.name);
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

    function compileTag(tag, variables) {
      const given = parametersOf(tag);
      const { consentStatus = "NOT_SET", consentType = {} } = tag.consentSettings || {};
      expect(tag.type === "img", tag.name + " of type " + tag.type);
      expect(tag.tagFiringOption === "ONCE_PER_EVENT", tag.name + " with the option " + tag.tagFiringOption);
      expect(!tag.blockingTriggerId && !tag.setupTag && !tag.teardownTag, tag.name + " with exceptions or a sequence");
      return {
        name: tag.name,
        url: compileUrl(given.url, variables),
        cacheBuster: given.useCacheBuster === "true" ? given.cacheBusterQueryParam || "gtmcb" : "",
        triggers: tag.firingTriggerId,
        consent: consentStatus === "NEEDED" ? consentType.list.map((item) => item.value) : [],
      };
    }

    /** Strings, and the variables between them. */
    function compileUrl(url, variables) {
      const query = url.indexOf("?");
      let position = 0;
      const pieces = [];
      for (const found of url.matchAll(/\{\{(.+?)\}\}/g)) {
        expect(variables.has(found[1]), "the variable " + found[1] + ", which is not in the container,");
        expect(query !== -1 && found.index > query, "the variable " + found[1] + " before the query");
        pieces.push(url.slice(position, found.index), { value: variables.get(found[1]) });
        position = found.index + found[0].length;
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

  // The event processor recognizes the strings for missing values (contract/missing_values.py).
  function textOf(value) {
    try {
      return encode(String(value()));
    } catch (error) {
      return "false";
    }
  }

  function encode(text) {
    return encodeURIComponent(text).replace(/['()]/g, (letter) => "%" + letter.charCodeAt(0).toString(16).toUpperCase());
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

  root.GtmFake = { run };
})(window);
