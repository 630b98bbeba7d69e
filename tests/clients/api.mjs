// @qlik/api, unmodified, against the sandbox: node api.mjs OUT
import { writeFileSync } from 'node:fs';
import { setDefaultHostConfig } from '@qlik/api/auth';
import items from '@qlik/api/items';
import users from '@qlik/api/users';
import { openAppSession } from '@qlik/api/qix';
import { CUBE, engine } from './script.mjs';

setDefaultHostConfig({ host: process.env.QLIK_HOST, authType: 'apikey', apiKey: process.env.QLIK_API_KEY });
const told = { me: (await users.getMyUser()).data.name, apps: [], pages: 0 };
let page = await items.getItems({ resourceType: 'app', limit: 5, sort: '+name' });
for (;;) {
  told.apps.push(...page.data.data.map((item) => item.name));
  told.pages += 1;
  if (!page.next) break;
  page = await page.next();
}
const [app] = (await items.getItems({ resourceType: 'app', name: 'Outdoor' })).data.data;

const session = openAppSession({ appId: app.resourceId, identity: 'api-delta', ttlSeconds: 60 });
const other = openAppSession({ appId: app.resourceId, identity: 'api-plain', ttlSeconds: 60, useDeltaProtocol: false });
const [doc, plain] = [await session.getDoc(), await other.getDoc()];
Object.assign(told, await engine(doc, plain));

// It suspends and resumes by itself when the engine goes away for a while: `run` has the sandbox close this socket at the
// next call of ForwardCount. Afterwards the selections stand and the objects still answer.
await (await doc.getField('Region')).selectValues([{ qText: 'Nordics' }], false, false);
const object = await doc.createSessionObject(CUBE);
const before = await object.getLayout();
const resumed = new Promise((resolve) => {
  session.onWebSocketEvent((event) => { if (event.eventType === 'resumed') resolve(); });
});
await doc.forwardCount().catch(() => {});
await resumed;
const after = await object.getLayout();
told.resumed = JSON.stringify(before.qHyperCube.qDataPages) === JSON.stringify(after.qHyperCube.qDataPages);
await session.close();
await other.close();
writeFileSync(process.argv[2], JSON.stringify(told, null, 1));
process.exit(0);
