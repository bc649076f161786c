"""A FastAPI service, and one request to it by way of ASGI."""

import sys

from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel


class Order(BaseModel):
    item: str
    count: int = 1


app = FastAPI()


@app.post("/orders")
async def order(wanted: Order) -> dict[str, object]:
    return {"item": wanted.item.title(), "total": 3 * wanted.count}


def main() -> None:
    client = TestClient(app)
    print(client.post("/orders", json={"item": "lamp", "count": 2}).json())
    print(client.post("/orders", json={"count": "many"}).status_code)


if __name__ == "__main__":
    if sys.argv[1:]:
        from probes import run

        sys.exit(run(sys.argv[1:]))
    main()
