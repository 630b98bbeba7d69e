// enigma.js, unmodified: node enigma.mjs ADDRESS. For each line "CALLS IN_FLIGHT" it prints how many milliseconds they took.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const enigma = require('enigma.js');
const WebSocket = require('ws');
const schema = require('enigma.js/schemas/12.2027.0.json');

const session = enigma.create({
  schema,
  url: `ws://${process.argv[2]}/app/enigma`,
  createSocket: (url) => new WebSocket(url),
});
const doc = await (await session.open()).openDoc('enigma');
console.log('ready');

for await (const line of createInterface({ input: process.stdin })) {
  const [calls, inFlight] = line.split(' ').map(Number);
  const lane = async () => {
    for (let call = 0; call < Math.floor(calls / inFlight); call += 1) {
      const value = await doc.evaluateEx('Sum(Sales)');
      if (!value.qIsNumeric) throw new Error('no number');
    }
  };
  const begin = process.hrtime.bigint();
  await Promise.all(Array.from({ length: inFlight }, lane));
  console.log(Number(process.hrtime.bigint() - begin) / 1e6);
}
process.exit(0);
