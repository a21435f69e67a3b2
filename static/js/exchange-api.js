// The interactive description: signs a call in the browser as docs/exchange-protocol.md §3 says (RSA profile).
const text = new TextEncoder();
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const field = (name) => document.getElementById(`api-${name}`).value.trim();

async function sign(operation, parameters) {
  const lines = [operation];
  for (const name of [...parameters.keys()].sort())
    lines.push(`${name}=${hex(await crypto.subtle.digest("SHA-256", text.encode(parameters.get(name))))}`);
  const mac = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", text.encode(field("secret")), mac, false, ["sign"]);
  const digest = hex(await crypto.subtle.sign(mac, secret, text.encode(lines.join("\n"))));
  const pem = field("key").replace(/-----[^-]+-----|\s/g, "");
  const der = Uint8Array.from(atob(pem), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey("spki", der, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "RSA-OAEP" }, key, text.encode(digest));
  return btoa(String.fromCharCode(...new Uint8Array(sealed)));
}

async function prepare(request) {
  const operation = /\/(pushdata|getdata)/.exec(request.url)?.[1];
  if (!operation || !field("app") || !field("secret") || !field("key")) return request;
  const address = new URL(request.url, location.href);
  const given = operation === "getdata" ? address.searchParams : new URLSearchParams(request.body);
  const parameters = new URLSearchParams();
  for (const [name, value] of given) if (value && !["appID", "timestamp", "sign"].includes(name)) parameters.set(name, value);
  parameters.set("appID", field("app"));
  parameters.set("timestamp", String(Math.floor(Date.now() / 1000)));
  parameters.set("sign", await sign(operation, parameters));
  if (operation === "getdata") request.url = `${address.origin}${address.pathname}?${parameters}`;
  else request.body = parameters.toString();
  return request;
}

const place = document.getElementById("swagger");
SwaggerUIBundle({
  url: place.dataset.url,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  requestInterceptor: prepare,
});
