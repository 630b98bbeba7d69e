// The script that every client runs, told for the clients that speak JavaScript: what it asks, and in which words.

export const CUBE = {
  qInfo: { qType: 'table' },
  qHyperCubeDef: {
    qDimensions: [{ qDef: { qFieldDefs: ['Category'] } }],
    qMeasures: [{ qDef: { qDef: 'Sum(Sales)' } }],
    qInitialDataFetch: [{ qWidth: 2, qHeight: 50 }],
  },
};

// Two dimensions: rows by region, columns by category, as a pivot table (P) or stacked (K).
export const pivot = (mode) => ({
  qInfo: { qType: 'pivot' },
  qHyperCubeDef: {
    qMode: mode,
    qDimensions: [{ qDef: { qFieldDefs: ['Region'] } }, { qDef: { qFieldDefs: ['Category'] } }],
    qMeasures: [{ qDef: { qDef: 'Sum(Sales)' } }],
    qAlwaysFullyExpanded: true,
    qNoOfLeftDims: 1,
  },
});

const number = (value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value);
const rows = (pages) => pages.flatMap((page) => page.qMatrix.map((row) => [row[0].qText, number(row[1].qNum)]));
const AREA = [{ qLeft: 0, qTop: 0, qWidth: 50, qHeight: 50 }];

// The Engine's part. `doc` is an app opened with delta on, `plain` the same app opened with delta off.
export async function engine(doc, plain) {
  const told = {};
  const object = await doc.createSessionObject(CUBE);
  let changes = 0;
  object.on('changed', () => { changes += 1; });
  told.before = rows(await object.getHyperCubeData('/qHyperCubeDef', AREA));
  const layouts = [await object.getLayout()];
  const field = await doc.getField('Region');
  await field.selectValues([{ qText: 'Nordics' }], false, false);
  layouts.push(await object.getLayout());
  told.after = rows(await object.getHyperCubeData('/qHyperCubeDef', AREA));
  told.changed = changes > 0;
  await doc.clearAll();
  layouts.push(await object.getLayout());
  told.cleared = rows(await object.getHyperCubeData('/qHyperCubeDef', AREA));

  const other = await plain.createSessionObject(CUBE);
  const again = [await other.getLayout()];
  await (await plain.getField('Region')).selectValues([{ qText: 'Nordics' }], false, false);
  again.push(await other.getLayout());
  await plain.clearAll();
  again.push(await other.getLayout());
  const bare = (list) => JSON.stringify(list.map((layout) => ({ ...layout, qInfo: undefined })));
  told.deltaEqual = bare(layouts) === bare(again);

  const p = await doc.createSessionObject(pivot('P'));
  const [page] = await p.getHyperCubePivotData('/qHyperCubeDef', AREA);
  told.pivot = {
    left: page.qLeft.map((node) => node.qText),
    top: page.qTop.map((node) => node.qText),
    data: page.qData.map((line) => line.map((cell) => number(cell.qNum))),
  };
  const k = await doc.createSessionObject(pivot('K'));
  const [stack] = await k.getHyperCubeStackData('/qHyperCubeDef', AREA, 10000);
  told.stack = stack.qData.flatMap((root) => root.qSubNodes.map(
    (node) => [node.qText, node.qSubNodes.map((leaf) => [leaf.qText, number(leaf.qValue)])]));
  return told;
}
