// A layer of one's own: sliders, sizes, activation maps, and a cell of V with what it was computed from.
import { ask } from "./program.js";
import { $, onDrop, sayWrong, short } from "./elements.js";
import { samples } from "./samples.js";

const form = $("sliders");
let source; // the picture, as anything that a canvas draws
let shown; // what is drawn: settings, numbers of X, V and W
let chosen = { x: 0, y: 0, k: 0 };
let busy = false, again = false;

export function startLayer() {
	source = samples.rings();
	form.addEventListener("input", (e) => {
		if (e.target.name === "Picture") return e.target.files[0] && take(e.target.files[0]);
		compute();
	});
	for (const target of [$("x"), $("v")]) onDrop(target, take);
	$("v").addEventListener("click", clicked);
	$("v").addEventListener("keydown", moved);
	compute();
}

// take reads a picture that was dropped or chosen.
async function take(file) {
	try {
		source = await createImageBitmap(file);
		sayWrong();
		compute();
	} catch {
		sayWrong(new Error(`${file.name} is no picture that this browser reads: a PNG or JPEG would be.`));
	}
}

// settings reads the sliders.
function settings() {
	const s = Object.fromEntries([...form.elements].filter((e) => e.type === "range").map((e) => [e.name, +e.value]));
	for (const e of form.elements) if (e.type === "range") e.closest("label").querySelector(".value").textContent = e.value;
	return { ...s, Width: s.Size, Height: s.Size, Depth: 3, Filters: form.elements.Filters.value, Seed: 1 };
}

// pixels are the picture's numbers at the size of X, from -1/2 to 1/2.
function pixels(size) {
	const c = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
	const { width: w, height: h } = source, side = Math.min(w, h);
	c.imageSmoothingQuality = "high";
	c.drawImage(source, (w - side) / 2, (h - side) / 2, side, side, 0, 0, size, size);
	const image = c.getImageData(0, 0, size, size);
	const numbers = new Float32Array(size * size * 3);
	for (let i = 0; i < size * size; i++)
		for (let d = 0; d < 3; d++) numbers[3 * i + d] = image.data[4 * i + d] / 255 - 0.5;
	return { image, numbers };
}

// compute follows the sliders: one question at a time, the last one counts.
async function compute() {
	if (busy) { again = true; return; }
	busy = true;
	try {
		const s = settings(), sizes = await ask("sizes", s);
		showSizes(s, sizes);
		if (!sizes.wrong) {
			const { image, numbers } = pixels(s.Size);
			const a = await ask("layer", s, { data: new Uint8Array(numbers.slice().buffer) });
			shown = { s, sizes, image, x: numbers, v: a.numbers.v, w: a.numbers.w, b: a.numbers.b };
			const verdict = $("layer-verdict");
			verdict.textContent = `${a.right ? "Right" : "WRONG"}: ${a.verdict}, by ${a.algorithm} on ${a.device}`;
			verdict.className = a.right ? "good" : "bad";
			draw();
		}
		sayWrong();
	} catch (e) {
		$("layer-verdict").textContent = ""; // it was of another layer
		sayWrong(e);
	}
	busy = false;
	if (again) { again = false; compute(); }
	else document.body.dataset.layer = JSON.stringify(settings());
}

function showSizes(s, sizes) {
	$("wrong").hidden = !sizes.wrong;
	$("wrong").textContent = sizes.wrong ?? "";
	if (sizes.wrong) {
		$("layer-verdict").textContent = "";
		return $("sizes").replaceChildren();
	}
	const n = (v) => v.toLocaleString("en"), c = sizes.counts;
	const rows = [
		["V", `${sizes.out.join(" × ")}, for ${sizes.formula}${sizes.fits ? "" : ": the stride does not fit, so that the last inputs are left over"}`],
		["parameters, shared", `${n(c.shared_weights)} weights + ${n(c.biases)} biases = ${n(c.shared)}`],
		["parameters, unshared", `${n(c.neurons)} neurons × (${n(c.weights_per_neuron)} + 1) = ${n(c.unshared)}, ` +
			`${short(sizes.saved)} times as many`],
		["operations", n(sizes.flop)],
		["descriptor", sizes.descriptor],
	];
	$("sizes").replaceChildren(...rows.flatMap(([name, text]) => {
		const dt = document.createElement("dt"), dd = document.createElement("dd");
		dt.textContent = name;
		dd.textContent = text;
		return [dt, dd];
	}));
}

// colour is that of a number of V, W: blue below zero, orange above, as the command draws maps.
function colour(value, most) {
	const t = Math.max(-1, Math.min(1, value / most)), a = Math.sqrt(Math.abs(t));
	return t < 0 ? [30 * (1 - a) + 60 * a, 30 * (1 - a) + 150 * a, 35 + 220 * a] : [35 + 220 * a, 30 + 130 * a, 30];
}

const largest = (numbers) => numbers.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);

// paint draws w x h cells on a canvas, each of so many pixels; those without a colour stay clear.
function paint(canvas, w, h, scale, rgb) {
	canvas.width = w * scale;
	canvas.height = h * scale;
	const small = new OffscreenCanvas(w, h), c = small.getContext("2d"), image = c.createImageData(w, h);
	for (let y = 0; y < h; y++)
		for (let x = 0; x < w; x++) {
			const of = rgb(x, y);
			if (of) image.data.set([...of, 255], 4 * (y * w + x));
		}
	c.putImageData(image, 0, 0);
	const to = canvas.getContext("2d");
	to.imageSmoothingEnabled = false;
	to.drawImage(small, 0, 0, w * scale, h * scale);
	return to;
}

