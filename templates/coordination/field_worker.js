{% load static %}// Keeps the page and its files for a dead network; data never: they live in IndexedDB (static/js/field.js).
const CACHE = "field-{% static 'js/field.js' %}";
const FILES = ["/coordination/field/", {% for file in files %}"{{ file }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
self.addEventListener("install", (event) => event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(
  caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("field-") && name !== CACHE).map((name) => caches.delete(name)))).then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const isPage = url.pathname === "/coordination/field/";
  if (isPage)
    event.respondWith(fetch(event.request).then((answer) => {
      if (answer.ok && !answer.redirected) { const copy = answer.clone(); caches.open(CACHE).then((cache) => cache.put(event.request, copy)); }
      return answer;
    }).catch(() => caches.match("/coordination/field/")));
  else if (FILES.includes(url.pathname)) event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
});
