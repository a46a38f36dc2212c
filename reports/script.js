// The page is complete without scripts; they only make reading quicker. This one: copy, sort, filter, follow links.
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
  pre.insertBefore(button, pre.firstChild);
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
    var wanted = input.value.toLowerCase(), left = 0, fold = all(".fold", table.parentNode)[0];
    if (fold && wanted) fold.checked = true;
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
