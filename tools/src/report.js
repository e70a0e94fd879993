/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comfort only: the page says everything without it. */
(function () {
    "use strict";

    /* Escape closes the open card and returns to the number it belongs to. */
    document.addEventListener("keydown", function (event) {
        var open = event.key === "Escape" && document.querySelector(".card:target .close");
        if (open) {
            open.click();
        }
    });

    /* A button that copies each command. */
    if (navigator.clipboard) {
        document.querySelectorAll("pre.command").forEach(function (command) {
            var text = command.textContent;
            var button = document.createElement("button");
            button.type = "button";
            button.textContent = "copy";
            button.addEventListener("click", function () {
                navigator.clipboard.writeText(text).then(function () {
                    button.textContent = "copied";
                });
            });
            command.insertBefore(button, command.firstChild);
        });
    }

    /* Tables of numbers are sorted by a click on a heading; never comes last. */
    function key(row, column) {
        var text = row.cells[column].textContent;
        var number = parseFloat(text);
        if (text.indexOf("never") === 0) {
            return Infinity;
        }
        return isNaN(number) ? text : number;
    }

    function compare(a, b) {
        if (typeof a === "number" && typeof b === "number") {
            return a === b ? 0 : a - b;
        }
        return String(a).localeCompare(String(b));
    }

    document.querySelectorAll("table.numbers").forEach(function (table) {
        Array.prototype.forEach.call(table.tHead.rows[0].cells, function (heading, column) {
            var button = document.createElement("button");
            button.type = "button";
            button.textContent = heading.textContent;
            heading.textContent = "";
            heading.appendChild(button);
            button.addEventListener("click", function () {
                var sign = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
                var body = table.tBodies[0];
                var rows = Array.prototype.slice.call(body.rows);
                table.querySelectorAll("th[aria-sort]").forEach(function (other) {
                    other.removeAttribute("aria-sort");
                });
                heading.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
                rows.sort(function (a, b) {
                    return sign * compare(key(a, column), key(b, column));
                });
                rows.forEach(function (row) {
                    body.appendChild(row);
                });
            });
        });
    });
})();
