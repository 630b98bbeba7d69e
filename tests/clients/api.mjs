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

// It has no suspend; a session of the same identity that is opened again in time is the same session.
await (await doc.getField('Region')).selectValues([{ qText: 'Nordics' }], false, false);
const before = await (await doc.createSessionObject(CUBE)).getLayout();
await session.close();
const again = openAppSession({ appId: app.resourceId, identity: 'api-delta', ttlSeconds: 60 });
const after = await (await (await again.getDoc()).createSessionObject(CUBE)).getLayout();
told.resumed = JSON.stringify(before.qHyperCube.qDataPages) === JSON.stringify(after.qHyperCube.qDataPages);
await again.close();
await other.close();
writeFileSync(process.argv[2], JSON.stringify(told, null, 1));
process.exit(0);
