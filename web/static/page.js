import { ask, ready } from "./program.js";
import { startLayer } from "./layer.js";
import { startNetwork } from "./network.js";
import { startBench } from "./bench.js";
import { startProve } from "./prove.js";
import { $, cell, sayWrong, short } from "./elements.js";

// showAdapter says what the device is, and what to do where it is no GPU.
async function showAdapter() {
	const a = await ask("adapter");
	$("device").textContent = a.device;
	$("clock").textContent = a.clock;
	$("advice").textContent = a.advice;
	$("advice").hidden = !a.advice;
	const rows = a.adapters.flatMap((adapter) => [
		["name", adapter.name], ["type", adapter.type], ["vendor", adapter.vendor],
		["features", adapter.features.join(", ")],
		...Object.entries(adapter.limits).map(([name, limit]) => [name.replaceAll("_", " "), limit.toLocaleString("en")]),
	]);
	$("limits").replaceChildren(...rows.map(([name, value]) => {
		const row = document.createElement("tr");
		row.append(cell(name, { header: true }), cell(value));
		return row;
	}));
	$("traps").replaceChildren(...a.known_traps.map((text) => {
		const item = document.createElement("li");
		item.textContent = text;
		return item;
	}));
	$("measure-ceilings").disabled = !a.gpu;
}

$("measure-ceilings").onclick = async ({ target }) => {
	target.disabled = true;
	$("ceilings").textContent = "Measuring…";
	try {
		const { ceilings: c } = await ask("adapter", { Ceilings: true });
		$("ceilings").textContent = `${short(c.gflops)} GFLOP/s (${c.peak_kernel}), ${short(c.gb_per_s)} GB/s`;
	} catch (e) {
		$("ceilings").textContent = e.message;
	}
	target.disabled = false;
};

async function showNote() {
	const note = await ask("note");
	$("formulas").tBodies[0].replaceChildren(...note.formulas.map((f) => {
		const row = document.createElement("tr");
		row.append(cell(f.formula), cell(f.got, { number: true }), cell(f.reference, { number: true }),
			cell(f.equal ? "equal" : "WRONG", { verdict: f.equal }));
		return row;
	}));
	$("note-checks").replaceChildren(...note.checks.map((text) => {
		const item = document.createElement("li");
		item.textContent = text;
		return item;
	}));
}

for (const form of document.forms) form.onsubmit = (e) => e.preventDefault();

try {
	await ready;
	await showAdapter();
	await showNote();
	startLayer();
	startNetwork();
	startBench();
	startProve();
	document.body.dataset.ready = "yes";
} catch (e) {
	$("device").textContent = "Not running.";
	sayWrong(e);
}
