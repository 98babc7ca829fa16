// A program in AssemblyScript: its collections, strings, garbage collector,
// virtual calls and closures over tables of functions. It prints what it finds:
// program ROUNDS.

abstract class Shape {
  constructor(public name: string) {}
  abstract area(): f64;
  toString(): string {
    return this.name + " " + this.area().toString();
  }
}

class Circle extends Shape {
  constructor(private radius: f64) {
    super("circle");
  }
  area(): f64 {
    return Math.PI * this.radius * this.radius;
  }
}

class Rectangle extends Shape {
  constructor(private width: f64, private height: f64) {
    super("rectangle");
  }
  area(): f64 {
    return this.width * this.height;
  }
}

class Node {
  left: Node | null = null;
  right: Node | null = null;
  constructor(public key: i32) {}
}

function insert(node: Node | null, key: i32): Node {
  if (node == null) return new Node(key);
  if (key < node.key) node.left = insert(node.left, key);
  else if (key > node.key) node.right = insert(node.right, key);
  return node;
}

function depth(node: Node | null): i32 {
  return node == null ? 0 : 1 + max(depth(node.left), depth(node.right));
}

let seed: u32 = 12345;

function random(limit: i32): i32 {
  seed = seed * 1664525 + 1013904223;
  return <i32>((seed >> 8) % <u32>limit);
}

function words(count: i32): string {
  const parts = new Array<string>();
  for (let i = 0; i < count; i++) {
    let word = "";
    for (let n = 2 + random(6); n > 0; n--) word += String.fromCharCode(97 + random(6));
    parts.push(random(9) == 0 ? word.toUpperCase() + "ß" : word);
  }
  return parts.join(" ");
}

function count(text: string): string {
  const found = new Map<string, i32>();
  const all = text.split(" ");
  for (let i = 0; i < all.length; i++) {
    const word = all[i].toLowerCase();
    found.set(word, found.has(word) ? found.get(word) + 1 : 1);
  }
  const keys = found.keys();
  keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  let hash: u64 = 14695981039346656037;
  for (let i = 0; i < keys.length; i++) {
    const entry = keys[i] + "=" + found.get(keys[i]).toString();
    for (let k = 0; k < entry.length; k++) hash = (hash ^ <u64>entry.charCodeAt(k)) * 1099511628211;
  }
  return keys.length.toString() + " words, " + hash.toString(16);
}

function sieve(limit: i32): i32 {
  const composite = new Uint8Array(limit + 1);
  let primes = 0;
  for (let i = 2; i <= limit; i++) {
    if (composite[i]) continue;
    primes++;
    for (let k = i * 2; k <= limit; k += i) composite[k] = 1;
  }
  return primes;
}

function numbers(): void {
  const values: f64[] = [0, -0.0, 1 / 3, 1e21, 1e-7, 123456789.125, NaN, Infinity, Math.sin(1), Math.pow(2, 0.5), f64.MIN_VALUE];
  let line = "";
  for (let i = 0; i < values.length; i++) line += values[i].toString() + " ";
  console.log(line);
  console.log(parseInt("0x7fff").toString() + " " + parseFloat("-2.5e3").toString() + " " + i64.MIN_VALUE.toString() + " " + u64.MAX_VALUE.toString(36));
}

const rounds = process.argv.length > 1 ? <i32>parseInt(process.argv[1]) : 1;

const shapes: Shape[] = [new Circle(1.5), new Rectangle(2, 3.25)];
for (let i = 0; i < shapes.length; i++) console.log(shapes[i].toString());
numbers();

const text = words(5000);
console.log(text.length.toString() + " units: " + count(text));
console.log(text.slice(0, 60) + " … " + text.replaceAll("a", "").length.toString());

let deepest = 0, total: f64 = 0;
for (let round = 0; round < rounds; round++) {
  let root: Node | null = null;
  for (let i = 0; i < 20000; i++) root = insert(root, random(1000000));
  deepest = max(deepest, depth(root));
  const floats = new Array<f64>();
  for (let i = 0; i < 20000; i++) floats.push(<f64>random(1 << 20) / 1024);
  floats.sort((a, b) => <i32>(a > b) - <i32>(a < b));
  total += floats.filter((f) => f > 512).map<f64>((f) => Math.sqrt(f)).reduce((a, b) => a + b, <f64>0);
  if (round % 4 == 0) count(words(2000));
}
console.log("tree " + deepest.toString() + ", floats " + total.toString() + ", primes " + sieve(1000000 + rounds).toString());
process.exit(5);
