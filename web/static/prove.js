// One button: random layers are proved, some are measured, and what comes of it is a file and a picture to share.
import { ask } from "./program.js";
import { $, cell, sayWrong, short } from "./elements.js";

// What is measured: of ResNet-50, MobileNetV2, SqueezeNet and VGG, small enough for any device.
const layers = [
	'ic64ih56oc64kh3ph1n"resnet_3x3_56"', 'ic128ih28oc128kh3ph1n"resnet_3x3_28"', 'ic256ih14oc256kh3ph1n"resnet_3x3_14"',
	'ic64ih56oc256kh1n"resnet_1x1_56"', 'ic1024ih14oc256kh1n"resnet_1x1_14"', 'g144ic144ih56oc144kh3ph1n"mobilenet_dw_56"',
	'g384ic384ih14oc384kh3ph1n"mobilenet_dw_14"',
];
const cases = 40, seed = 1, budget = 200, rounds = 2; // budget is in ms
const wide = 1000, high = 560; // pixels of the picture

export function startProve() {
	$("prove-run").onclick = run;
	$("prove-run").disabled = false;
	$("rank").onchange = ({ target }) => {
		rank([...target.files]);
		target.value = ""; // so that the same files can be chosen again
	};
}

async function run({ target }) {
	target.disabled = true;
	$("prove-result").hidden = true;
	const say = (text) => { $("prove-status").textContent = text; };
	try {
		const { device } = await ask("adapter");
		const count = +(target.dataset.cases ?? cases), some = target.dataset.layers ?? layers.join("\n");
		const { numbers: _, ...proof } = await ask("prove", { Count: count, Seed: seed },
			{ tell: (p) => say(`${p.layers} of ${p.of} random layers…`) });
		const done = [];
		const { numbers: __, ...file } = await ask("bench", { Layers: some, BudgetMS: budget, Rounds: rounds },
			{ tell: (r) => { done.push(r); say(`${done.length} of ${some.split("\n").length} layers measured…`); } });
		file.proof = proof;
		const right = !proof.failed && file.results.every((r) => r.verified && !r.error);
		say(verdict(proof, right));
		$("prove-status").className = right ? "good" : "bad";
		draw(device, proof, file.results, right);
		await offer(file);
		sayWrong();
	} catch (e) {
		say("");
		sayWrong(e);
	}
	target.disabled = false;
}

const verdict = (p, right) => right ?
	`Proved: all ${p.outputs.toLocaleString("en")} outputs of ${p.layers} random layers hold, and all of those measured.` :
	`WRONG: ${p.failed} of ${p.layers} random layers failed. ${p.first ?? "A layer that was measured is wrong."}`;

// offer gives the file and the picture as links.
async function offer(file) {
	const link = (id, blob) => {
		URL.revokeObjectURL($(id).href);
		$(id).href = URL.createObjectURL(blob);
	};
	link("prove-file", new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
	link("prove-picture", await new Promise((done) => $("prove-canvas").toBlob(done, "image/png")));
	$("prove-result").hidden = false;
}

// draw makes the picture: the device, the verdict, and a bar for each layer.
function draw(device, proof, results, right) {
	const canvas = $("prove-canvas"), c = canvas.getContext("2d");
	canvas.width = wide;
	canvas.height = high;
	const text = (words, x, y, size, colour, weight = 400) => {
		c.fillStyle = colour;
		c.font = `${weight} ${size}px system-ui, sans-serif`;
		c.fillText(words, x, y, wide - x - 40);
	};
	c.fillStyle = "#fff";
	c.fillRect(0, 0, wide, high);
	text("gpuconv: convolution in this browser, every number proved", 40, 55, 26, "#1a1d21", 700);
	text(device, 40, 95, 22, "#1a1d21");
	text(verdict(proof, right), 40, 130, 18, right ? "#12662f" : "#a8201a", 600);
	const most = Math.max(...results.map((r) => r.gflops ?? 0)), step = (high - 220) / results.length;
	results.forEach((r, i) => {
		const y = 180 + i * step;
		text(r.name || r.problem, 40, y + 15, 17, "#1a1d21");
		c.fillStyle = "#0b62c4";
		c.fillRect(260, y, 560 * (r.gflops ?? 0) / (most || 1), 20);
		text(r.error ? "failed" : `${short(r.gflops)} GFLOP/s`, 840, y + 15, 17, "#1a1d21");
	});
	text(new Date().toISOString().slice(0, 10), 40, high - 20, 16, "#50575f");
	canvas.setAttribute("aria-label", `${device}. ${verdict(proof, right)}`);
}

// rank shows files of results, from here or from gpuconv bench, in the order of their speed.
async function rank(files) {
	try {
		const given = await Promise.all(files.map(async (f) => ({ Name: f.name, Text: await f.text() })));
		const r = await ask("rank", given);
		if (!r.places?.length) throw new Error("These files have no layer in common.");
		$("ranking").hidden = false;
		$("ranking").tBodies[0].replaceChildren(...r.places.map((p, i) => {
			const row = document.createElement("tr");
			row.append(cell(i + 1), cell(p.name, { header: true }), cell(p.adapter.name), cell(short(p.speed), { number: true }),
				cell(`${p.wins} of ${r.layers.length}`, { number: true }));
			return row;
		}));
		sayWrong();
	} catch (e) {
		sayWrong(e);
	}
}
