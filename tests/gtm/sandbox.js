/*
 * GTM's template sandbox and its test APIs, as documented at
 * developers.google.com/tag-platform/tag-manager/templates/api, for what the template and its scenarios use.
 * Defines runScenario(code, setup, scenario): null, or why the scenario failed.
 */
"use strict";

function runScenario(code, setup, scenario) {
  const mocks = {};
  const calls = {};

  const apis = {
    decodeUriComponent: (text) => {
      try {
        return decodeURIComponent(text);
      } catch (error) {
        return undefined;
      }
    },
    encodeUriComponent: (text) => {
      try {
        return encodeURIComponent(text);
      } catch (error) {
        return undefined;
      }
    },
    generateRandom: (from, to) => from + Math.floor(Math.random() * (to - from + 1)),
    getType: (value) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value),
    makeString: (value) => String(value),
    sendPixel: () => { throw new Error("a scenario called the network"); },
  };

  function recorded(name, actual) {
    return (...values) => {
      (calls[name] = calls[name] || []).push(values);
      return actual(...values);
    };
  }

  function require(name) {
    if (!apis[name]) throw new Error("the sandbox has no " + name);
    const mocked = mocks[name];
    return recorded(name, name in mocks ? (typeof mocked === "function" ? mocked : () => mocked) : apis[name]);
  }

  // Tags must not see the page: in the sandbox these names are not there.
  const hidden = ["window", "document", "self", "globalThis", "fetch", "XMLHttpRequest", "Image", "location"];

  function runCode(data) {
    const ends = () => (calls.gtmOnSuccess || []).length + (calls.gtmOnFailure || []).length;
    const before = ends();
    const given = {
      ...data,
      gtmOnSuccess: recorded("gtmOnSuccess", () => {}),
      gtmOnFailure: recorded("gtmOnFailure", () => {}),
    };
    new Function("require", "data", ...hidden, '"use strict";' + code)(require, given);
    if (ends() - before > 1) throw new Error("GTM heard of the end " + (ends() - before) + " times");
  }

  function mock(name, returned) { mocks[name] = returned; }

  function check(holds, message) { if (!holds) throw new Error(message); }

  function assertApi(name) {
    const number = () => (calls[name] || []).length;
    return {
      wasCalled: () => check(number() > 0, name + " was not called"),
      wasNotCalled: () => check(number() === 0, name + " was called"),
    };
  }

  function assertThat(actual) {
    const shown = JSON.stringify(actual);
    return { isEqualTo: (expected) => check(shown === JSON.stringify(expected), shown + " is not " + JSON.stringify(expected)) };
  }

  try {
    const run = new Function("runCode", "mock", "assertApi", "assertThat", '"use strict";' + setup + "\n" + scenario);
    run(runCode, mock, assertApi, assertThat);
    return null;
  } catch (error) {
    return String(error.message);
  }
}