const gap = 2; // cells between maps

// grid is how the maps of V lie.
function grid() {
	const [w, h, k] = shown.sizes.out, columns = Math.ceil(Math.sqrt(k));
	const wide = columns * (w + gap) - gap, rows = Math.ceil(k / columns);
	return { w, h, k, columns, rows, wide, high: rows * (h + gap) - gap, scale: Math.max(1, Math.floor(560 / wide)) };
}

function draw() {
	const { s, image, v } = shown, g = grid(), most = largest(v);
	chosen = { x: Math.min(chosen.x, g.w - 1), y: Math.min(chosen.y, g.h - 1), k: Math.min(chosen.k, g.k - 1) };
	const scale = Math.max(1, Math.floor(240 / s.Size));
	const onX = paint($("x"), s.Size, s.Size, scale, (x, y) => image.data.slice(4 * (y * s.Size + x), 4 * (y * s.Size + x) + 3));
	const onV = paint($("v"), g.wide, g.high, g.scale, (px, py) => {
		const column = Math.floor(px / (g.w + gap)), row = Math.floor(py / (g.h + gap));
		const x = px - column * (g.w + gap), y = py - row * (g.h + gap), k = row * g.columns + column;
		if (x >= g.w || y >= g.h || k >= g.k) return undefined;
		return colour(v[(y * g.w + x) * g.k + k], most);
	});
	const extent = (s.F - 1) * s.Dilation + 1;
	frame(onX, chosen.x * s.S - s.P, chosen.y * s.S - s.P, extent, scale);
	const left = (chosen.k % g.columns) * (g.w + gap), top = Math.floor(chosen.k / g.columns) * (g.h + gap);
	frame(onV, left + chosen.x, top + chosen.y, 1, g.scale);
	closeUp();
}

function frame(c, x, y, cells, scale) {
	for (const [style, width] of [["#000", 4], ["#fff", 2]]) {
		c.strokeStyle = style;
		c.lineWidth = width;
		c.strokeRect(x * scale, y * scale, cells * scale, cells * scale);
	}
}

// closeUp shows the window of the chosen cell, its filter, and its formula, added up here once more.
function closeUp() {
	const { s, x: X, v, w: W, b } = shown, g = grid(), { x, y, k } = chosen;
	const scale = Math.max(4, Math.floor(150 / s.F)), deep = s.Depth / s.Groups;
	const first = Math.floor(k / (g.k / s.Groups)) * deep; // the channels that this filter reads
	const at = (fx, fy, d) => {
		const ix = x * s.S - s.P + fx * s.Dilation, iy = y * s.S - s.P + fy * s.Dilation;
		return ix < 0 || iy < 0 || ix >= s.Size || iy >= s.Size ? 0 : X[(iy * s.Size + ix) * s.Depth + d];
	};
	const weight = (fx, fy, d) => W[((k * s.F + fy) * s.F + fx) * deep + d];
	paint($("window"), s.F, s.F, scale, (fx, fy) => [0, 1, 2].map((d) =>
		d >= first && d < first + deep ? 255 * (at(fx, fy, d) + 0.5) : 0));
	const most = largest(W.subarray(k * s.F * s.F * deep, (k + 1) * s.F * s.F * deep));
	paint($("filter"), s.F, s.F, scale, (fx, fy) => {
		let sum = 0;
		for (let d = 0; d < deep; d++) sum += weight(fx, fy, d);
		return colour(sum / deep, most);
	});
	let sum = b[k];
	for (let fy = 0; fy < s.F; fy++)
		for (let fx = 0; fx < s.F; fx++)
			for (let d = 0; d < deep; d++) sum += at(fx, fy, first + d) * weight(fx, fy, d);
	const from = (i) => i * s.S - s.P, to = (i) => from(i) + (s.F - 1) * s.Dilation + 1;
	const step = s.Dilation > 1 ? `:${s.Dilation}` : "", channels = s.Groups > 1 ? `${first}:${first + deep}` : ":";
	$("cell").textContent = `V[${x},${y},${k}] = sum(X[${from(x)}:${to(x)}${step}, ${from(y)}:${to(y)}${step}, ${channels}] ` +
		`* W${k}) + b${k} = ${v[(y * g.w + x) * g.k + k].toPrecision(6)}; added up on this page: ${sum.toPrecision(6)}`;
	$("close-up").hidden = false;
}

function clicked(e) {
	if (!shown) return;
	const box = $("v").getBoundingClientRect(), g = grid();
	const px = Math.floor((e.clientX - box.left) / box.width * g.wide);
	const py = Math.floor((e.clientY - box.top) / box.height * g.high);
	const column = Math.floor(px / (g.w + gap)), row = Math.floor(py / (g.h + gap));
	const at = { x: px - column * (g.w + gap), y: py - row * (g.h + gap), k: row * g.columns + column };
	if (at.x >= g.w || at.y >= g.h || at.k >= g.k) return;
	chosen = at;
	draw();
}

function moved(e) {
	const step = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0],
		PageUp: [0, 0, -1], PageDown: [0, 0, 1] }[e.key];
	if (!step || !shown) return;
	e.preventDefault();
	const g = grid(), within = (v, most) => Math.max(0, Math.min(most - 1, v));
	chosen = { x: within(chosen.x + step[0], g.w), y: within(chosen.y + step[1], g.h), k: within(chosen.k + step[2], g.k) };
	draw();
}
