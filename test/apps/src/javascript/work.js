// What JavaScript has: classes, closures, generators, promises, proxies, regular
// expressions, big integers, typed arrays, JSON, sorting, errors. Arguments are
// how often the work is done and a file of words.
"use strict";

const rounds = Number(arguments[0] ?? 1);
const wordFile = arguments[1];

function* random(seed) {
  for (;;) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    yield seed >>> 8;
  }
}
const numbers = random(7);
const next = (limit) => numbers.next().value % limit;

class Matrix {
  #cells;
  constructor(n, f) {
    this.n = n;
    this.#cells = Float64Array.from({ length: n * n }, (_, i) => f(Math.floor(i / n), i % n));
  }
  get(i, k) {
    return this.#cells[i * this.n + k];
  }
  times(other) {
    return new Matrix(this.n, (i, k) => {
      let sum = 0;
      for (let j = 0; j < this.n; j++) sum += this.get(i, j) * other.get(j, k);
      return sum;
    });
  }
  static get [Symbol.species]() {
    return Array;
  }
}

function bigIntegers() {
  let a = 0n, b = 1n;
  for (let i = 0; i < 1000; i++) [a, b] = [b, a + b];
  const factorial = (n) => (n < 2n ? 1n : n * factorial(n - 1n));
  return [a % 10n ** 20n, factorial(60n), BigInt.asIntN(64, -(2n ** 80n) + 5n), (a / 7n ** 100n).toString(36)].join(" ");
}

function text() {
  const words = read(wordFile).match(/\p{L}+/gu);
  const counts = new Map();
  for (const w of words) counts.set(w, (counts.get(w) ?? 0) + 1);
  const top = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, 5);
  const dates = "2024-02-29 and 1999-12-31".replace(/(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)/g, (...m) => {
    const g = m[m.length - 1];
    return new Date(Date.UTC(g.y, g.m - 1, Number(g.d) + 1)).toISOString();
  });
  return JSON.stringify({ words: words.length, top, dates, "größe": "ÄÖÜ".toLowerCase().normalize("NFD").length });
}

function json() {
  const value = { a: [1, 2.5, -0, 1e21, null, true], b: { c: "\u2028\"\\", d: undefined, e: new Date(0) }, f: () => 1 };
  const copy = JSON.parse(JSON.stringify(value), (k, v) => (typeof v === "number" ? v * 2 : v));
  return JSON.stringify(copy, null, 1).replace(/\s+/g, " ");
}

function errors() {
  const said = [];
  for (const f of [() => null.x, () => undefinedName, () => JSON.parse("{"), () => new Array(-1), () => (0, eval)("1 +"),
                   () => 1n + 1, () => Symbol() + "", () => { throw { toString: () => "own" }; },
                   function deep() { deep(); }]) {
    try {
      said.push(String(f()));
    } catch (e) {
      said.push(e instanceof Error ? e.name : String(e));
    } finally {
      said.push(".");
    }
  }
  return said.join("");
}

function proxies() {
  const log = [];
  const p = new Proxy({}, {
    get: (t, k, r) => (log.push(`get ${String(k)}`), Reflect.get(t, k, r)),
    has: (t, k) => (log.push(`has ${k}`), k in t),
    set: (t, k, v) => (log.push(`set ${k}`), (t[k] = v), true),
  });
  p.x = 1;
  void ("x" in p);
  p.x++;
  return log.join(", ");
}

function sorts() {
  const list = Array.from({ length: 20000 }, () => next(1e6));
  const sorted = [...list].sort((a, b) => a - b);
  const typed = Int32Array.from(list).sort();
  if (sorted.some((v, i) => v !== typed[i])) throw new Error("sorted differently");
  const set = new Set(list);
  return `${sorted[0]} ${sorted[sorted.length - 1]} ${set.size} ${list.toSorted ? 1 : 0}`;
}

async function later() {
  const order = [];
  const wait = async (n) => { for (let i = 0; i < n; i++) await null; order.push(n); return n; };
  const all = await Promise.allSettled([wait(3), wait(1), Promise.reject(new RangeError("no")), wait(2)]);
  order.push(all.map((r) => r.value ?? r.reason.name).join("+"));
  for await (const n of (async function* () { yield* [7, 8]; })()) order.push(n);
  return order.join(" ");
}

print(bigIntegers());
print(text());
print(json());
print(errors());
print(proxies());
print([0.1 + 0.2, 1 / 3, 5e-324, 2 ** 53, (25).toString(2), (0.5).toString(16), (1234.5678).toFixed(2), Number("0b11"), parseInt("12px"), 123456789 ** 3].join(" "));
for (let i = 0; i < rounds; i++) {
  const m = new Matrix(40, (a, b) => Math.sin(a) + b);
  const last = m.times(m).times(m);
  const s = sorts();
  if (i === 0) print(last.get(3, 4), s);
}
let order = "";
for (const [k, v] of Object.entries({ b: 1, 2: 2, a: 3, 1: 4 })) order += k + v;
label: for (let i = 0; ; i++) for (let k = 0; ; k++) { if (k > i) continue label; if (i + k > 6) break label; order += i * k; }
print(order, [..."a𝒳b"].length, `${typeof null} ${void 0}`, [1, [2, [3, [4]]]].flat(Infinity));
later().then(print).then(() => { throw new TypeError("at the end"); }).catch((e) => print(e.message));
