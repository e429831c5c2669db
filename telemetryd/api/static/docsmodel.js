// What the document says, as the page needs it: references followed, schemas in words, examples as commands.

const METHODS = ["get", "post", "put", "patch", "delete"];
const PREFIX = "/api/v0/wal/telemetry";

/** What a reference is to, with whatever stands beside it. */
export function resolved(document_, value) {
  if (!value?.$ref) return value ?? {};
  const { $ref, ...beside } = value;
  const found = $ref.split("/").slice(1).reduce((at, step) => at[step], document_);
  return { ...resolved(document_, found), ...beside };
}

/** All operations, in the document's order. */
export function routesOf(document_) {
  return Object.entries(document_.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method in methods).map((method) => {
      const told = methods[method];
      const parameters = (told.parameters ?? []).map((each) => resolved(document_, each));
      const words = [method, path, told.operationId, told.summary, told.description, ...parameters.flatMap(({ name, description }) => [name, description])];
      return {
        id: told.operationId,
        method: method.toUpperCase(),
        path,
        short: path.startsWith(PREFIX) ? path.slice(PREFIX.length) : path,
        tag: told.tags[0],
        summary: told.summary,
        description: told.description ?? "",
        parameters,
        body: told.requestBody ?? null,
        role: roleOf(told.security ?? document_.security),
        responses: Object.entries(told.responses).map(([status, answer]) => ({ status, ...resolved(document_, answer) })),
        text: words.join(" ").toLowerCase(),
      };
    }));
}

/** The role that a token must have, empty where none is needed. */
function roleOf(security) {
  return security.flatMap((scheme) => Object.values(scheme).flat())[0] ?? "";
}

/** What a value is, in few words. */
export function typeOf(document_, schema) {
  const told = resolved(document_, schema);
  if (told.title) return told.title;
  if ("const" in told) return JSON.stringify(told.const);
  if (told.oneOf && !told.type) return told.oneOf.map((each) => typeOf(document_, each)).join(" or ");
  if (told.enum && !(told.type && told.enum.length > 12)) return told.enum.map((each) => (each === null ? "null" : String(each))).join(" | ");
  if (told.type === "array") return `list of ${typeOf(document_, told.items ?? {})}`;
  const types = [told.type ?? "anything"].flat();
  return types.map((type) => (type === "string" ? "text" : type === "integer" ? "whole number" : type)).join(" or ");
}

/** Its bounds, in few words; empty where it has none. */
export function boundsOf(document_, schema) {
  const told = resolved(document_, schema);
  const number = (value) => value.toLocaleString("en");
  const words = [];
  if (told.title) return "";
  if ("minimum" in told && "maximum" in told) words.push(`${number(told.minimum)} to ${number(told.maximum)}`);
  else if (told.minimum) words.push(`from ${number(told.minimum)}`);
  if (told.maxLength) words.push(`${told.minLength ?? 0} to ${told.maxLength} characters`);
  if ("default" in told) words.push(`default ${told.default}`);
  return words.join(", ");
}

/** The object that a schema has at its bottom, below lists and names that are not fixed (`path`); null where there is none. */
export function within(document_, schema) {
  let told = resolved(document_, schema);
  const path = [];
  for (;;) {
    if (told.oneOf && !told.properties) told = resolved(document_, told.oneOf.find((each) => resolved(document_, each).properties) ?? {});
    if (told.properties) return { properties: told.properties, required: told.required ?? [], path };
    if (told.type === "array" && told.items) {
      path.push("list");
      told = resolved(document_, told.items);
    } else if (told.additionalProperties && typeof told.additionalProperties === "object") {
      path.push("by name");
      told = resolved(document_, told.additionalProperties);
    } else {
      return null;
    }
  }
}

/** The command that asks for an operation's example. `needsToken` shows where a token goes. */
export function curlOf(route, origin, needsToken) {
  const example = (parameter) => encodeURIComponent(parameter.example);
  const path = route.path.replace(/\{(\w+)\}/g, (_, name) => example(route.parameters.find((each) => each.in === "path" && each.name === name)));
  const query = route.body ? [] : route.parameters.filter((each) => each.in === "query" && "example" in each).map((each) => `-d ${each.name}=${example(each)}`);
  const words = [query.length ? "curl -G" : "curl"];
  const types = Object.keys(route.responses.find(({ status }) => status === "200")?.content ?? {});
  if (types.includes("text/event-stream")) words.push("-N");
  if (types.includes("image/svg+xml") && types.includes("image/png")) words.push("-o chart.svg");
  const json = route.body?.content["application/json"];
  if (route.method !== "GET" && !(route.method === "POST" && json)) words.push(`-X ${route.method}`);
  if (needsToken && route.role) words.push(`-H "Authorization: Bearer $TOKEN"`);
  if (json) words.push(`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(json.example)}'`);
  const [first, ...options] = words;
  return [`${first} '${origin}${path}'`, ...options, ...query].join(" \\\n  ");
}
