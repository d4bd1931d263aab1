// The benchmark: rows that come as layers are measured, a file to save, and another one to compare with.
import { ask } from "./program.js";
import { $, cell, onDrop, sayWrong, short } from "./elements.js";

let file; // the results, once there are some
let base; // what others are compared with: these, or those of a file
let results = [];

export async function startBench() {
	const { suites } = await ask("suite", { Name: "core" });
	$("suites").append(...suites.map((name) => new Option(name, name)));
	$("suites").onchange = async ({ target }) => {
		if (target.value) $("layers").value = (await ask("suite", { Name: target.value })).layers.join("\n");
	};
	$("bench-run").onclick = run;
	$("bench-other").onchange = ({ target }) => {
		if (target.files[0]) compare(target.files[0]);
		target.value = ""; // so that the same file can be chosen again
	};
	onDrop($("bench"), compare);
	$("bench-run").disabled = false;
}

async function run() {
	results = [];
	$("results").hidden = false;
	$("results").tBodies[0].replaceChildren();
	$("bench-run").disabled = true;
	$("bench-save").hidden = true;
	$("bench-status").textContent = "Measuring…";
	const about = { Layers: $("layers").value, BudgetMS: +$("budget").value, Rounds: +$("rounds").value };
	const answer = ask("bench", about, { tell: add });
	$("bench-stop").disabled = false;
	$("bench-stop").onclick = () => answer.stop();
	try {
		const { numbers, ...measured } = await answer;
		file = measured;
		base = { Name: "here", Text: JSON.stringify(file) };
		const link = $("bench-save");
		URL.revokeObjectURL(link.href);
		link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
		link.hidden = false;
		const wrong = file.results.filter((r) => r.error).length;
		$("bench-status").textContent = `${file.results.length} layers measured${wrong ? `, ${wrong} FAILED` : ""}` +
			`${file.interrupted ? ", then stopped" : ""}.`;
		sayWrong();
	} catch (e) {
		$("bench-status").textContent = "";
		sayWrong(e);
	}
	$("bench-run").disabled = false;
	$("bench-stop").disabled = true;
}

// add shows one result more; the longest bar is the highest rate.
function add(r) {
	results.push(r);
	const most = Math.max(...results.map((r) => r.gflops ?? 0));
	const row = $("results").tBodies[0].insertRow();
	const bar = cell(r.error ? "" : short(r.gflops), { number: true });
	bar.classList.add("bar");
	row.append(cell(r.name || r.problem, { header: true }), cell([r.algorithm, r.variant].filter(Boolean).join("/")),
		cell(r.time_ms ? short(r.time_ms.median) : "", { number: true }), bar,
		cell(r.error ?? "every output holds", { verdict: r.verified && !r.error }));
	requestAnimationFrame(() => [...$("results").tBodies[0].rows].forEach((row, i) =>
		row.cells[3].style.setProperty("--part", `${100 * (results[i].gflops ?? 0) / most}%`)));
}

// compare shows a file of results beside those of here, or where there are none beside those of the file before it.
async function compare(other) {
	try {
		const saved = { Name: other.name, Text: await other.text() };
		const c = await ask("compare", [saved, base ?? saved]);
		if (!base) {
			base = saved;
			$("bench-status").textContent = `${saved.Name} is read: measure, or drop another file, to compare it.`;
			return sayWrong();
		}
		$("comparison").hidden = false;
		$("comparison").tBodies[0].replaceChildren(...(c.layers ?? []).map((r) => {
			const row = document.createElement("tr");
			row.append(cell(r.name || r.problem, { header: true }), cell(short(r.a_ms), { number: true }),
				cell(short(r.b_ms), { number: true }), cell(short(r.ratio), { number: true }), cell(r.verdict));
			return row;
		}));
		$("bench-status").textContent = c.geometric_mean ?
			`${base.Name === "here" ? "Here" : base.Name} is ${short(c.geometric_mean.ratio)} times as fast as ${other.name}, ` +
			"in geometric mean." :
			`${other.name} and these results have no layer in common.`;
		sayWrong();
	} catch (e) {
		sayWrong(e);
	}
}
