// enigma.js, unmodified, against the sandbox: node enigma.mjs OUT
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { CUBE, engine } from './script.mjs';

const require = createRequire(import.meta.url);
const enigma = require('enigma.js');
const WebSocket = require('ws');
const schema = require('enigma.js/schemas/12.2027.0.json');

const host = process.env.QLIK_HOST;
const headers = { Authorization: `Bearer ${process.env.QLIK_API_KEY}` };
const get = async (url) => (await fetch(new URL(url, host), { headers })).json();

// REST is not enigma.js's business: fetch does it here.
const told = { me: (await get('/api/v1/users/me')).name, apps: [], pages: 0 };
for (let url = '/api/v1/items?resourceType=app&limit=5&sort=%2Bname'; url;) {
  const page = await get(url);
  told.apps.push(...page.data.map((item) => item.name));
  told.pages += 1;
  url = page.links.next?.href;
}
const [app] = (await get('/api/v1/items?resourceType=app&name=Outdoor')).data;

const open = (identity, delta) => enigma.create({
  schema,
  url: `${host.replace('http', 'ws')}/app/${app.resourceId}/identity/${identity}/ttl/60`,
  createSocket: (url) => new WebSocket(url, { headers }),
  protocol: { delta },
  suspendOnClose: true,
});
const session = open('enigma-delta', true);
const doc = await (await session.open()).openDoc(app.resourceId);
const other = open('enigma-plain', false);
const plain = await (await other.open()).openDoc(app.resourceId);
Object.assign(told, await engine(doc, plain));

// Suspended and resumed, the selections stand and the objects still answer.
const object = await doc.createSessionObject(CUBE);
await (await doc.getField('Region')).selectValues([{ qText: 'Nordics' }], false, false);
const before = await object.getLayout();
await session.suspend();
await session.resume();
const after = await object.getLayout();
told.resumed = JSON.stringify(before.qHyperCube.qDataPages) === JSON.stringify(after.qHyperCube.qDataPages);
await session.close();
await other.close();
writeFileSync(process.argv[2], JSON.stringify(told, null, 1));
