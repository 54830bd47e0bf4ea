import time, uuid, statistics


def test_perf(model_server):
    model_server.actions.answers.clear()
    s = str(uuid.uuid4())
    ts = []
    for i in range(120):
        t = time.perf_counter()
        r = model_server.turn(
            s,
            str(uuid.uuid4()),
            "hello there" if i % 3 else "i am hungry",
            metadata={"language": "en", "words": "x", "turn": "y", "channel": "sms"},
        )
        ts.append((time.perf_counter() - t) * 1000)
        assert r.status_code == 200
    for a in (10,25,50,100):
        w=ts[a-9:a+9]; print("turns",a,"ms",[round(x) for x in w])
        print(
            "turns",
            a,
            "ms",
            statistics.median([x for i, x in enumerate(ts[a - 5 : a + 15]) if (a - 5 + i) % 3]),
            "with 2 actions",
            statistics.median([x for i, x in enumerate(ts[a - 5 : a + 15]) if not (a - 5 + i) % 3]),
        )
    import psycopg

    with psycopg.connect(model_server.database) as c:
        print(c.execute("select count(*), sum(length(data)) from bot.events where sender_id=%s", [s]).fetchone())
