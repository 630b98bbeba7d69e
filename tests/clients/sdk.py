"""qlik-sdk, unmodified, against the sandbox on https: python sdk.py OUT."""

import json
import os
import sys

import certifi

# qlik-sdk passes over the setting for roots, so the library that brings them has to name the test's own.
certifi.where = lambda: os.environ["REQUESTS_CA_BUNDLE"]

from qlik_sdk import AuthType, Config, Qlik  # noqa: E402

qlik = Qlik(Config(host=os.environ["QLIK_HOST"], auth_type=AuthType.APIKey, api_key=os.environ["QLIK_API_KEY"]))
AREA = [{"qLeft": 0, "qTop": 0, "qWidth": 50, "qHeight": 50}]
CUBE = {
    "qInfo": {"qType": "table"},
    "qHyperCubeDef": {
        "qDimensions": [{"qDef": {"qFieldDefs": ["Category"]}}],
        "qMeasures": [{"qDef": {"qDef": "Sum(Sales)"}}],
    },
}


def number(value):
    return round(value, 2) if isinstance(value, (int, float)) else value


def pivot(mode):
    dimensions = [{"qDef": {"qFieldDefs": [name]}} for name in ("Region", "Category")]
    return {
        "qInfo": {"qType": "pivot"},
        "qHyperCubeDef": {
            "qMode": mode,
            "qDimensions": dimensions,
            "qMeasures": [{"qDef": {"qDef": "Sum(Sales)"}}],
            "qAlwaysFullyExpanded": True,
            "qNoOfLeftDims": 1,
        },
    }


told = {"me": qlik.users.get_me().name, "apps": [], "pages": None}
listed = qlik.items.get_items(resourceType="app", limit=5, sort="+name")
told["apps"] = [item.name for item in listed.pagination]
raw = qlik.rest(path="/items", params={"resourceType": "app", "name": "Outdoor"}).json()
app_id = raw["data"][0]["resourceId"]

session = qlik.rpc(app_id)
with session.open() as rpc:
    doc = rpc.send("OpenDoc", -1, app_id)["qReturn"]["qHandle"]

    def create(properties):
        return rpc.send("CreateSessionObject", doc, properties)["qReturn"]["qHandle"]

    def rows(handle):
        pages = rpc.send("GetHyperCubeData", handle, "/qHyperCubeDef", AREA)["qDataPages"]
        return [[row[0]["qText"], number(row[1]["qNum"])] for page in pages for row in page["qMatrix"]]

    changes = []
    table = create(CUBE)
    rpc.on("traffic:received", lambda message: changes.extend(message.get("change", [])))
    told["before"] = rows(table)
    region = rpc.send("GetField", doc, "Region")["qReturn"]["qHandle"]
    rpc.send("SelectValues", region, [{"qText": "Nordics"}], False, False)
    told["after"] = rows(table)
    told["changed"] = table in changes
    rpc.send("ClearAll", doc)
    told["cleared"] = rows(table)

    page = rpc.send("GetHyperCubePivotData", create(pivot("P")), "/qHyperCubeDef", AREA)["qDataPages"][0]
    told["pivot"] = {
        "left": [node["qText"] for node in page["qLeft"]],
        "top": [node["qText"] for node in page["qTop"]],
        "data": [[number(cell["qNum"]) for cell in line] for line in page["qData"]],
    }
    page = rpc.send("GetHyperCubeStackData", create(pivot("K")), "/qHyperCubeDef", AREA, 10000)["qDataPages"][0]
    told["stack"] = [
        [node["qText"], [[leaf["qText"], number(leaf["qValue"])] for leaf in node["qSubNodes"]]]
        for root in page["qData"]
        for node in root["qSubNodes"]
    ]

# It has no identities and no suspend, but the address takes both: the same session, closed and opened again in time.
session = qlik.rpc(app_id + "/identity/sdk/ttl/60")
with session.open() as rpc:
    doc = rpc.send("OpenDoc", -1, app_id)["qReturn"]["qHandle"]
    region = rpc.send("GetField", doc, "Region")["qReturn"]["qHandle"]
    rpc.send("SelectValues", region, [{"qText": "Nordics"}], False, False)
    table = rpc.send("CreateSessionObject", doc, CUBE)["qReturn"]["qHandle"]
    before = rpc.send("GetHyperCubeData", table, "/qHyperCubeDef", AREA)
with session.open() as rpc:
    told["resumed"] = rpc.send("GetHyperCubeData", table, "/qHyperCubeDef", AREA) == before

with open(sys.argv[1], "w") as out:
    json.dump(told, out, indent=1)
