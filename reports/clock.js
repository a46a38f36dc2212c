// The reader's own zone, on demand. Whoever shows times listens through `onZone`.
var local = false;
var zoneListeners = [];
var months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function onZone(listener) { zoneListeners.push(listener); }
function zoneName() {
  try { return Intl.DateTimeFormat().resolvedOptions().timeZone || "local"; } catch (e) { return "local"; }
}
function pad(n) { return (n < 10 ? "0" : "") + n; }

// Milliseconds that the shown clock is ahead of UTC at that moment.
function ahead(ms) { return local ? -new Date(ms).getTimezoneOffset() * 60000 : 0; }
function parts(ms) {
  var d = new Date(ms + ahead(ms));
  return {
    day: d.getUTCDate() + " " + months[d.getUTCMonth()], year: d.getUTCFullYear(),
    clock: pad(d.getUTCHours()) + ":" + pad(d.getUTCMinutes()), second: pad(d.getUTCSeconds())
  };
}
function written(ms) { var p = parts(ms); return p.day + " " + p.clock + ":" + p.second; }

// `27 Aug 2019 04:00 – 28 Aug 2019 04:00 UTC`, as the page itself writes spans; with seconds where it is short.
function writtenSpan(start, end) {
  var a = parts(start), b = parts(end);
  function clock(p) { return p.clock + (end - start < 3600000 ? ":" + p.second : ""); }
  var same = a.day === b.day && a.year === b.year;
  return a.day + " " + a.year + " " + clock(a) + " – " + (same ? "" : b.day + " " + b.year + " ") + clock(b) +
    " " + (local ? zoneName() : "UTC");
}

(function () {
  var zone = document.getElementById("zone");
  var toggle = make("button", { type: "button", "aria-pressed": "false", title: "Show times in " + zoneName() }, "Local time");
  function show(element) {
    var was = element.getAttribute("data-utc") || element.textContent;
    element.setAttribute("data-utc", was);
    var ms = Date.parse(element.getAttribute("datetime")), p = parts(ms);
    var minute = p.day + " " + p.clock;
    var here = element.hasAttribute("data-full") ? minute + " local" : element.hasAttribute("data-minute") ? minute : written(ms);
    element.textContent = local ? here : was;
    if (local) element.title = was + (/UTC/.test(was) ? "" : " UTC"); else element.removeAttribute("title");
  }
  toggle.addEventListener("click", function () {
    local = !local;
    toggle.setAttribute("aria-pressed", String(local));
    zone.firstChild.textContent = local ? "times in tables and charts in " + zoneName() : "all times UTC";
    all("time[datetime]").forEach(show);
    zoneListeners.forEach(function (listener) { listener(); });
  });
  var first = document.querySelector("time[datetime]");
  var then = new Date(first ? first.getAttribute("datetime") : 0);
  if (then.getTimezoneOffset() || new Date().getTimezoneOffset()) {
    zone.appendChild(document.createTextNode(" "));
    zone.appendChild(toggle);
  }
})();
