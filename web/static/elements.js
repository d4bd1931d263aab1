// What the parts of the page share.

export const $ = (id) => document.getElementById(id);

// cell makes a cell of a table.
export function cell(text, { header, number, verdict } = {}) {
	const td = document.createElement(header ? "th" : "td");
	if (header) td.scope = "row";
	td.textContent = text;
	if (number) td.className = "number";
	if (verdict !== undefined) td.className = verdict ? "good" : "bad";
	return td;
}

// onDrop has files that are dropped on an element taken, one by one.
export function onDrop(target, take) {
	target.addEventListener("dragover", (e) => { e.preventDefault(); target.classList.add("over"); });
	target.addEventListener("dragleave", () => target.classList.remove("over"));
	target.addEventListener("drop", (e) => {
		e.preventDefault();
		target.classList.remove("over");
		for (const file of e.dataTransfer.files) take(file);
	});
}

// short writes a number with three digits or so.
export const short = (n) => Number(n.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });

// sayWrong shows an error at the head of the page, or takes the last one away.
export function sayWrong(error) {
	$("trouble").hidden = !error;
	$("trouble").textContent = error ? error.message : "";
}
