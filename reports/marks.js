// What the charts are made of, drawn for any part of their span: only places along the axis change, never sizes.
var SVG = "http://www.w3.org/2000/svg";
var LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
var DENSE = 3;
var packedTimes = {};

function svgElement(tag, attributes, text) {
  var element = document.createElementNS(SVG, tag);
  Object.keys(attributes).forEach(function (name) { element.setAttribute(name, attributes[name]); });
  if (text) element.textContent = text;
  return element;
}
function number(element, name) { return Number(element.getAttribute("data-" + name)); }
function tenth(n) { return Math.round(n * 10) / 10; }
function showIf(element, shown) { if (shown) element.removeAttribute("display"); else element.setAttribute("display", "none"); }

// Times as `triage/render/charts/packed.py` writes them: [moment, how many] each.
function unpacked(text, start, step) {
  var found = [], place = 0, value = 0, weight = 1;
  for (var i = 0; i < text.length; i++) {
    var letter = LETTERS.indexOf(text[i]);
    value += (letter % 32) * weight;
    if (letter >= 32) { weight *= 32; continue; }
    place += Math.floor(value / DENSE);
    found.push([start + place * step, value % DENSE + 1]);
    value = 0;
    weight = 1;
  }
  return found;
}

// All of a chart's `scale`: from milliseconds to places, kept on the rail.
function scaleOf(chart, view) {
  var per = (chart.right - chart.left) / (view.end - view.start);
  return {
    start: view.start, end: view.end, per: per,
    at: function (ms) { return chart.left + (ms - view.start) * per; },
    x: function (ms) { return tenth(Math.min(chart.right, Math.max(chart.left, this.at(ms)))); },
    holds: function (ms) { return ms >= view.start && ms <= view.end; }
  };
}

// Sets what places an element; where all is shown, it gets back what it was made with.
function place(scale, element, name, value) {
  if (!element.made) element.made = {};
  if (!(name in element.made)) element.made[name] = element.getAttribute(name);
  element.setAttribute(name, scale.whole ? element.made[name] : value);
}

// A mark with an element of its own: an episode, NotReady, a repair, an alert; or a band behind all rows.
function drawStretch(chart, element, scale) {
  var from = chart.start + number(element, "from"), to = chart.start + number(element, "to");
  showIf(element, to >= scale.start && from <= scale.end);
  var x = scale.x(from), width = tenth(Math.max(number(element, "least"), scale.x(to) - x));
  var rect = element.tagName === "rect" ? element : element.querySelector("rect");
  if (rect) {
    place(scale, rect, "x", x);
    place(scale, rect, "width", width);
    return;
  }
  var line = element.querySelector("line"), mark = element.querySelector("path");
  place(scale, line, "x1", x);
  place(scale, line, "x2", tenth(x + width));
  showIf(mark, scale.holds(from));
  if (!mark.outline) mark.outline = /^M\S+( .*)$/.exec(mark.getAttribute("d"))[1];
  place(scale, mark, "d", "M" + tenth(x - (element.classList.contains("slow") ? 4 : 0)) + mark.outline);
}

// Quiet marks: one stroke a pixel that holds any, of full height where it holds three or more.
function drawTicks(chart, group, scale) {
  if (!group.times) {
    var own = group.getAttribute("data-times"), known = packedTimes[group.getAttribute("data-key")];
    var of = own === null ? known : { text: own, chart: chart };
    group.times = unpacked(of.text, of.chart.start, of.chart.step);
    group.drawn = Array.prototype.slice.call(group.childNodes);
  }
  if (scale.whole) { group.replaceChildren.apply(group, group.drawn); return; }
  var counts = {}, wide = Math.max(1, Math.round(chart.step * scale.per));
  group.times.forEach(function (time) {
    if (!scale.holds(time[0])) return;
    var first = Math.floor((time[0] - scale.start) * scale.per);
    for (var column = first; column < first + wide; column++) counts[column] = (counts[column] || 0) + time[1];
  });
  var height = number(group, "height"), bottom = number(group, "bottom"), most = chart.right - chart.left;
  group.replaceChildren.apply(group, [[0.6, false], [1, true]].map(function (share) {
    var stroke = tenth(height * share[0]), data = "", last = null;
    Object.keys(counts).map(Number).forEach(function (column) {
      if (column > most || counts[column] >= DENSE !== share[1]) return;
      if (last && last.first + last.length === column) { last.length++; return; }
      data += drawn();
      last = { first: column, length: 1 };
    });
    data += drawn();
    function drawn() {
      return last ? "M" + tenth(chart.left + last.first) + " " + tenth(bottom - stroke / 2) + "h" + tenth(last.length + 0.8) : "";
    }
    return svgElement("path", { "stroke-width": stroke, d: data });
  }));
}

// A metric's line, cut at both ends of what is shown.
function drawCurve(chart, path, scale) {
  if (!path.points) {
    var per = (chart.end - chart.start) / (chart.right - chart.left);
    path.points = path.getAttribute("d").slice(1).split("L").map(function (point) {
      var xy = point.split(" ").map(Number);
      return [chart.start + (xy[0] - chart.left) * per, xy[1]];
    });
  }
  var data = "", points = path.points;
  for (var i = 1; i < points.length; i++) {
    var a = points[i - 1], b = points[i];
    if (b[0] < scale.start || a[0] > scale.end) continue;
    if (!data) data = "M" + onRail(a, b);
    data += "L" + onRail(b, a);
  }
  place(scale, path, "d", data || "M0 0");
  // The place of `point`, or where its line to `other` leaves the rail.
  function onRail(point, other) {
    var ms = Math.min(scale.end, Math.max(scale.start, point[0]));
    var share = other[0] === point[0] ? 0 : (ms - point[0]) / (other[0] - point[0]);
    return scale.x(ms) + " " + tenth(point[1] + (other[1] - point[1]) * share);
  }
}

function drawAxis(chart, scale) {
  if (scale.whole && !local) { chart.axis.replaceChildren.apply(chart.axis, chart.axisDrawn); return; }
  chart.axis.replaceChildren.apply(chart.axis, axisTicks(scale.start, scale.end, chart.ticks).map(function (tick) {
    var x = scale.x(tick.ms), group = svgElement("g", tick.day ? { class: "day" } : {});
    group.appendChild(svgElement("line", { x1: x, x2: x, y1: chart.top - 6, y2: chart.bottom }));
    // As `triage/render/charts/scale.py`: no label is cut off at the edge.
    var half = 3.7 * tick.label.length - 6, label = Math.min(Math.max(x, chart.left + half), chart.right - half);
    [chart.top - 11, chart.foot].forEach(function (y) {
      if (y) group.appendChild(svgElement("text", { class: "middle", x: label, y: y }, tick.label));
    });
    return group;
  }));
}
