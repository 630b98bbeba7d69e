"""qlik-sdk as its users read a table: page by page, 10,000 cells each. Prints rows a second."""

import sys
import time

from qlik_sdk.apis.Qix import GenericObject
from qlik_sdk.interceptors.types import InterceptorHandler
from qlik_sdk.rpc import RpcSession

port, rows = int(sys.argv[1]), int(sys.argv[2])
interceptors = {"request": InterceptorHandler(), "response": InterceptorHandler()}
session = RpcSession(f"ws://127.0.0.1:{port}/app/{rows}-0", [], interceptors)
with session.open() as rpc:
    cube = GenericObject(_session=rpc, qHandle=2, qType="GenericObject")
    begin = time.perf_counter()
    columns = [[] for _ in range(10)]
    read = 0
    while read < rows:
        area = {"qLeft": 0, "qTop": read, "qWidth": 10, "qHeight": 1000}
        page = cube.get_hyper_cube_data("/qHyperCubeDef", [area])[0]
        for row in page.qMatrix:
            for place, cell in enumerate(row):
                columns[place].append(cell.qText if place < 4 else cell.qNum)
        read += len(page.qMatrix)
    print(rows / (time.perf_counter() - begin))
