// Runs modules under V8 for v8.go. A request is a length of four bytes and that much JSON, an answer
// a length and JSON, then a length and bytes.
import { readSync, writeSync } from 'node:fs';

function read(length) {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const n = readSync(0, bytes, at, length - at, null);
    if (n === 0) process.exit(0);
    at += n;
  }
  return bytes;
}

function write(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

// Values cross as a letter for the type and the bits as a decimal number.
const view = new DataView(new ArrayBuffer(8));
const decoders = {
  i: (bits) => Number(bits) | 0,
  I: (bits) => BigInt.asIntN(64, BigInt(bits)),
  f: (bits) => (view.setUint32(0, Number(bits)), view.getFloat32(0)),
  F: (bits) => (view.setBigUint64(0, BigInt(bits)), view.getFloat64(0)),
};
const encoders = {
  i: (v) => String(v >>> 0),
  I: (v) => String(BigInt.asUintN(64, v)),
  f: (v) => (view.setFloat32(0, v), String(view.getUint32(0))),
  F: (v) => (view.setFloat64(0, v), String(view.getBigUint64(0))),
};

let module, instance;

const operations = {
  load(r) {
    instance = undefined;
    module = new WebAssembly.Module(Buffer.from(r.module, 'base64'));
    return {};
  },
  validate: (r) => ({ valid: WebAssembly.validate(Buffer.from(r.module, 'base64')) }),
  instantiate() {
    instance = undefined; // so that its memory may go before there is the next
    instance = new WebAssembly.Instance(module, {});
    return {};
  },
  call(r) {
    const got = instance.exports[r.name](...r.arguments.map((v, k) => decoders[r.params[k]](v)));
    const list = r.results.length === 0 ? [] : r.results.length === 1 ? [got] : got;
    return { values: list.map((v, k) => encoders[r.results[k]](v)) };
  },
  global: (r) => ({ values: [encoders[r.results](instance.exports[r.name].value)] }),
  memory: (r) => ({ bytes: new Uint8Array(instance.exports[r.name].buffer) }),
};

for (;;) {
  const request = JSON.parse(read(read(4).readUInt32LE(0)).toString());
  let answer;
  try {
    answer = operations[request.operation](request);
  } catch (e) {
    answer = { failed: e instanceof WebAssembly.Exception ? 'exception' : `${e.name}: ${e.message}` };
  }
  const { bytes = new Uint8Array(0), ...rest } = answer;
  const json = Buffer.from(JSON.stringify(rest));
  const header = Buffer.alloc(8);
  header.writeUInt32LE(json.length, 0);
  header.writeUInt32LE(bytes.length, 4);
  write(Buffer.concat([header, json]));
  write(bytes);
}
