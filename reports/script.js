"use strict";
// The page is complete without this script; it only makes reading quicker: copy, sort, filter, local time, a cursor.
(function () {
  function make(tag, attributes, text) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    if (text) element.textContent = text;
    return element;
  }
  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }

  // Copy. Without the clipboard API (a page opened from a file may lack it) the text is selected and copied.
  function copy(pre, button) {
    var text = pre.querySelector("code").textContent;
    function done(said) {
      button.textContent = said;
      setTimeout(function () { button.textContent = "Copy"; }, 1600);
    }
    function select() {
      var range = document.createRange();
      range.selectNodeContents(pre.querySelector("code"));
      var selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      done(document.execCommand("copy") ? "Copied" : "Press Ctrl+C");
    }
    if (navigator.clipboard && navigator.clipboard.writeText) {
      navigator.clipboard.writeText(text).then(function () { done("Copied"); }, select);
    } else select();
  }
  all("pre[data-copy]").forEach(function (pre) {
    var button = make("button", { type: "button", class: "copy", "aria-live": "polite" }, "Copy");
    button.addEventListener("click", function () { copy(pre, button); });
    pre.classList.add("copied-by-button");
    pre.appendChild(button);
  });

  // Sort and filter.
  function key(row, column) {
    var cell = row.children[column];
    var number = cell.hasAttribute("data-sort") ? parseFloat(cell.getAttribute("data-sort")) : NaN;
    return isNaN(number) ? cell.textContent.trim() : number;
  }
  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }
  function sort(table, column) {
    var heads = all("thead th", table);
    var down = heads[column].getAttribute("aria-sort") === "ascending";
    heads.forEach(function (head) { head.removeAttribute("aria-sort"); });
    heads[column].setAttribute("aria-sort", down ? "descending" : "ascending");
    var body = table.tBodies[0];
    Array.prototype.slice.call(body.rows)
      .map(function (row, index) { return { row: row, key: key(row, column), index: index }; })
      .sort(function (a, b) { return (down ? -1 : 1) * compare(a.key, b.key) || a.index - b.index; })
      .forEach(function (item) { body.appendChild(item.row); });
  }
  function filter(table) {
    var label = make("label", { class: "table-tools" }, "Filter ");
    var input = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    var shown = make("output");
    label.appendChild(input);
    label.appendChild(shown);
    table.parentNode.insertBefore(label, table);
    input.addEventListener("input", function () {
      var wanted = input.value.toLowerCase(), left = 0;
      Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
        row.hidden = row.textContent.toLowerCase().indexOf(wanted) < 0;
        left += row.hidden ? 0 : 1;
      });
      shown.textContent = wanted ? left + " of " + table.tBodies[0].rows.length : "";
    });
  }
  all("table[data-sortable]").forEach(function (table) {
    if (table.tBodies[0].rows.length < 2) return;
    all("thead th", table).forEach(function (head, column) {
      var button = make("button", { type: "button", title: "Sort" }, head.textContent);
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () { sort(table, column); });
    });
    if (table.tBodies[0].rows.length > 8) filter(table);
  });

  // A link to a row that a filter hides, or that lies in closed details, opens the way.
  function reveal() {
    var target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.tagName === "DETAILS") target.open = true;
    if (target.hidden) { target.hidden = false; target.scrollIntoView(); }
  }
  addEventListener("hashchange", reveal);
  reveal();

  // The reader's own zone, on demand.
  var local = false;
  function pad(n) { return (n < 10 ? "0" : "") + n; }
  var months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  function parts(ms) {
    var d = new Date(ms);
    return local
      ? { day: d.getDate(), month: months[d.getMonth()], year: d.getFullYear(), clock: pad(d.getHours()) + ":" + pad(d.getMinutes()), second: pad(d.getSeconds()) }
      : { day: d.getUTCDate(), month: months[d.getUTCMonth()], year: d.getUTCFullYear(), clock: pad(d.getUTCHours()) + ":" + pad(d.getUTCMinutes()), second: pad(d.getUTCSeconds()) };
  }
  function written(ms) { var p = parts(ms); return p.day + " " + p.month + " " + p.clock + ":" + p.second; }
  function zoneName() {
    try { return Intl.DateTimeFormat().resolvedOptions().timeZone || "local"; } catch (e) { return "local"; }
  }
  var zone = document.getElementById("zone");
  var toggle = make("button", { type: "button", "aria-pressed": "false" }, "Show " + zoneName() + " time");
  toggle.addEventListener("click", function () {
    local = !local;
    toggle.setAttribute("aria-pressed", String(local));
    zone.firstChild.textContent = local ? "times in tables and charts in " + zoneName() + " " : "all times UTC ";
    all("time[datetime]").forEach(function (element) {
      var was = element.getAttribute("data-utc") || element.textContent;
      element.setAttribute("data-utc", was);
      var ms = Date.parse(element.getAttribute("datetime")), p = parts(ms);
      var full = p.day + " " + p.month + " " + p.clock + " local";
      element.textContent = local ? (element.hasAttribute("data-full") ? full : written(ms)) : was;
      if (local) element.title = was + (/UTC/.test(was) ? "" : " UTC"); else element.removeAttribute("title");
    });
    all(".chart text[data-ms]").forEach(function (element) {
      var was = element.getAttribute("data-utc") || element.textContent;
      element.setAttribute("data-utc", was);
      element.textContent = local ? parts(Number(element.getAttribute("data-ms"))).clock : was;
    });
  });
  var here = new Date(document.querySelector("time[datetime]") ? document.querySelector("time[datetime]").getAttribute("datetime") : 0);
  if (here.getTimezoneOffset() || new Date().getTimezoneOffset()) {
    zone.appendChild(document.createTextNode(" "));
    zone.appendChild(toggle);
  }

  // A cursor over the charts that reads the time; arrow keys move it while the chart has the focus.
  all(".timeline svg.chart[data-start]").forEach(function (svg) {
    var output = svg.closest("figure").querySelector("output");
    var get = function (name) { return Number(svg.getAttribute("data-" + name)); };
    var start = get("start"), end = get("end"), left = get("left"), right = get("right");
    var line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    line.setAttribute("class", "cursor-line");
    line.setAttribute("y1", get("top"));
    line.setAttribute("y2", get("bottom"));
    line.setAttribute("visibility", "hidden");
    svg.appendChild(line);
    var at = left;
    function show(x) {
      at = Math.min(right, Math.max(left, x));
      line.setAttribute("x1", at);
      line.setAttribute("x2", at);
      line.setAttribute("visibility", "visible");
      output.textContent = written(start + (at - left) / (right - left) * (end - start)) + (local ? "" : " UTC");
    }
    function hide() { line.setAttribute("visibility", "hidden"); output.textContent = ""; }
    svg.addEventListener("pointermove", function (event) {
      var box = svg.getBoundingClientRect();
      show((event.clientX - box.left) / box.width * svg.viewBox.baseVal.width);
    });
    svg.addEventListener("pointerleave", hide);
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("focus", function () { show(at); });
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", function (event) {
      var step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
      if (event.key === "Home") show(left);
      else if (event.key === "End") show(right);
      else if (step) show(at + step * (event.shiftKey ? 10 : 2));
      else return;
      event.preventDefault();
    });
  });
})();
