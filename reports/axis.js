// The time axis: which moments carry a label. As `triage/render/charts/scale.py`, but for the reader's zone too.
var MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
var STEPS = [1000, 5000, 15000, 30000].concat(
  [1, 2, 5, 10, 15, 30].map(function (n) { return n * MINUTE; }),
  [1, 2, 3, 6, 12].map(function (n) { return n * HOUR; }),
  [1, 2, 7, 14, 28, 91, 365].map(function (n) { return n * DAY; })
);

function axisTicks(start, end, most) {
  var step = STEPS.filter(function (s) { return (end - start) / s <= most; })[0] || STEPS[STEPS.length - 1];
  var ticks = [];
  for (var wall = Math.ceil((start + ahead(start)) / step) * step; ; wall += step) {
    var ms = wall - ahead(wall - ahead(wall));
    if (ms > end) return ticks;
    // A clock that is put forward skips some times of the wall.
    if (ms < start || ms + ahead(ms) !== wall) continue;
    var p = parts(ms), day = wall % DAY === 0;
    ticks.push({ ms: ms, day: day, label: day ? p.day : p.clock + (step < MINUTE ? ":" + p.second : "") });
  }
}
