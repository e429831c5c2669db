// One operation on the page of the API: what it takes to the left, examples to the right.

import { boundsOf, curlOf, resolved, typeOf, within } from "./docsmodel.js";
import { codeBlock, coloured, h, inline, laidOut, prose } from "./docsparts.js";

const ROLES = { read: "needs a token, where there are tokens", admin: "needs an administrator's token, where there are tokens" };
// Deeper than that, a shape is not read but looked up.
const DEEPEST = 5;

/** What the document says before its routes. */
export function intro(document_) {
  return h("section", { class: "card intro", id: "intro", "aria-label": "About" },
    h("p", { class: "lead" }, document_.info.summary),
    prose(document_.info.description),
    h("dl", { class: "facts" },
      h("div", {}, h("dt", {}, "This daemon"), h("dd", {}, h("code", {}, location.origin))),
      h("div", {}, h("dt", {}, "Version"), h("dd", {}, document_.info.version)),
      h("div", {}, h("dt", {}, "Document"), h("dd", {}, h("a", { href: "openapi.json" }, `OpenAPI ${document_.openapi}`)))));
}

/** The section of one operation. */
export function routeSection(document_, route, needsToken) {
  const good = route.responses.filter(({ status }) => status < "400");
  const bad = route.responses.filter(({ status }) => status >= "400");
  return h("section", { class: "card route", id: route.id, "aria-labelledby": `${route.id}-title` },
    h("header", {},
      h("h3", { id: `${route.id}-title` }, route.summary),
      h("p", { class: "address" },
        h("span", { class: "method", data: { method: route.method } }, route.method), " ",
        h("a", { class: "path", href: `#${route.id}` }, pathParts(route.path)),
        route.role ? h("span", { class: "role", data: { role: route.role }, title: ROLES[route.role] }, `role ${route.role}`) : null)),
    h("div", { class: "halves" },
      h("div", { class: "told" },
        prose(route.description),
        parameters(document_, route),
        body(document_, route),
        h("h4", {}, "Answers"),
        h("ul", { class: "answers" }, good.map((answer) => answerItem(document_, answer))),
        failures(document_, bad)),
      h("div", { class: "examples" },
        codeBlock("Request", curlOf(route, location.origin, needsToken)),
        examples(good))));
}

function pathParts(path) {
  return path.split(/(\{\w+\})/).map((part) => (part.startsWith("{") ? h("b", {}, part) : part.replaceAll("/", "/\u200b")));
}

function parameters(document_, route) {
  if (!route.parameters.length) return null;
  return [h("h4", {}, "Parameters"), rows(route.parameters.map((each) => ({
    name: each.name,
    where: each.in === "query" ? "" : `in the ${each.in}`,
    required: each.required && each.in === "query",
    schema: each.schema,
    description: each.description,
  })), document_)];
}

function body(document_, route) {
  if (!route.body) return null;
  const kinds = Object.keys(route.body.content);
  const schema = resolved(document_, Object.values(route.body.content)[0].schema);
  return [h("h4", {}, "Body"), h("p", { class: "detail" }, kinds.flatMap((kind, index) => [index ? " or " : "", h("code", {}, kind)])),
    rows(Object.entries(schema.properties).map(([name, each]) => ({ name, schema: each, description: resolved(document_, each).description })), document_)];
}

function rows(found, document_) {
  return h("dl", { class: "rows" }, found.map(({ name, where, required, schema, description }) => h("div", {},
    h("dt", {}, h("code", {}, name), required ? h("span", { class: "required" }, "required") : null, where ? h("span", { class: "where" }, where) : null),
    h("dd", {}, h("span", { class: "type" }, [typeOf(document_, schema), boundsOf(document_, schema)].filter(Boolean).join(", ")),
      description ? h("span", { class: "means" }, inline(description)) : null))));
}

function answerItem(document_, answer) {
  const types = Object.entries(answer.content ?? {});
  const shaped = types.map(([, { schema }]) => schema && within(document_, schema)).find(Boolean);
  return h("li", {},
    h("span", { class: "status", data: { kind: answer.status[0] } }, answer.status), " ",
    h("span", {}, inline(answer.description)),
    types.length ? h("p", { class: "detail" }, types.flatMap(([type], index) => [index ? ", " : "", h("code", {}, type)])) : null,
    shaped ? h("details", { class: "shape" }, h("summary", {}, "What it holds"), shape(document_, shaped, 0)) : null);
}

function shape(document_, { properties, required }, depth) {
  return h("ul", { class: "tree" }, Object.entries(properties).map(([name, schema]) => {
    const told = resolved(document_, schema);
    const deeper = depth < DEEPEST ? within(document_, schema) : null;
    const head = [
      h("code", {}, name), " ",
      h("span", { class: "type" }, deeper ? deeper.path.join(" › ") || "object" : [typeOf(document_, schema), boundsOf(document_, schema)].filter(Boolean).join(", ")),
      required.includes(name) ? null : h("span", { class: "where" }, "not always"),
      told.description ? h("span", { class: "means" }, inline(told.description)) : null,
    ];
    return h("li", {}, deeper ? h("details", {}, h("summary", {}, head), shape(document_, deeper, depth + 1)) : head);
  }));
}

function failures(document_, bad) {
  return h("details", { class: "failures" },
    h("summary", {}, "Failures ", bad.map(({ status }) => h("span", { class: "status", data: { kind: status[0] } }, status))),
    h("ul", { class: "answers" }, bad.map((answer) => h("li", {},
      h("span", { class: "status", data: { kind: answer.status[0] } }, answer.status), " ",
      h("span", {}, inline(answer.description)),
      h("p", { class: "detail" }, wordsOf(document_, answer).flatMap((word, index) => [index ? ", " : "", h("code", {}, word)]))))));
}

/** The `error_type`s that a failure may have. */
function wordsOf(document_, answer) {
  const schema = answer.content?.["application/json"]?.schema;
  const kinds = schema ? schema.oneOf ?? [schema] : [];
  return kinds.map((each) => resolved(document_, each).properties?.error_type ?? {}).flatMap((word) => word.enum ?? ("const" in word ? [word.const] : []));
}

function examples(good) {
  return good.flatMap(({ status, content = {} }) => Object.entries(content).flatMap(([type, told]) => {
    const found = told.examples ? Object.values(told.examples) : "example" in told ? [{ value: told.example }] : [];
    return found.map(({ summary, value }) => {
      const text = typeof value === "string" ? value.trimEnd() : laidOut(value);
      return codeBlock(`${status} ${summary ?? type}`, text, typeof value === "string" ? text : coloured(text));
    });
  }));
}
