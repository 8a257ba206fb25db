// Strokes on a canvas, or a picture -> the server -> three guesses. And the game: a word, twenty seconds, live guesses.
"use strict";

const SECONDS = 20, LINE = 5, PAUSE = 150;  // of a game; pixels of the pen; ms between two questions while one draws
const $ = (id) => document.getElementById(id);
const canvas = $("canvas"), pen = canvas.getContext("2d");

let players = [], player = null;
let strokes = [], drawing = false;  // a stroke is [[x, ...], [y, ...]], as in Google's files
let asking = false, again = null;  // one question at a time; the last one that was put off
let game = null;  // {word, ends, timer, over}
const score = {found: 0, played: 0};

// ---- questions and answers

async function answered(path, question) {
  const answer = await fetch(path, question), said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

function failed(error) {
  complain(error instanceof TypeError ? "没有回答，服务器还在运行吗？· no answer: is the server still running?" : error.message);
}

async function ask(body, headers) {
  if (asking) { again = [body, headers]; return; }
  asking = true;
  const before = player.name;
  try {
    const path = player.name.split("/").map(encodeURIComponent).join("/");
    const said = await answered(`/guess/${path}`, {method: "POST", body, headers});
    if (player.name === before && (player.kind === "photo" || strokes.length)) show(said);
  } catch (error) {
    failed(error);
  } finally {
    asking = false;
    if (again) { const next = again; again = null; setTimeout(() => ask(...next), PAUSE); }
  }
}

const askStrokes = () => ask(JSON.stringify(strokes), {"Content-Type": "application/json"});

function show(guesses) {
  complain("");
  $("guesses").replaceChildren(...guesses.map(({word, share}) => {
    const line = document.createElement("li"), row = document.createElement("div");
    const name = document.createElement("span"), number = document.createElement("output");
    const bar = document.createElement("meter");
    name.textContent = plain(word);
    number.textContent = `${(100 * share).toFixed(1)} %`;
    bar.value = share;
    row.append(name, number);
    line.append(row, bar);
    return line;
  }));
  if (game && !game.over && guesses[0].word === game.word) end(true);
}

function complain(text) { $("error").textContent = text; $("error").hidden = !text; }

const plain = (word) => word.replaceAll("_", " ");

// ---- drawing

function resize() {
  const side = canvas.clientWidth * devicePixelRatio;
  if (side && canvas.width !== Math.round(side)) {
    canvas.width = canvas.height = Math.round(side);
    redraw();
  }
}

function redraw() {
  const scale = canvas.width;  // strokes are kept in shares of the canvas, so that it may change its size
  pen.clearRect(0, 0, scale, scale);
  pen.lineWidth = LINE * devicePixelRatio * (player && player.kind === "digit" ? 3 : 1);
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = "#1b1d21";
  for (const [x, y] of strokes) {
    pen.beginPath();
    pen.moveTo(x[0] * scale, y[0] * scale);
    for (let i = 0; i < x.length; i++) pen.lineTo(x[i] * scale, y[i] * scale);
    pen.stroke();
  }
}

function point(event) {
  const box = canvas.getBoundingClientRect();
  const [x, y] = strokes.at(-1);
  x.push((event.clientX - box.left) / box.width);
  y.push((event.clientY - box.top) / box.height);
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button || !player || game && game.over) return;
  canvas.setPointerCapture(event.pointerId);
  drawing = true;
  strokes.push([[], []]);
  point(event);
  redraw();
});
canvas.addEventListener("pointermove", (event) => {
  if (!drawing) return;
  for (const each of event.getCoalescedEvents?.() ?? [event]) point(each);
  redraw();
  askStrokes();
});
for (const kind of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(kind, () => {
    if (!drawing) return;
    drawing = false;
    askStrokes();
  });
}

function clear() {
  strokes = [];
  again = null;
  redraw();
  $("guesses").replaceChildren();
  complain("");
}

$("clear").addEventListener("click", () => {
  if (game?.over) stop();  // now one may draw what one likes
  clear();
});
$("undo").addEventListener("click", () => {
  strokes.pop();
  redraw();
  strokes.length ? askStrokes() : clear();
});

// ---- pictures

function see(file) {
  if (!file) return;
  if ($("shown").src) URL.revokeObjectURL($("shown").src);
  $("shown").src = URL.createObjectURL(file);
  $("shown").hidden = false;
  ask(file, {"Content-Type": "application/octet-stream"});
}

$("file").addEventListener("change", () => see($("file").files[0]));
for (const kind of ["dragover", "dragleave", "drop"]) {
  $("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") see(event.dataTransfer.files[0]);
  });
}

// ---- the game

function begin() {
  clear();
  const words = player.classes.filter((word) => !game || word !== game.word);
  stop();
  game = {word: words[Math.floor(Math.random() * words.length)], ends: performance.now() + 1000 * SECONDS, over: false};
  say("请画 · draw: ", plain(game.word));
  game.timer = setInterval(tick, 100);
  tick();
}

function tick() {
  const left = (game.ends - performance.now()) / 1000;
  $("clock").value = Math.max(0, Math.ceil(left));
  if (left <= 0) end(false);
}

function end(found) {
  clearInterval(game.timer);
  game.over = true;
  drawing = false;
  score.played += 1;
  score.found += found;
  const took = (SECONDS - (game.ends - performance.now()) / 1000).toFixed(1);
  say(found ? `${took} 秒猜中 · found in ${took} s: ` : "没有猜中 · not found: ", plain(game.word));
  $("score").textContent = `${score.found} / ${score.played}`;
  $("score").hidden = false;
}

function say(text, word) {
  const bold = document.createElement("b");
  bold.textContent = word;
  $("task").replaceChildren(text, bold);
}

function stop() {
  if (game) clearInterval(game.timer);
  game = null;
  $("task").replaceChildren();
  $("clock").value = "";
}

$("start").addEventListener("click", begin);

// ---- networks

function choose(name) {
  player = players.find((each) => each.name === name);
  stop();
  const photo = player.kind === "photo";
  $("drop").hidden = !photo;
  $("shown").hidden = true;
  canvas.hidden = $("tools").hidden = photo;
  $("game").hidden = player.kind !== "doodle";
  $("synthetic").hidden = !player.synthetic;
  clear();
  resize();
}

async function main() {
  const kinds = {doodle: "简笔画 · doodles", digit: "数字 · digits", photo: "照片 · photos"};
  try {
    players = await answered("/players");
  } catch (error) {
    return failed(error);
  }
  for (const [kind, title] of Object.entries(kinds)) {
    const group = document.createElement("optgroup");
    group.label = title;
    group.append(...players.filter((each) => each.kind === kind).map((each) => new Option(each.name, each.name)));
    if (group.children.length) $("player").append(group);
  }
  if (players.length) choose($("player").value);
}

$("player").addEventListener("change", () => choose($("player").value));
addEventListener("resize", resize);
main();
