// enigma.js as its users read a table: pages of 10,000 cells, eight calls in flight. Prints rows a second.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const enigma = require('enigma.js');
const WebSocket = require('ws');
const schema = require('enigma.js/schemas/12.2027.0.json');

const [port, rows] = process.argv.slice(2).map(Number);
const url = `ws://127.0.0.1:${port}/app/${rows}-0`;
const session = enigma.create({ schema, url, createSocket: (url) => new WebSocket(url), protocol: { delta: false } });
const doc = await (await session.open()).openDoc('app');
const object = await doc.createSessionObject({ qInfo: { qType: 'table' }, qHyperCubeDef: {} });
const size = (await object.getLayout()).qHyperCube.qSize;

const begin = process.hrtime.bigint();
const height = Math.floor(10000 / size.qcx);
const columns = Array.from({ length: size.qcx }, () => []);
let next = 0;
let read = 0;
const lane = async () => {
  while (next < size.qcy) {
    const area = { qLeft: 0, qTop: next, qWidth: size.qcx, qHeight: height };
    next += height;
    const [page] = await object.getHyperCubeData('/qHyperCubeDef', [area]);
    columns.forEach((column) => { column.length = 0; });
    for (const row of page.qMatrix) {
      row.forEach((cell, place) => columns[place].push(place < 4 ? cell.qText : cell.qNum));
    }
    read += page.qMatrix.length;
  }
};
await Promise.all(Array.from({ length: 8 }, lane));
const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
if (read !== rows) throw new Error(`${read} rows of ${rows}`);
console.log(rows / seconds);
process.exit(0);
