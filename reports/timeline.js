// The timeline under a lens: a cursor that reads the time, and zoom by buttons, keys, dragging, and the wheel with Ctrl.
var SHORTEST = 5 * MINUTE;

function chartOf(svg) {
  var axis = svg.querySelector(".axis");
  var chart = {
    svg: svg, axis: axis, axisDrawn: Array.prototype.slice.call(axis.childNodes),
    stretches: all("[data-from]", svg), quiet: all("g.tick", svg), curves: all(".curve", svg)
  };
  ["start", "end", "left", "right", "top", "bottom", "foot", "step", "ticks"].forEach(function (name) { chart[name] = number(svg, name); });
  all("g.tick[data-key][data-times]", svg).forEach(function (group) {
    packedTimes[group.getAttribute("data-key")] = { text: group.getAttribute("data-times"), chart: chart };
  });
  chart.cursor = svg.appendChild(svgElement("line", { class: "cursor-line", y1: chart.top, y2: chart.bottom, visibility: "hidden" }));
  chart.selection = svg.appendChild(svgElement("rect", { class: "selection", y: 0, height: chart.bottom, visibility: "hidden" }));
  return chart;
}

function lens(figure) {
  var charts = all("svg.chart[data-start]", figure).map(chartOf);
  var start = charts[0].start, end = charts[0].end, shortest = Math.min(SHORTEST, end - start);
  var view = { start: start, end: end };
  var shown = figure.querySelector(".shown"), shownFirst = shown.textContent, output = figure.querySelector("output");
  var caption = figure.querySelector("strong"), captionFirst = caption.textContent;
  var tools = toolbar();

  function zoomed() { return view.end - view.start < end - start; }
  function visible() { return charts.filter(function (chart) { return chart.svg.getClientRects().length; })[0] || charts[0]; }

  function draw() { charts.forEach(drawChart); }
  function drawChart(chart) {
    var scale = scaleOf(chart, view);
    scale.whole = !zoomed();
    chart.scale = scale;
    // What is not displayed is drawn when it is.
    chart.stale = chart !== visible();
    if (chart.stale && !scale.whole) return;
    drawAxis(chart, scale);
    chart.stretches.forEach(function (element) { drawStretch(chart, element, scale); });
    chart.quiet.forEach(function (group) { drawTicks(chart, group, scale); });
    chart.curves.forEach(function (path) { drawCurve(chart, path, scale); });
  }
  function say() {
    caption.textContent = zoomed() ? "Zoomed in" : captionFirst;
    shown.textContent = zoomed() || local ? writtenSpan(view.start, view.end) : shownFirst;
    var length = end - start, part = view.end - view.start;
    tools.slider.value = length > part ? (view.start - start) / (length - part) * 1000 : 0;
    tools.slider.disabled = !zoomed();
    tools.slider.setAttribute("aria-valuetext", shown.textContent);
    tools.nearer.setAttribute("aria-disabled", String(part <= shortest));
    [tools.farther, tools.whole].forEach(function (button) { button.setAttribute("aria-disabled", String(!zoomed())); });
  }

  // Show from `from`, so many milliseconds, kept within the window.
  function show(from, length) {
    length = Math.min(end - start, Math.max(shortest, length));
    from = Math.round(Math.min(end - length, Math.max(start, from)));
    if (from === view.start && from + Math.round(length) === view.end) return;
    view = { start: from, end: from + Math.round(length) };
    draw();
    say();
  }
  function zoom(factor, about) {
    var length = Math.min(end - start, Math.max(shortest, (view.end - view.start) * factor));
    var share = (about - view.start) / (view.end - view.start);
    show(about - share * length, length);
  }
  function middle() { return (view.start + view.end) / 2; }
  function showAll() { show(start, end - start); }

  function toolbar() {
    var group = make("div", { class: "zoom", role: "group", "aria-label": "Zoom, " + figure.querySelector("strong").textContent });
    function button(label, text, act) {
      var made = make("button", { type: "button", title: label }, text);
      if (text.length === 1) made.setAttribute("aria-label", label);
      made.addEventListener("click", function () { if (made.getAttribute("aria-disabled") !== "true") act(); });
      return group.appendChild(made);
    }
    var made = {
      nearer: button("Zoom in", "+", function () { zoom(0.5, middle()); }),
      farther: button("Zoom out", "−", function () { zoom(2, middle()); }),
      slider: group.appendChild(make("input", { type: "range", min: 0, max: 1000, step: "any", "aria-label": "Move along the window" })),
      whole: button("Show the whole span again", "Show all", showAll)
    };
    made.slider.addEventListener("input", function () {
      var part = view.end - view.start;
      show(start + made.slider.value / 1000 * (end - start - part), part);
    });
    group.appendChild(make("span", { class: "hint" }, "Drag over the chart to zoom, or Ctrl + wheel; keys + − 0 ← →"));
    figure.insertBefore(group, figure.querySelector("figcaption").nextSibling);
    return made;
  }

  // The cursor.
  var at = start;
  var first = charts[0].svg.querySelector("rect.episode");
  if (first) at = Math.max(start, start + number(first.parentNode, "from"));
  function point(ms) {
    at = Math.min(end, Math.max(start, ms));
    if (at < view.start) show(at, view.end - view.start);
    if (at > view.end) show(at - (view.end - view.start), view.end - view.start);
    charts.forEach(function (chart) {
      var x = chart.scale.x(at);
      chart.cursor.setAttribute("x1", x);
      chart.cursor.setAttribute("x2", x);
      chart.cursor.setAttribute("visibility", "visible");
    });
    output.textContent = written(at) + (local ? "" : " UTC");
  }
  function hide() {
    charts.forEach(function (chart) { chart.cursor.setAttribute("visibility", "hidden"); });
    output.textContent = "";
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    var part = view.end - view.start, chart = visible();
    var unit = part / (chart.right - chart.left) * (event.shiftKey ? 20 : 2);
    var acts = {
      "+": function () { zoom(0.5, at); }, "-": function () { zoom(2, at); }, 0: showAll,
      ArrowLeft: function () { at -= unit; }, ArrowRight: function () { at += unit; },
      PageUp: function () { at -= part / 4; }, PageDown: function () { at += part / 4; },
      Home: function () { at = start; }, End: function () { at = end; }
    };
    var act = acts[{ "=": "+", _: "-", "−": "-" }[event.key] || event.key];
    if (!act) return;
    act();
    point(at);
    event.preventDefault();
  }

  function listen(chart) {
    var svg = chart.svg, held = null;
    function x(event) {
      var box = svg.getBoundingClientRect();
      return (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    }
    function time(place) {
      var share = (Math.min(chart.right, Math.max(chart.left, place)) - chart.left) / (chart.right - chart.left);
      return view.start + share * (view.end - view.start);
    }
    function release() {
      held = null;
      chart.selection.setAttribute("visibility", "hidden");
    }
    // A finger that starts on the chart scrolls the page; on the axis it selects.
    var grip = svg.insertBefore(svgElement("rect", { class: "grip", x: chart.left, width: chart.right - chart.left, y: 0, height: chart.top }), chart.cursor);
    svg.addEventListener("pointerdown", function (event) {
      if (event.button || x(event) < chart.left || (event.pointerType === "touch" && event.target !== grip)) return;
      held = { x: x(event), clientX: event.clientX, clientY: event.clientY, drawn: false };
    });
    grip.addEventListener("touchmove", function (event) {
      var finger = event.touches[0];
      var sideways = held && Math.abs(finger.clientX - held.clientX) > Math.abs(finger.clientY - held.clientY);
      if (sideways && event.touches.length === 1 && event.cancelable) event.preventDefault();
    }, { passive: false });
    svg.addEventListener("pointermove", function (event) {
      point(time(x(event)));
      if (!held) return;
      if (!held.drawn && Math.abs(x(event) - held.x) < 5) return;
      held.drawn = true;
      svg.setPointerCapture(event.pointerId);
      var a = Math.max(chart.left, Math.min(held.x, x(event))), b = Math.min(chart.right, Math.max(held.x, x(event)));
      chart.selection.setAttribute("x", a);
      chart.selection.setAttribute("width", Math.max(0, b - a));
      chart.selection.setAttribute("visibility", "visible");
    });
    svg.addEventListener("pointerup", function (event) {
      if (held && held.drawn) {
        var a = time(Math.min(held.x, x(event))), b = time(Math.max(held.x, x(event)));
        var length = Math.max(shortest, b - a);
        show((a + b - length) / 2, length);
        svg.addEventListener("click", stop, true);
        setTimeout(function () { svg.removeEventListener("click", stop, true); });
      }
      release();
    });
    function stop(event) { event.preventDefault(); event.stopPropagation(); }
    svg.addEventListener("pointercancel", release);
    svg.addEventListener("dragstart", function (event) { event.preventDefault(); });
    svg.addEventListener("wheel", function (event) {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      var turned = event.deltaY * (event.deltaMode ? 20 : 1);
      zoom(Math.exp(Math.max(-100, Math.min(100, turned)) * 0.005), time(x(event)));
    }, { passive: false });
    svg.addEventListener("pointerleave", hide);
    svg.classList.add("lens");
    svg.setAttribute("tabindex", "0");
    svg.setAttribute("aria-keyshortcuts", "Plus - 0 ArrowLeft ArrowRight Home End");
    svg.addEventListener("focus", function () {
      if (svg.matches(":focus-visible")) point(at < view.start || at > view.end ? middle() : at);
    });
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", function (event) {
      if (event.key === "Escape") release(); else press(event);
    });
  }

  charts.forEach(listen);
  shown.setAttribute("aria-live", "polite");
  onZone(function () { draw(); say(); });
  addEventListener("resize", function () { if (visible().stale) draw(); });

  // Paper shows the whole, whatever the screen shows.
  var held = null;
  function paper(on) {
    if (on && !held) { held = view; showAll(); }
    if (!on && held) { var was = held; held = null; show(was.start, was.end - was.start); }
  }
  addEventListener("beforeprint", function () { paper(true); });
  addEventListener("afterprint", function () { paper(false); });
  var printing = matchMedia("print");
  if (printing.addEventListener) printing.addEventListener("change", function () { paper(printing.matches); });

  // An episode with as much again on either side, and the cursor where it began.
  function visit(mark) {
    var from = start + number(mark, "from"), to = start + number(mark, "to"), fold = figure.querySelector(".fold");
    if (fold) fold.checked = true;
    show(from - (to - from), 3 * (to - from));
    at = from;
    figure.scrollIntoView();
    visible().svg.focus({ preventScroll: true });
    point(from);
  }

  charts.forEach(function (chart) { chart.scale = scaleOf(chart, view); });
  say();
  return { visit: visit, svg: charts[0].svg };
}

(function () {
  var whole = all(".timeline figure").map(lens)[0];
  all("details[id^=lines-]").forEach(function (details) {
    var episode = "#episode-" + details.id.slice(6), rect = whole && whole.svg.querySelector("a[href='" + episode + "'] .episode");
    if (!rect) return;
    var button = make("button", { type: "button", class: "visit" }, "Show on the timeline");
    button.addEventListener("click", function () { whole.visit(rect.parentNode); });
    details.insertBefore(button, details.firstElementChild.nextSibling);
  });
})();
