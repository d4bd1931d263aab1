// An ONNX network on a picture, a photo or a digit that is drawn.
import { showDigit, startDigit } from "./digit.js";
import { ask } from "./program.js";
import { $, cell, onDrop, sayWrong, short } from "./elements.js";
import { samples } from "./samples.js";

let input; // the network's only input, once there is a network
let photo; // anything that a canvas draws
const open = 224; // pixels for a size that the network leaves open

export function startNetwork() {
	$("model").onchange = ({ target }) => target.files[0] && load(target.files[0]);
	$("photo").onchange = ({ target }) => target.files[0] && take(target.files[0]);
	$("network-run").onclick = run;
	$("digits").onclick = loadDigits;
	startDigit((picture) => {
		photo = picture;
		if (input) run();
	});
	$("sample").append(...Object.keys(samples).map((name) => new Option(name, name)));
	$("sample").onchange = ({ target }) => {
		if (target.value) photo = samples[target.value]();
		$("network-run").disabled = !(input && photo);
	};
	onDrop($("network"), (file) => file.name.endsWith(".onnx") ? load(file) : take(file));
}

// loadDigits takes the network that ships, as if it were dropped here.
async function loadDigits() {
	try {
		const answer = await fetch("digits.onnx");
		if (!answer.ok) throw new Error(`digits.onnx: ${answer.status} ${answer.statusText}`);
		await load(new File([await answer.blob()], "digits.onnx"));
		$("digit").focus();
	} catch (e) {
		sayWrong(e);
	}
}

async function load(file) {
	input = undefined;
	showDigit(false);
	$("network-about").textContent = `Reading ${file.name}…`;
	try {
		const { inputs, outputs } = await ask("load", {}, { data: new Uint8Array(await file.arrayBuffer()) });
		$("network-about").textContent = `${file.name}: ${inputs.map((p) => p.about).join(", ")} gives ` +
			`${outputs.map((p) => p.about).join(", ")}.`;
		if (inputs.length !== 1) throw new Error(`${file.name} has ${inputs.length} inputs; this page gives a picture to one.`);
		input = inputs[0];
		showDigit(isDigit(input.shape));
		sayWrong();
	} catch (e) {
		$("network-about").textContent = "";
		sayWrong(e);
	}
	$("network-run").disabled = !(input && photo);
}

async function take(file) {
	try {
		photo = await createImageBitmap(file);
		$("sample").value = "";
		sayWrong();
	} catch {
		sayWrong(new Error(`${file.name} is no picture that this browser reads: a PNG or JPEG would be.`));
	}
	$("network-run").disabled = !(input && photo);
}

// isDigit tells whether an input is a gray picture of MNIST's size.
const isDigit = (s) => s?.length === 4 && s[1] === 1 && s[2] === 28 && s[3] === 28;

// planes says where an input has its channels, and what its sizes are; those that are open are a picture's.
function planes(shape) {
	const s = (shape ?? []).map((n) => n), deep = (n) => n === 1 || n === 3;
	if (s.length === 4 && (deep(s[1]) || s[1] < 0)) return { first: true, d: s[1] < 0 ? 3 : s[1], h: size(s[2]), w: size(s[3]) };
	if (s.length === 4 && deep(s[3])) return { first: false, d: s[3], h: size(s[1]), w: size(s[2]) };
	throw new Error(`The network's input is no picture: its shape is [${s.join(" ")}].`);
}

const size = (n) => n < 0 ? open : n;

const perChannel = (id) => {
	const list = $(id).value.split(",").map(Number);
	if (list.some(Number.isNaN) || ![1, 3].includes(list.length)) throw new Error(`${id}: must be one number, or R,G,B.`);
	return (d) => list[list.length === 1 ? 0 : d];
};

// numbers are the picture's as the network takes them: gray is what JPEG takes for it (ITU-R BT.601).
function numbers(picture, { first, d: deep, h, w }) {
	const c = new OffscreenCanvas(w, h).getContext("2d", { willReadFrequently: true });
	c.imageSmoothingQuality = "high";
	c.drawImage(picture, 0, 0, w, h);
	const { data } = c.getImageData(0, 0, w, h), mean = perChannel("mean"), std = perChannel("std");
	const x = new Float32Array(deep * h * w);
	for (let i = 0; i < h * w; i++) {
		const rgb = data.subarray(4 * i, 4 * i + 3);
		for (let d = 0; d < deep; d++) {
			const v = deep === 1 ? 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] : rgb[d];
			x[first ? d * h * w + i : deep * i + d] = (v - mean(d)) / std(d);
		}
	}
	return x;
}

async function run() {
	$("network-run").disabled = true;
	$("network-verdict").textContent = "Running…";
	$("network-verdict").className = "";
	try {
		const p = planes(input.shape), x = numbers(photo, p);
		const Shape = p.first ? [1, p.d, p.h, p.w] : [1, p.h, p.w, p.d];
		show(await ask("infer", { Name: input.name, Shape, Check: $("check").checked }, { data: new Uint8Array(x.buffer) }));
		sayWrong();
	} catch (e) {
		$("network-verdict").textContent = "";
		sayWrong(e);
	}
	$("network-run").disabled = false;
}

function show(a) {
	const verdict = $("network-verdict");
	verdict.textContent = `${short(a.ms)} ms with transfers. ${a.verdict ?? "Not judged."}`;
	verdict.className = a.verdict ? (a.right ? "good" : "bad") : "";
	const rows = a.outputs.flatMap(({ name, about }) => [...(a.numbers[name] ?? [])].map((score, i) => ({ i, score }))
		.sort((p, q) => q.score - p.score).slice(0, 5).map(({ i, score }) => [name || about, i, short(score)]));
	$("scores").hidden = false;
	$("scores").tBodies[0].replaceChildren(...rows.map(([name, at, score]) => {
		const row = document.createElement("tr");
		row.append(cell(name, { header: true }), cell(at), cell(score, { number: true }));
		return row;
	}));
	$("profile").hidden = !a.nodes;
	const most = a.nodes?.[0].ms;
	$("profile").querySelector("tbody").replaceChildren(...(a.nodes ?? []).map((n) => {
		const row = document.createElement("tr"), bar = cell(n.ms.toFixed(3), { number: true });
		bar.classList.add("bar");
		bar.style.setProperty("--part", `${100 * n.ms / most}%`);
		row.append(cell(n.node, { header: true }), cell(n.algorithm), bar);
		return row;
	}));
}
